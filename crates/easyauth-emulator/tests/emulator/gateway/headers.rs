//! What the app hears of the caller: the platform's words alone.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use easyauth_emulator::{GatewayOptions, RoleForm, sample};
use serde_json::{Value, json};

use super::Site;

/// What the app saw of a request with the agent's token and these headers.
async fn seen(site: &Site, lines: &[(&str, &str)]) -> Value {
    let mut request = site.get("/x").bearer_auth(site.token(&[]));
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["headers"].clone()
}

pub fn principal(headers: &Value) -> Value {
    let values = headers["x-ms-client-principal"].as_array().unwrap();
    assert_eq!(values.len(), 1, "{headers}");
    let value = values[0].as_str().unwrap();
    let padded = format!("{value}{}", "=".repeat((4 - value.len() % 4) % 4));
    serde_json::from_slice(&STANDARD.decode(padded).unwrap()).unwrap()
}

pub fn values(principal: &Value, typ: &str) -> Vec<Value> {
    let claims = principal["claims"].as_array().unwrap();
    claims.iter().filter(|claim| claim["typ"] == typ).map(|claim| claim["val"].clone()).collect()
}

#[tokio::test]
async fn what_a_client_says_of_itself_is_dropped() {
    let site = Site::new().await;
    let forged = [
        ("X-MS-CLIENT-PRINCIPAL", "e30="),
        ("x-ms-client-principal-id", "mallory"),
        ("X-MS-CLIENT-PRINCIPAL-NAME", "mallory"),
        ("X-MS-CLIENT-PRINCIPAL-IDP", "mallory"),
        ("X-MS-TOKEN-AAD-ID-TOKEN", "mallory"),
        ("X-MS-TOKEN-AAD-ACCESS-TOKEN", "mallory"),
    ];
    let headers = seen(&site, &forged).await;
    assert!(!headers.to_string().contains("mallory"), "{headers}");
    let id = sample::object_id(sample::AGENT);
    assert_eq!(headers["x-ms-client-principal-id"], json!([id]));
    assert_eq!(headers["x-ms-client-principal-name"], json!(["Agent"]));
    assert_eq!(headers["x-ms-client-principal-idp"], json!(["aad"]));
    assert_eq!(principal(&headers)["auth_typ"], "aad");

    // A header for this hop alone is not one that the gateway adds for the next.
    for named in ["x-ms-client-principal", "X-MS-CLIENT-PRINCIPAL, X-MS-CLIENT-PRINCIPAL-ID"] {
        let headers = seen(&site, &[("Connection", named)]).await;
        assert_eq!(headers["x-ms-client-principal-id"], json!([id]), "{named}");
        principal(&headers);
    }
}

#[tokio::test]
async fn where_nobody_is_asked_it_is_an_option_what_is_dropped() {
    let forged = ("x-ms-client-principal", "e30=");
    for (on_excluded, when_off) in [(true, false), (false, true)] {
        let mut options = GatewayOptions::default();
        options.strips_on_excluded_paths = on_excluded;
        options.strips_when_off = when_off;
        let site = Site::with(options).await;
        let get = async |path: &str| -> bool {
            let request = site.get(path).header(forged.0, forged.1);
            let seen: Value = request.send().await.unwrap().json().await.unwrap();
            seen["headers"].get(forged.0).is_none()
        };
        assert_eq!(get("/healthz").await, on_excluded);
        site.change("/platform/enabled", json!(false));
        assert_eq!(get("/x").await, when_off);
    }
}

#[tokio::test]
async fn the_principal_has_the_form_that_was_chosen() {
    let long = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
    for (form, typ, role_typ) in [
        (RoleForm::Short, "roles", long),
        (RoleForm::Long, long, long),
        (RoleForm::ByRoleType, "role", "role"),
    ] {
        for (pads, maps) in [(true, true), (false, false)] {
            let mut options = GatewayOptions::default();
            (options.roles, options.pads, options.maps_claims) = (form, pads, maps);
            let site = Site::with(options).await;
            let headers = seen(&site, &[]).await;
            let principal = principal(&headers);
            assert_eq!(values(&principal, typ), [json!("MCP.Access")]);
            assert_eq!(principal["role_typ"], role_typ);
            let oid = "http://schemas.microsoft.com/identity/claims/objectidentifier";
            let id = json!(sample::object_id(sample::AGENT));
            assert_eq!(values(&principal, if maps { oid } else { "oid" }), [id]);
        }
    }
}

#[tokio::test]
async fn the_rest_of_a_request_arrives_as_it_was_sent() {
    let site = Site::new().await;
    let token = site.token(&[]);
    let url = format!("{}/a%20b/c?d=e&f=%2F", site.gateway.origin());
    let request =
        super::client().put(url).bearer_auth(&token).header("X-Own", "1").header("TE", "trailers");
    let seen: Value = request.body("body").send().await.unwrap().json().await.unwrap();
    assert_eq!((&seen["method"], &seen["target"]), (&json!("PUT"), &json!("/a%20b/c?d=e&f=%2F")));
    let headers = &seen["headers"];
    assert_eq!(headers["authorization"], json!([format!("Bearer {token}")]));
    assert_eq!((&headers["x-own"], headers.get("te")), (&json!(["1"]), None));
    let host = site.gateway.origin().replace("http://", "");
    assert_eq!(headers["host"], json!([host]));
    assert_eq!(headers["x-forwarded-for"], json!(["127.0.0.1"]));
    assert_eq!(headers["content-length"], json!(["4"]));
}
