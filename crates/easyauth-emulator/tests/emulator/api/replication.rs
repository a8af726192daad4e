//! What is new is missed at first, for as many requests as the options say.

use easyauth_emulator::Options;
use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::tenant::{AGENT, Tenant};

async fn slow() -> Tenant {
    let mut options = Options::default();
    options.graph.replication_requests = 2;
    Tenant::with(options).await
}

#[tokio::test]
async fn a_new_application_is_found_at_the_third_request() {
    let tenant = slow().await;
    let application = tenant.application("Reviews").await;
    let path = format!("/applications/{}", application.text("id"));
    assert_eq!(tenant.get(&path).await.status, StatusCode::NOT_FOUND);
    let listed = tenant.get("/applications?$filter=displayName eq 'Reviews'").await;
    assert_eq!(listed.body["value"], json!([]));
    tenant.get(&path).await.expect(StatusCode::OK);
    tenant.get(&path).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn each_step_of_an_assignment_waits_for_the_one_before() {
    let tenant = slow().await;
    let role = Uuid::new_v4();
    let roles =
        json!([{ "id": role, "value": "MCP.Access", "allowedMemberTypes": ["Application"] }]);
    let body = json!({ "displayName": "Reviews", "appRoles": roles });
    let application = tenant.post("/applications", body).await.expect(StatusCode::CREATED);

    let body = json!({ "appId": application.text("appId") });
    for _ in 0..2 {
        let answer = tenant.post("/servicePrincipals", body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.detail(), "NoBackingApplicationObject");
    }
    let resource = tenant.post("/servicePrincipals", body).await.expect(StatusCode::CREATED);
    let id = resource.text("id");

    let path = format!("/servicePrincipals/{id}/appRoleAssignedTo");
    let body = json!({ "principalId": AGENT, "resourceId": id, "appRoleId": role });
    for _ in 0..2 {
        let answer = tenant.post(&path, body.clone()).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(answer.code(), "Request_ResourceNotFound");
    }
    tenant.post(&path, body).await.expect(StatusCode::CREATED);
    for expected in [0, 0, 1] {
        let given = tenant.get(&path).await.expect(StatusCode::OK);
        assert_eq!(given.body["value"].as_array().unwrap().len(), expected);
    }
}

#[tokio::test]
async fn a_new_principal_is_no_valid_reference_at_first() {
    let tenant = slow().await;
    let application = tenant.application("Caller").await;
    let body = json!({ "appId": application.text("appId") });
    for _ in 0..2 {
        tenant.post("/servicePrincipals", body.clone()).await.expect(StatusCode::BAD_REQUEST);
    }
    let caller = tenant.post("/servicePrincipals", body).await.expect(StatusCode::CREATED);
    let graph =
        tenant.get("/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").await;
    let path = format!("/servicePrincipals/{}/appRoleAssignedTo", graph.text("id"));
    let body = json!({
        "principalId": caller.text("id"),
        "resourceId": graph.text("id"),
        "appRoleId": graph.body["appRoles"][0]["id"],
    });
    for _ in 0..2 {
        let answer = tenant.post(&path, body.clone()).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(answer.message(), "Not a valid reference update.");
    }
    tenant.post(&path, body).await.expect(StatusCode::CREATED);
}
