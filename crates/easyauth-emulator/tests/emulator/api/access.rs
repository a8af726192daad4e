//! The callers that Graph and ARM accept.

use easyauth_emulator::{
    Directory,
    sample::{INTERACTIVE, OPERATOR, ROLELESS, ROLELESS_SECRET, USER, USER_NAME, object_id},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::uuid;

use super::tenant::{SITE, Tenant, VERSION};

const GRAPH: &str = "https://graph.microsoft.com";

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
    let body = json!({ "displayName": "Reviews" });
    let id = object_id(ROLELESS);
    let assign = format!("/v1.0/servicePrincipals/{id}/appRoleAssignments");
    let attempts = async |token: &str| {
        let read = tenant.ask(Method::GET, "/v1.0/applications", Value::Null, token).await;
        let write = tenant.ask(Method::POST, "/v1.0/applications", body.clone(), token).await;
        let assign = tenant.ask(Method::POST, &assign, json!({}), token).await;
        [read, write, assign].map(|answer| answer.code().to_owned())
    };
    let token = async |role| {
        let cloud = tenant.emulator.cloud();
        let mut directory = Directory::sample();
        directory = directory.with_graph_role(id, role);
        *cloud.directory() = directory;
        tenant.token(ROLELESS, ROLELESS_SECRET, GRAPH).await
    };
    let denied = "Authorization_RequestDenied";
    let none = token("No.Such.Role").await;
    assert_eq!(attempts(&none).await, [denied, denied, denied]);
    let reader = token("Application.Read.All").await;
    assert_eq!(attempts(&reader).await, ["", denied, denied]);
    let writer = token("Application.ReadWrite.All").await;
    assert_eq!(attempts(&writer).await, ["", "", denied]);
    // Assigning alone does not read what is assigned.
    let assigner = token("AppRoleAssignment.ReadWrite.All").await;
    assert_eq!(attempts(&assigner).await, [denied, denied, denied]);
}

#[tokio::test]
async fn a_person_asks_for_themselves_with_a_scope() {
    let tenant = Tenant::start().await;
    let cloud = tenant.emulator.cloud();
    let graph = uuid!("00000003-0000-0000-c000-000000000000");
    let token = |scopes: &[&str]| {
        let claims = cloud.user_claims(USER, INTERACTIVE, graph, scopes).unwrap();
        cloud.sign(&cloud.token_header(), &claims)
    };
    let reader = token(&["User.Read"]);
    let me = tenant.ask(Method::GET, "/v1.0/me", Value::Null, &reader).await;
    assert_eq!(me.expect(StatusCode::OK).body["userPrincipalName"], USER_NAME);
    let path = "/v1.0/applications";
    let refused = tenant.ask(Method::GET, path, Value::Null, &reader).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let administrator = token(&["Directory.AccessAsUser.All"]);
    let body = json!({ "displayName": "Reviews" });
    tenant.ask(Method::POST, path, body, &administrator).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn an_old_token_is_refused() {
    let tenant = Tenant::start().await;
    let cloud = tenant.emulator.cloud();
    let graph = uuid!("00000003-0000-0000-c000-000000000000");
    let mut claims = cloud.app_claims(OPERATOR, graph).unwrap();
    claims["exp"] = json!(claims["iat"].as_i64().unwrap() - 1);
    let token = cloud.sign(&cloud.token_header(), &claims);
    let answer = tenant.ask(Method::GET, "/v1.0/applications", Value::Null, &token).await;
    assert_eq!(answer.code(), "InvalidAuthenticationToken");
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
