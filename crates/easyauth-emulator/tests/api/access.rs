//! Who may ask at all.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::tenant::{OPERATOR, SITE, Tenant, VERSION};

#[tokio::test]
async fn graph_wants_a_token_for_itself() {
    let tenant = Tenant::start().await;
    for (token, message) in [
        ("", "Access token is empty."),
        ("rubbish", "Access token validation failure."),
        (tenant.arm_token.as_str(), "Access token validation failure."),
    ] {
        let path = "/v1.0/applications";
        let answer = tenant.ask(Method::GET, path, Value::Null, token).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.code(), "InvalidAuthenticationToken");
        assert_eq!(answer.message(), message);
    }
}

#[tokio::test]
async fn resource_manager_wants_a_token_for_itself() {
    let tenant = Tenant::start().await;
    let path = format!("{SITE}{VERSION}");
    for (token, code) in [
        ("", "AuthenticationFailed"),
        ("rubbish", "InvalidAuthenticationToken"),
        (tenant.graph_token.as_str(), "InvalidAuthenticationToken"),
    ] {
        let answer = tenant.ask(Method::GET, &path, Value::Null, token).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, code));
        let challenge = answer.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains(tenant.emulator.cloud().origin()), "{challenge}");
    }
}

#[tokio::test]
async fn a_write_wants_the_permission_for_it() {
    let tenant = Tenant::start().await;
    let given = tenant.get(&format!("/servicePrincipals/{OPERATOR}/appRoleAssignments")).await;
    assert_eq!(given.body["value"].as_array().unwrap().len(), 2);
    tenant.emulator.cloud().directory().assignments.clear();

    let reader = tenant.reader().await;
    let body = json!({ "displayName": "Reviews" });
    let refused = tenant.ask(Method::POST, "/v1.0/applications", body, &reader).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.code(), "Authorization_RequestDenied");
    let path = format!("/v1.0/servicePrincipals/{OPERATOR}/appRoleAssignedTo");
    let refused = tenant.ask(Method::POST, &path, json!({}), &reader).await;
    assert_eq!(refused.code(), "Authorization_RequestDenied");
    tenant
        .ask(Method::GET, "/v1.0/applications", Value::Null, &reader)
        .await
        .expect(StatusCode::OK);

    let nobody = tenant.nobody().await;
    let refused = tenant.ask(Method::GET, "/v1.0/applications", Value::Null, &nobody).await;
    assert_eq!(refused.code(), "Authorization_RequestDenied");
}

#[tokio::test]
async fn an_error_names_the_request() {
    let tenant = Tenant::start().await;
    let address = format!("{}/v1.0/nothing", tenant.emulator.cloud().origin());
    let request = tenant.client.get(address).bearer_auth(&tenant.graph_token);
    let response = request.header("client-request-id", "mine").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let request_id = response.headers()["request-id"].to_str().unwrap().to_owned();
    assert_eq!(response.headers()["client-request-id"], "mine");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"]["code"], "BadRequest");
    assert_eq!(body["error"]["message"], "Resource not found for the segment 'nothing'.");
    let inner = &body["error"]["innerError"];
    assert_eq!(inner["request-id"], request_id);
    assert_eq!(inner["client-request-id"], "mine");
    assert_eq!(inner["date"].as_str().unwrap().len(), "2026-01-01T00:00:00".len());
}
