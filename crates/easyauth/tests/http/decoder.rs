//! The header's decoder with arbitrary bytes, JSON and callers.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use easyauth::{ClientPrincipalHeader, Principal, PrincipalKind, Scheme as _};
use http::{HeaderMap, HeaderValue};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::client_principal::{encoded, read};

fn decode(value: &[u8]) -> Option<Principal> {
    let mut headers = HeaderMap::new();
    headers.insert(ClientPrincipalHeader::NAME, HeaderValue::from_bytes(value).ok()?);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    match runtime.block_on(ClientPrincipalHeader::new().authenticate(&headers)) {
        easyauth::Outcome::Authenticated(principal) => Some(principal),
        easyauth::Outcome::Failed(_) => None,
        easyauth::Outcome::NotRequested => panic!("a header is a request"),
    }
}

/// Arbitrary JSON, which often has the members and claims that are read.
fn any_json() -> impl Strategy<Value = Value> {
    let word = select(vec!["aad", "oid", "roles", "scp", "idtyp", "app", "sub", "tid", "name", ""]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        let key = select(vec!["auth_typ", "claims", "name_typ", "role_typ", "typ", "val", "x"]);
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((key, inner), 0..6).prop_map(|members| {
                members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Value>()
            }),
        ]
    })
}

/// Callers that a token can name.
fn any_principal() -> impl Strategy<Value = Principal> {
    let id = || "[!-~]{1,100}";
    let right = || vec("[^ ]{1,12}", 0..5);
    let kind = prop_oneof![Just(PrincipalKind::Application), Just(PrincipalKind::User)];
    let ids = (kind, id(), option::of(id()), option::of(id()));
    (ids, option::of("[a-z]\\PC*[a-z]"), right(), right()).prop_map(|(ids, name, roles, scopes)| {
        let (kind, object_id, tenant_id, client_id) = ids;
        let mut principal = Principal::new(kind, object_id).with_roles(roles).with_scopes(scopes);
        if let Some(tenant_id) = tenant_id {
            principal = principal.with_tenant_id(tenant_id);
        }
        if let Some(client_id) = client_id {
            principal = principal.with_client_id(client_id);
        }
        match name {
            Some(name) => principal.with_name(name),
            None => principal,
        }
    })
}

/// A caller as the platform encodes it.
fn encode(principal: &Principal) -> String {
    let kind = match principal.kind() {
        PrincipalKind::Application => "app",
        _ => "user",
    };
    let scopes: Vec<&str> = principal.scopes().collect();
    let scopes = scopes.join(" ");
    let claims = [
        Some(("oid", principal.object_id())),
        Some(("idtyp", kind)),
        Some(("scp", &*scopes)),
        principal.tenant_id().map(|id| ("tid", id)),
        principal.client_id().map(|id| ("azp", id)),
        principal.name().map(|name| ("name", name)),
    ];
    let roles = principal.roles().map(|role| Some(("roles", role)));
    let claims = claims.into_iter().chain(roles).flatten();
    let claims: Vec<Value> = claims.map(|(typ, val)| json!({ "typ": typ, "val": val })).collect();
    encoded(&json!({ "auth_typ": "aad", "claims": claims, "role_typ": "roles" }))
}

proptest! {
    #[test]
    fn no_bytes_of_a_header_panic_it(value in vec(any::<u8>(), 0..400)) {
        decode(&value);
    }

    #[test]
    fn no_bytes_under_base64_panic_it(value in vec(any::<u8>(), 0..400)) {
        decode(BASE64_STANDARD.encode(value).as_bytes());
    }

    #[test]
    fn no_json_panics_it(json in any_json()) {
        decode(encoded(&json).as_bytes());
    }

    #[test]
    fn no_claims_panic_it(claims in vec((any_json(), any_json()), 0..6), role_typ in any_json()) {
        let claims: Vec<Value> =
            claims.into_iter().map(|(typ, val)| json!({ "typ": typ, "val": val })).collect();
        let json = json!({ "auth_typ": "aad", "claims": claims, "role_typ": role_typ });
        decode(encoded(&json).as_bytes());
    }

    #[test]
    fn an_encoded_caller_decodes_to_itself(principal in any_principal()) {
        prop_assert_eq!(decode(encode(&principal).as_bytes()), Some(principal));
    }
}

#[tokio::test]
async fn the_encoder_of_these_tests_writes_what_the_platform_writes() {
    let principal = Principal::new(PrincipalKind::User, "a").with_scopes(["s", "t"]);
    assert_eq!(read(encode(&principal)).await, Ok(principal));
}
