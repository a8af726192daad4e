//! The allowed callers, and the grants that others lack.

use easyauth_emulator::sample::{FOUNDRY_AGENT, INTERACTIVE, MANAGED_IDENTITY};
use entra_admin::MissingGrant;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::tenant::{CHECKS, OTHER_AGENT, POLICY, Tenant};

#[tokio::test]
async fn the_role_and_both_lists_are_joined() {
    let tenant = Tenant::with_agent().await;
    tenant.admin().preauthorize(&[OTHER_AGENT, MANAGED_IDENTITY]).await.unwrap();
    let (own, unknown) = (tenant.client_id(), Uuid::new_v4());
    // One is taken out of a list by hand, one comes in by hand, and one has left the tenant.
    tenant.set(POLICY, json!([own, FOUNDRY_AGENT, MANAGED_IDENTITY, INTERACTIVE]));
    tenant.set(CHECKS, json!([own, FOUNDRY_AGENT, OTHER_AGENT, unknown]));

    let all = tenant.admin().list().await.unwrap();
    let found: Vec<_> =
        all.iter().map(|it| (it.app_id.clone(), it.missing_grants.clone())).collect();
    let expected = [
        (FOUNDRY_AGENT, vec![]),
        (OTHER_AGENT, vec![MissingGrant::AllowedApplications]),
        (MANAGED_IDENTITY, vec![MissingGrant::AllowedClientApplications]),
        (own, vec![MissingGrant::Role]),
        (INTERACTIVE, vec![MissingGrant::Principal, MissingGrant::Role]),
        (unknown, vec![MissingGrant::Principal, MissingGrant::Role]),
    ];
    assert_eq!(found, expected.map(|(id, lacks)| (id.to_string(), lacks)));
    let itself: Vec<_> = all.iter().filter(|it| it.is_the_app).map(|it| &it.app_id).collect();
    assert_eq!(itself, [&own.to_string()]);
    assert_eq!(all.iter().filter(|it| it.may_call()).count(), 1);
    assert_eq!(all[0].identity.as_ref().unwrap().name, "Foundry agent");
}

#[tokio::test]
async fn more_than_a_page_is_read() {
    let tenant = Tenant::with_agent().await;
    let page = tenant.cloud().options().graph.page_size;
    let role = tenant.application(|it| it.app_roles[0].id);
    let mut expected = vec![FOUNDRY_AGENT];
    for _ in 0..page * 2 {
        let (id, app_id) = (Uuid::new_v4(), Uuid::new_v4());
        expected.push(app_id);
        let own = tenant.client_id();
        tenant.directory(|directory| {
            let mut agent = directory.service_principal(FOUNDRY_AGENT).unwrap().clone();
            (agent.id, agent.app_id) = (id, app_id);
            directory.service_principals.push(agent);
            let resource_id = directory.service_principal(own).unwrap().id;
            directory.assignments.push(easyauth_emulator::AppRoleAssignment {
                id: id.to_string(),
                principal_id: id,
                resource_id,
                app_role_id: role,
            });
        });
    }
    tenant.set(CHECKS, Value::Null);
    let all = tenant.admin().list().await.unwrap();
    let holders = all.iter().filter(|it| !it.missing_grants.contains(&MissingGrant::Role));
    let ids: Vec<_> = holders.map(|it| it.app_id.clone()).collect();
    assert_eq!(ids, expected.iter().map(Uuid::to_string).collect::<Vec<_>>());
}
