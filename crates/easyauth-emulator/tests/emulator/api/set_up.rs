//! From nothing to an agent identity that has a role, twice in a row: what a set-up command does.

use reqwest::StatusCode;
use serde_json::json;

use super::tenant::{AGENT, Tenant};

const ROLE: &str = "77777777-0000-4000-8000-000000000001";

/// One run; tells how much it had to make.
async fn set_up(tenant: &Tenant) -> usize {
    let mut made = 0;
    let found = tenant.get("/applications?$filter=displayName eq 'Reviews'").await;
    let application = match found.body["value"][0].clone() {
        serde_json::Value::Null => {
            made += 1;
            tenant.application("Reviews").await.body
        }
        found => found,
    };
    let app_id = application["appId"].as_str().unwrap();
    let path = format!("/applications(appId='{app_id}')");
    if application["appRoles"].as_array().unwrap().is_empty() {
        made += 1;
        let role = json!({
            "id": ROLE,
            "value": "MCP.Access",
            "displayName": "MCP.Access",
            "description": "Call the tools",
            "allowedMemberTypes": ["Application"],
        });
        let body = json!({ "appRoles": [role], "identifierUris": [format!("api://{app_id}")] });
        tenant.patch(&path, body).await.expect(StatusCode::NO_CONTENT);
    }
    let path = format!("/servicePrincipals(appId='{app_id}')");
    if tenant.get(&path).await.status == StatusCode::NOT_FOUND {
        made += 1;
        let body = json!({ "appId": app_id });
        tenant.post("/servicePrincipals", body).await.expect(StatusCode::CREATED);
    }
    let resource = tenant.get(&path).await.expect(StatusCode::OK);
    let body =
        json!({ "principalId": AGENT, "resourceId": resource.text("id"), "appRoleId": ROLE });
    let assigned = tenant.post(&format!("{path}/appRoleAssignedTo"), body).await;
    if assigned.status == StatusCode::CREATED {
        made += 1;
    } else {
        assert_eq!(assigned.message(), "Permission being assigned already exists on the object");
    }
    made
}

#[tokio::test]
async fn an_agent_gets_its_role_and_a_second_run_finds_all_done() {
    let tenant = Tenant::start().await;
    assert_eq!(set_up(&tenant).await, 4);
    assert_eq!(set_up(&tenant).await, 0);

    // The site's managed identity has that name too, but for the case.
    let filter = "displayName eq 'Reviews' and servicePrincipalType eq 'Application'";
    let resource = tenant.get(&format!("/servicePrincipals?$filter={filter}")).await.body;
    let resource = resource["value"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/servicePrincipals/{AGENT}/appRoleAssignments");
    let held = tenant.get(&format!("{path}?$filter=resourceId eq {resource}")).await;
    assert_eq!(held.body["value"].as_array().unwrap().len(), 1);
    assert_eq!(held.body["value"][0]["appRoleId"], ROLE);
    assert_eq!(held.body["value"][0]["principalType"], "ServicePrincipal");
    assert_eq!(held.body["value"][0]["resourceDisplayName"], "Reviews");

    let directory = tenant.emulator.cloud().directory();
    let application = directory.applications.iter().find(|found| found.display_name == "Reviews");
    assert_eq!(directory.roles(AGENT, application.unwrap()), ["MCP.Access"]);
}
