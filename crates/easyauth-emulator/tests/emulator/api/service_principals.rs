//! Service principals, and what an id is.

use easyauth_emulator::sample::{FOUNDRY_AGENT, TENANT_ID, USER, USER_NAME};
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::tenant::{AGENT, Tenant};

#[tokio::test]
async fn an_application_has_one_service_principal_with_its_roles() {
    let tenant = Tenant::start().await;
    let role = json!({ "id": Uuid::new_v4(), "value": "MCP.Access", "allowedMemberTypes": ["Application"] });
    let body = json!({ "displayName": "Reviews", "appRoles": [role], "identifierUris": ["api://reviews"] });
    let application = tenant.post("/applications", body).await.expect(StatusCode::CREATED);
    let body = json!({ "appId": application.text("appId"), "tags": ["HideApp"] });
    let made = tenant.post("/servicePrincipals", body.clone()).await.expect(StatusCode::CREATED);
    assert_eq!(made.body["servicePrincipalType"], "Application");
    assert_eq!(made.body["appRoles"][0]["value"], "MCP.Access");
    assert_eq!(made.body["tags"], json!(["HideApp"]));
    assert_eq!(
        made.body["servicePrincipalNames"],
        json!([application.text("appId"), "api://reviews"])
    );

    let twice = tenant.post("/servicePrincipals", body).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert_eq!(twice.code(), "Request_MultipleObjectsWithSameKeyValue");
    assert!(twice.message().contains("is already in use"), "{twice:?}");
}

#[tokio::test]
async fn there_is_none_without_an_application() {
    let tenant = Tenant::start().await;
    let unknown = Uuid::new_v4();
    let answer = tenant.post("/servicePrincipals", json!({ "appId": unknown })).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.code(), "Request_BadRequest");
    assert_eq!(answer.detail(), "NoBackingApplicationObject");
    assert_eq!(
        answer.message(),
        format!(
            "The appId '{unknown}' of the service principal does not reference a valid application object."
        )
    );
    for body in [json!({}), json!({ "appId": "reviews" })] {
        let answer = tenant.post("/servicePrincipals", body).await.expect(StatusCode::BAD_REQUEST);
        assert!(answer.message().contains("'appId'"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_patch_changes_who_may_get_tokens_and_not_who_it_is() {
    let tenant = Tenant::start().await;
    let path = format!("/servicePrincipals/{AGENT}");
    let body = json!({ "appRoleAssignmentRequired": true });
    tenant.patch(&path, body).await.expect(StatusCode::NO_CONTENT);
    let found = tenant.get(&format!("/servicePrincipals(appId='{FOUNDRY_AGENT}')")).await;
    assert_eq!(found.body["appRoleAssignmentRequired"], true);
    assert_eq!(found.body["servicePrincipalType"], "ServiceIdentity");
    for body in [
        json!({ "servicePrincipalType": "Application" }),
        json!({ "appRoleAssignmentRequired": "yes" }),
    ] {
        tenant.patch(&path, body).await.expect(StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_directory_object_says_what_it_is() {
    let tenant = Tenant::start().await;
    let application = tenant.application("Reviews").await;
    for (id, kind) in [
        (application.text("id"), "#microsoft.graph.application"),
        (&*AGENT.to_string(), "#microsoft.graph.servicePrincipal"),
        (&*USER.to_string(), "#microsoft.graph.user"),
    ] {
        let found = tenant.get(&format!("/directoryObjects/{id}")).await.expect(StatusCode::OK);
        assert_eq!(found.text("@odata.type"), kind);
        assert_eq!(found.text("id"), id);
    }
    let app_id = format!("/directoryObjects/{}", application.text("appId"));
    assert_eq!(tenant.get(&app_id).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_tenant_and_its_people_can_be_read() {
    let tenant = Tenant::start().await;
    let organization = tenant.get("/organization").await.expect(StatusCode::OK);
    assert_eq!(organization.body["value"][0]["id"], json!(TENANT_ID));
    let domains = &organization.body["value"][0]["verifiedDomains"];
    assert_eq!(domains[0]["name"], "sample.onmicrosoft.com");
    let people = tenant.get(&format!("/users?$filter=userPrincipalName eq '{USER_NAME}'")).await;
    assert_eq!(people.body["value"][0]["id"], json!(USER));
    let person = tenant.get(&format!("/users/{USER}?$select=displayName")).await.body;
    assert_eq!(person["displayName"], "Ada Sample");
    assert_eq!(person["userPrincipalName"], Value::Null);
    let me = tenant.get("/me").await.expect(StatusCode::BAD_REQUEST);
    assert!(me.message().contains("delegated"), "{me:?}");
}
