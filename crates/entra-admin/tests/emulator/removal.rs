//! Shutting out again takes back what letting in gave, and no more.

use easyauth_emulator::{
    AppRoleAssignment,
    sample::{FOUNDRY_AGENT, object_id},
};
use entra_admin::AdminError;
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::tenant::{CHECKS, OTHER_AGENT, POLICY, Tenant};

#[tokio::test]
async fn who_is_shut_out_calls_no_more_and_others_do() {
    let tenant = Tenant::with_agent().await;
    let before = tenant.everything();
    tenant.admin().preauthorize(&[OTHER_AGENT]).await.unwrap();
    let removed = tenant.admin().remove(&[object_id(OTHER_AGENT)]).await.unwrap();
    assert_eq!(removed.steps.len(), 2, "{:?}", removed.steps);
    assert_eq!(removed.identities[0].app_id, OTHER_AGENT);
    assert_eq!(tenant.everything(), before);
    assert_eq!(tenant.call(OTHER_AGENT).await, (StatusCode::FORBIDDEN, Value::Null));
    assert_eq!(tenant.call(FOUNDRY_AGENT).await.0, StatusCode::OK);

    assert!(tenant.admin().remove(&[OTHER_AGENT]).await.unwrap().steps.is_empty());
    assert_eq!(tenant.everything(), before);
}

#[tokio::test]
async fn other_roles_stay() {
    let tenant = Tenant::with_agent().await;
    let id = tenant.client_id();
    let resource_id = tenant.cloud().directory().service_principal(id).unwrap().id;
    let other = AppRoleAssignment {
        id: "another-role".to_owned(),
        principal_id: object_id(FOUNDRY_AGENT),
        resource_id,
        app_role_id: Uuid::new_v4(),
    };
    tenant.directory(|directory| directory.assignments.push(other));
    tenant.admin().remove(&[FOUNDRY_AGENT]).await.unwrap();
    let held = tenant.cloud().directory().assignments.clone();
    let held = held.iter().filter(|it| it.principal_id == object_id(FOUNDRY_AGENT));
    assert_eq!(held.map(|it| &*it.id).collect::<Vec<_>>(), ["another-role"]);
}

#[tokio::test]
async fn a_list_never_becomes_empty() {
    let tenant = Tenant::with_agent().await;
    for list in [POLICY, CHECKS] {
        tenant.set(list, json!([FOUNDRY_AGENT]));
    }
    tenant.admin().remove(&[FOUNDRY_AGENT]).await.unwrap();
    let own = json!([tenant.client_id()]);
    assert_eq!([tenant.setting(POLICY), tenant.setting(CHECKS)], [own.clone(), own]);
}

#[tokio::test]
async fn who_is_gone_from_the_tenant_is_taken_out_of_the_lists() {
    let tenant = Tenant::with_agent().await;
    tenant.directory(|it| it.service_principals.retain(|it| it.app_id != FOUNDRY_AGENT));
    let removed = tenant.admin().remove(&[FOUNDRY_AGENT]).await.unwrap();
    assert_eq!((removed.steps.len(), removed.identities.len()), (1, 0));
    assert_eq!(tenant.setting(POLICY), json!([tenant.client_id()]));
    let missing = tenant.admin().remove(&[FOUNDRY_AGENT]).await.unwrap_err();
    assert!(matches!(missing, AdminError::IdentityMissing { id } if id == FOUNDRY_AGENT));
}
