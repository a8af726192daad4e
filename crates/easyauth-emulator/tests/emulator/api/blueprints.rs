//! What the agent identities of a blueprint inherit, and the agents of a blueprint.

use easyauth_emulator::{
    Directory,
    sample::{AGENT_IDENTITY, API, BLUEPRINT, OTHER_API},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::tenant::Tenant;

fn of_blueprint() -> String {
    format!(
        "/applications(appId='{BLUEPRINT}')/microsoft.graph.agentIdentityBlueprint/inheritablePermissions"
    )
}

async fn tenant() -> Tenant {
    let tenant = Tenant::start().await;
    *tenant.emulator.cloud().directory() = Directory::sample_with_agents();
    tenant
}

#[tokio::test]
async fn inheritable_permissions_are_listed_made_changed_and_deleted() {
    let tenant = tenant().await;
    let kinds = async |tenant: &Tenant| -> Vec<Value> {
        let listed = tenant.get(&of_blueprint()).await.expect(StatusCode::OK);
        let listed = listed.body["value"].as_array().unwrap().clone();
        listed
            .into_iter()
            .map(|it| json!([it["resourceAppId"], it["inheritableRoles"]["kind"]]))
            .collect()
    };
    assert_eq!(kinds(&tenant).await, [json!([API, "allAllowed"])]);
    let roles = json!({ "@odata.type": "#microsoft.graph.allAllowedRoles", "kind": "allAllowed" });
    let body = json!({ "resourceAppId": OTHER_API, "inheritableRoles": roles });
    tenant.post(&of_blueprint(), body.clone()).await.expect(StatusCode::CREATED);
    tenant.post(&of_blueprint(), body).await.expect(StatusCode::CONFLICT);
    let path = format!("{}/{OTHER_API}", of_blueprint());
    let none = json!({ "inheritableRoles": { "kind": "none" } });
    tenant.patch(&path, none).await.expect(StatusCode::NO_CONTENT);
    let expected = [json!([API, "allAllowed"]), json!([OTHER_API, "none"])];
    assert_eq!(kinds(&tenant).await, expected);
    tenant.delete(&path).await.expect(StatusCode::NO_CONTENT);
    tenant.delete(&path).await.expect(StatusCode::NOT_FOUND);

    for body in [
        json!({}),
        json!({ "resourceAppId": OTHER_API, "inheritableRoles": { "kind": "enumerated" } }),
        json!({ "resourceAppId": OTHER_API, "nonsense": 1 }),
    ] {
        tenant.post(&of_blueprint(), body).await.expect(StatusCode::BAD_REQUEST);
    }
    let other = of_blueprint().replace(&BLUEPRINT.to_string(), &API.to_string());
    tenant.get(&other).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn agents_are_found_by_their_blueprint() {
    let tenant = tenant().await;
    let agents = "/servicePrincipals/microsoft.graph.agentIdentity";
    let filter = format!("{agents}?$filter=agentIdentityBlueprintId eq '{BLUEPRINT}'");
    for (path, expected) in
        [(&*filter, vec!["Agent identity"]), (agents, vec!["Foundry agent", "Agent identity"])]
    {
        let found = tenant.get(path).await.expect(StatusCode::OK);
        let found = found.body["value"].as_array().unwrap();
        let names: Vec<_> = found.iter().map(|it| it["displayName"].as_str().unwrap()).collect();
        assert_eq!(names, expected);
    }
    let found = tenant.get(&format!("/servicePrincipals(appId='{AGENT_IDENTITY}')")).await;
    assert_eq!(found.body["@odata.type"], "#microsoft.graph.agentIdentity");
    assert_eq!(found.body["agentIdentityBlueprintId"], json!(BLUEPRINT));
    let found = tenant.get(&format!("/servicePrincipals(appId='{BLUEPRINT}')")).await;
    assert_eq!(found.body["@odata.type"], "#microsoft.graph.agentIdentityBlueprintPrincipal");
}
