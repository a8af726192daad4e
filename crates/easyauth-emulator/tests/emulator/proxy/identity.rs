//! What the app is told of the caller.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use easyauth_emulator::{Options, RoleForm, sample};
use serde_json::{Value, json};

use super::app::{Guarded, Received};

const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
const OBJECT_ID: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";

/// Headers that a client sends to be somebody else.
const FORGED: &str = "X-MS-CLIENT-PRINCIPAL: e30=\r\nx-ms-client-principal-id: mallory\r\nX-Ms-Client-Principal-Idp: x\r\nX-MS-CLIENT-PRINCIPAL-FOO: y\r\nX-MS-TOKEN-AAD-ID-TOKEN: z\r\n";

fn names(received: &Received) -> Vec<String> {
    let names = received.head.lines().filter_map(|line| line.split_once(':'));
    let mut names: Vec<_> = names
        .map(|(name, _)| name.to_lowercase())
        .filter(|name| name.starts_with("x-ms-"))
        .collect();
    names.sort();
    names
}

fn principal(received: &Received) -> Value {
    let bytes = STANDARD.decode(received.values("x-ms-client-principal")[0]).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn values(principal: &Value, typ: &str) -> Vec<String> {
    let claims = principal["claims"].as_array().unwrap();
    let named = claims.iter().filter(|claim| claim["typ"] == typ);
    named.map(|claim| claim["val"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_platform_alone_says_who_calls() {
    let mut guarded = Guarded::start().await;
    let token = guarded.token();
    let line = format!("{FORGED}Authorization: Bearer {token}\r\n");
    let received = guarded.get("/", &line).await.1.unwrap();
    let expected = ["", "-id", "-idp", "-name"].map(|end| format!("x-ms-client-principal{end}"));
    assert_eq!(names(&received), expected);
    let object_id = sample::object_id(sample::AGENT).to_string();
    assert_eq!(received.values("x-ms-client-principal-id"), [object_id.as_str()]);
    assert_eq!(received.values("x-ms-client-principal-idp"), ["aad"]);
    assert_eq!(received.values("authorization"), [format!("Bearer {token}")]);
    let principal = principal(&received);
    assert_eq!(principal["auth_typ"], "aad");
    assert_eq!(principal["role_typ"], ROLE);
    assert_eq!(values(&principal, ROLE), ["MCP.Access"]);
    assert_eq!(values(&principal, OBJECT_ID), [object_id]);
    assert_eq!(values(&principal, "appid"), [sample::AGENT.to_string()]);
}

#[tokio::test]
async fn uncertain_forms_are_options() {
    for (roles, typ) in
        [(RoleForm::Short, "roles"), (RoleForm::Long, ROLE), (RoleForm::ByRoleType, "role")]
    {
        let mut options = Options::default();
        (options.gateway.roles, options.gateway.maps_claims) = (roles, false);
        options.gateway.pads = false;
        let mut guarded = Guarded::with(options).await;
        for name in ["a", "ab", "abc"] {
            let mut claims = guarded.claims();
            (claims["roles"], claims["x"]) = (json!(["A", "B"]), json!(name));
            let line = format!("Authorization: Bearer {}\r\n", guarded.signed(&claims));
            let received = guarded.get("/", &line).await.1.unwrap();
            let value = received.values("x-ms-client-principal")[0];
            let principal: Value =
                serde_json::from_slice(&STANDARD_NO_PAD.decode(value).unwrap()).unwrap();
            assert_eq!(values(&principal, typ), ["A", "B"]);
            assert_eq!(principal["role_typ"], if typ == "role" { "role" } else { ROLE });
            assert_eq!(values(&principal, "oid").len(), 1);
        }
    }
}

#[tokio::test]
async fn nobody_is_named_where_nobody_is_asked() {
    for strips in [true, false] {
        let mut options = Options::default();
        (options.gateway.strips_on_excluded_paths, options.gateway.strips_when_off) =
            (strips, strips);
        let mut guarded = Guarded::with(options).await;
        let line = format!("{FORGED}Authorization: Bearer {}\r\n", guarded.token());
        let left = if strips { 0 } else { 5 };
        let received = guarded.get("/healthz", &line).await.1.unwrap();
        assert_eq!(names(&received).len(), left);
        guarded.set("/platform/enabled", json!(false));
        let received = guarded.get("/", &line).await.1.unwrap();
        assert_eq!(names(&received).len(), left);
    }
}
