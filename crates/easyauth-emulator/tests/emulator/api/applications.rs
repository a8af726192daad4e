//! App registrations: what is kept, what is replaced, and what is refused.

use easyauth_emulator::{
    Options,
    sample::{FOUNDRY_AGENT, OPERATOR},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::tenant::{Answer, Tenant};

fn role(id: Uuid, value: &str) -> Value {
    json!({ "id": id, "value": value, "displayName": value, "allowedMemberTypes": ["Application"] })
}

fn scope(id: Uuid, value: &str) -> Value {
    json!({ "id": id, "value": value, "type": "User" })
}

#[track_caller]
fn assert_refused(answer: &Answer, code: &str, message: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    assert_eq!(answer.code(), code, "{answer:?}");
    assert!(answer.message().contains(message), "{answer:?}");
}

#[tokio::test]
async fn an_application_is_found_by_either_id_until_it_is_deleted() {
    let tenant = Tenant::start().await;
    let made = tenant.application("Reviews").await;
    assert!(made.headers["location"].to_str().unwrap().ends_with(made.text("id")));
    let by_id = format!("/applications/{}", made.text("id"));
    let by_app_id = format!("/applications(appId='{}')", made.text("appId"));
    for path in [&by_id, &by_app_id, &by_app_id.replace('\'', "%27")] {
        let found = tenant.get(path).await.expect(StatusCode::OK);
        assert_eq!(found.body["displayName"], "Reviews");
        assert_eq!(found.body["signInAudience"], "AzureADMyOrg");
        assert!(found.text("createdDateTime").ends_with('Z'), "{found:?}");
    }
    let body = json!({ "appId": made.text("appId") });
    tenant.post("/servicePrincipals", body).await.expect(StatusCode::CREATED);
    let body = json!({ "displayName": "Renamed" });
    tenant.patch(&by_id, body).await.expect(StatusCode::NO_CONTENT);
    for set in ["applications", "servicePrincipals"] {
        let path = by_app_id.replace("applications", set);
        assert_eq!(tenant.get(&path).await.text("displayName"), "Renamed");
    }

    tenant.delete(&by_app_id).await.expect(StatusCode::NO_CONTENT);
    for path in [by_id, by_app_id.clone(), by_app_id.replace("applications", "servicePrincipals")] {
        let missing = tenant.get(&path).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
        assert_eq!(missing.code(), "Request_ResourceNotFound");
    }
}

#[tokio::test]
async fn a_patch_replaces_collections_and_keeps_the_rest() {
    let tenant = Tenant::start().await;
    let made = tenant.application("Reviews").await;
    let path = format!("/applications/{}", made.text("id"));
    let scope = scope(Uuid::new_v4(), "user_impersonation");
    let uris = json!(["api://reviews", "https://eat.sample.example/mcp"]);
    let web = json!({ "redirectUris": ["https://eat.sample.example/"], "homePageUrl": "https://eat.sample.example" });
    let body = json!({
        "identifierUris": uris,
        "api": { "oauth2PermissionScopes": [scope], "requestedAccessTokenVersion": 2 },
        "web": web,
    });
    tenant.patch(&path, body).await.expect(StatusCode::NO_CONTENT);
    let body = json!({
        "identifierUris": ["api://reviews"],
        "api": { "knownClientApplications": [OPERATOR] },
        "web": { "redirectUris": [] },
    });
    tenant.patch(&path, body).await.expect(StatusCode::NO_CONTENT);

    let found = tenant.get(&path).await.body;
    assert_eq!(found["identifierUris"], json!(["api://reviews"]));
    assert_eq!(found["api"]["requestedAccessTokenVersion"], 2);
    assert_eq!(found["api"]["oauth2PermissionScopes"][0]["value"], "user_impersonation");
    assert_eq!(found["api"]["oauth2PermissionScopes"][0]["isEnabled"], true);
    assert_eq!(
        found["web"],
        json!({ "redirectUris": [], "homePageUrl": "https://eat.sample.example" })
    );
    let directory = tenant.emulator.cloud().directory();
    assert!(directory.resource("api://reviews").is_some());
    assert!(directory.resource("https://eat.sample.example/mcp").is_none());
}

#[tokio::test]
async fn an_identifier_uri_is_of_the_tenant_and_of_one_application() {
    let tenant = Tenant::start().await;
    let other = json!({ "displayName": "Other", "identifierUris": ["api://taken"] });
    tenant.post("/applications", other).await.expect(StatusCode::CREATED);
    let create = async |uris: Value| {
        let body = json!({ "displayName": "Reviews", "identifierUris": uris });
        tenant.post("/applications", body).await
    };
    let taken = create(json!(["api://taken"])).await;
    assert_refused(
        &taken,
        "Request_BadRequest",
        "Another object with the same value for property identifierUris already exists.",
    );
    assert_eq!(taken.detail(), "ObjectConflict");
    let twice = create(json!(["api://new", "api://new"])).await;
    assert_refused(&twice, "Request_BadRequest", "duplicate values");
    for uri in [
        "https://reviews.azurewebsites.net/mcp",
        "https://notsample.example/mcp",
        "http://127.0.0.1/mcp",
    ] {
        assert_refused(&create(json!([uri])).await, "HostNameNotOnVerifiedDomain", uri);
    }
    for uri in [
        "https://eat.sample.example/mcp/",
        "api://new/",
        "api://",
        "reviews",
        "ftp://sample.example/a",
        "api://a b",
    ] {
        assert_refused(&create(json!([uri])).await, "Request_BadRequest", "'identifierUris'");
    }
    create(json!(["https://sample.example/mcp", "https://eat.sample.example/mcp"]))
        .await
        .expect(StatusCode::CREATED);
}

#[tokio::test]
async fn an_enabled_role_or_scope_is_disabled_before_it_goes() {
    let tenant = Tenant::start().await;
    let made = tenant.application("Reviews").await;
    let path = format!("/applications/{}", made.text("id"));
    let (role_id, scope_id) = (Uuid::new_v4(), Uuid::new_v4());
    let roles = |roles: Value| json!({ "appRoles": roles });
    let scopes = |scopes: Value| json!({ "api": { "oauth2PermissionScopes": scopes } });
    let mut role = role(role_id, "MCP.Access");
    let mut scope = scope(scope_id, "user_impersonation");
    tenant.patch(&path, roles(json!([role]))).await.expect(StatusCode::NO_CONTENT);
    tenant.patch(&path, scopes(json!([scope]))).await.expect(StatusCode::NO_CONTENT);

    let code = "CannotDeleteOrUpdateEnabledEntitlement";
    let message = "cannot be deleted or updated unless disabled first";
    assert_refused(&tenant.patch(&path, roles(json!([]))).await, code, message);
    assert_refused(&tenant.patch(&path, scopes(json!([]))).await, code, message);
    let mut renamed = role.clone();
    renamed["value"] = json!("Other");
    assert_refused(&tenant.patch(&path, roles(json!([renamed]))).await, code, message);

    role["isEnabled"] = json!(false);
    scope["isEnabled"] = json!(false);
    tenant.patch(&path, roles(json!([role]))).await.expect(StatusCode::NO_CONTENT);
    tenant.patch(&path, scopes(json!([scope]))).await.expect(StatusCode::NO_CONTENT);
    tenant.patch(&path, roles(json!([]))).await.expect(StatusCode::NO_CONTENT);
    tenant.patch(&path, scopes(json!([]))).await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn an_enabled_role_may_change_where_the_tenant_lets_it() {
    let mut options = Options::default();
    options.graph.enabled_permissions_are_fixed = false;
    let tenant = Tenant::with(options).await;
    let made = tenant.application("Reviews").await;
    let path = format!("/applications/{}", made.text("id"));
    let id = Uuid::new_v4();
    for value in ["MCP.Access", "MCP.Write"] {
        let body = json!({ "appRoles": [role(id, value)] });
        tenant.patch(&path, body).await.expect(StatusCode::NO_CONTENT);
    }
    let refused = tenant.patch(&path, json!({ "appRoles": [] })).await;
    assert_refused(&refused, "CannotDeleteOrUpdateEnabledEntitlement", "disabled first");
}

#[tokio::test]
async fn roles_and_scopes_are_well_formed() {
    let tenant = Tenant::start().await;
    let id = Uuid::new_v4();
    let mut nobody = role(id, "A");
    nobody["allowedMemberTypes"] = json!([]);
    for (roles, message) in [
        (json!([role(id, "A"), role(id, "B")]), "duplicate values"),
        (json!([role(id, "A"), role(Uuid::new_v4(), "A")]), "duplicate values"),
        (json!([role(id, "MCP Access")]), "'appRoles'"),
        (json!([{ "value": "A", "allowedMemberTypes": ["Application"] }]), "'appRoles'"),
        (json!([nobody]), "'allowedMemberTypes'"),
        (json!("A"), "'appRoles'"),
    ] {
        let body = json!({ "displayName": "Reviews", "appRoles": roles });
        assert_refused(&tenant.post("/applications", body).await, "Request_BadRequest", message);
    }
}

#[tokio::test]
async fn only_applications_are_pre_authorized_and_for_scopes_that_are_there() {
    let tenant = Tenant::start().await;
    let made = tenant.application("Reviews").await;
    let path = format!("/applications/{}", made.text("id"));
    let id = Uuid::new_v4();
    let clients = |app_id: Uuid| json!([{ "appId": app_id, "delegatedPermissionIds": [id] }]);
    let scopes = json!([scope(id, "user_impersonation")]);
    let both = json!({ "api": { "oauth2PermissionScopes": scopes, "preAuthorizedApplications": clients(OPERATOR) } });
    assert_refused(
        &tenant.patch(&path, both).await,
        "InvalidValue",
        "has a Permission Id that cannot be found",
    );
    let body = json!({ "api": { "oauth2PermissionScopes": scopes } });
    tenant.patch(&path, body).await.expect(StatusCode::NO_CONTENT);

    let pre_authorize = async |app_id| {
        let body = json!({ "api": { "preAuthorizedApplications": clients(app_id) } });
        tenant.patch(&path, body).await
    };
    for app_id in [FOUNDRY_AGENT, Uuid::new_v4()] {
        assert_refused(&pre_authorize(app_id).await, "InvalidAppId", &app_id.to_string());
    }
    let azure_cli = "04b07795-8ddb-461a-bbee-02f9e1bf7b46".parse().unwrap();
    for app_id in [azure_cli, OPERATOR] {
        pre_authorize(app_id).await.expect(StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn what_is_missing_wrong_or_read_only_is_named() {
    let tenant = Tenant::start().await;
    let create = async |body: Value| tenant.post("/applications", body).await;
    assert_refused(
        &create(json!({})).await,
        "Request_BadRequest",
        "A value is required for property 'displayName'",
    );
    assert_refused(
        &create(json!({ "displayName": 1 })).await,
        "Request_BadRequest",
        "'displayName'",
    );
    let long = json!({ "displayName": "x".repeat(257) });
    assert_refused(&create(long).await, "Request_BadRequest", "'displayName'");
    let own = json!({ "displayName": "A", "appId": Uuid::new_v4() });
    assert_refused(&create(own).await, "Request_BadRequest", "'appId' is read-only");
    assert_refused(&create(json!([])).await, "BadRequest", "Unable to read JSON");
    let answer = tenant.graph(Method::PUT, "/applications", json!({})).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn microsofts_own_applications_are_not_of_the_tenant() {
    let tenant = Tenant::start().await;
    let graph = "00000003-0000-0000-c000-000000000000";
    let listed = tenant.get("/applications?$top=100").await;
    // Graph, Resource Manager and the databases are Microsoft's.
    let own = tenant.emulator.cloud().directory().applications.len() - 3;
    assert_eq!(listed.body["value"].as_array().unwrap().len(), own);
    let missing = tenant.get(&format!("/applications(appId='{graph}')")).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let principal = tenant.get(&format!("/servicePrincipals(appId='{graph}')")).await;
    assert_eq!(principal.body["displayName"], "Microsoft Graph");
}
