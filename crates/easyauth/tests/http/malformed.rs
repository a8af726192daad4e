//! Malformed client principal headers: each is rejected for its own reason.

use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE};
use easyauth::{ClientPrincipalError, ClientPrincipalHeader};
use serde_json::{Value, json};

use crate::client_principal::{
    OBJECT_ID, TENANT_ID, document, encoded, error_of, header, outcome_of, read,
};

#[tokio::test]
async fn what_is_not_base64_of_text_is_refused() {
    let good = padded_once();
    let url_safe = BASE64_URL_SAFE.encode(document(&[("oid", "???>>>~~~")]).to_string());
    assert!(url_safe.contains(['-', '_']));
    let bits = good.trim_end_matches('=').to_owned() + "=A";
    let cases: [(&str, Vec<u8>, ClientPrincipalError); 11] = [
        ("empty", b"".to_vec(), ClientPrincipalError::Json),
        ("text", b"Ann".to_vec(), ClientPrincipalError::Base64),
        ("plain JSON", document(&[]).to_string().into(), ClientPrincipalError::Base64),
        ("url-safe", url_safe.into(), ClientPrincipalError::Base64),
        ("too much padding", format!("{good}=").into(), ClientPrincipalError::Base64),
        ("padding within", bits.into(), ClientPrincipalError::Base64),
        ("a blank before", format!("A {good}").into(), ClientPrincipalError::Base64),
        ("two in one", format!("{good},{good}").into(), ClientPrincipalError::Base64),
        ("not ASCII", b"\xff\xfe".to_vec(), ClientPrincipalError::Base64),
        ("not UTF-8", BASE64_STANDARD.encode(b"{\"\xff\":1}").into(), ClientPrincipalError::Utf8),
        ("NUL", BASE64_STANDARD.encode(b"\0").into(), ClientPrincipalError::Json),
    ];
    for (name, value, refusal) in cases {
        assert_eq!(read(value).await, Err(refusal), "{name}");
    }
}

#[tokio::test]
async fn bits_that_no_encoder_writes_are_refused() {
    let good = padded_once();
    let bare = good.strip_suffix('=').unwrap();
    let last = bare.chars().last().unwrap();
    let next = char::from(u8::try_from(last).unwrap() + 1);
    let value = format!("{}{next}=", bare.strip_suffix(last).unwrap());
    assert_eq!(read(value).await, Err(ClientPrincipalError::Base64));
}

#[tokio::test]
async fn what_is_not_the_platforms_json_is_refused() {
    let claim = format!(r#"{{"typ":"oid","val":"{OBJECT_ID}"}}"#);
    let with = |members: &str| format!(r#"{{"auth_typ":"aad","claims":[{claim}]{members}}}"#);
    assert!(read(encoded(&with(""))).await.is_ok(), "the same without a fault is good");
    let deep = "[".repeat(2000) + &"]".repeat(2000);
    assert!(read(encoded(&with(&format!(r#","x":{deep}"#)))).await.is_ok(), "nobody reads it");
    let deep = format!(r#"{{"auth_typ":"aad","claims":[{{"typ":"oid","val":{deep}}}]}}"#);
    let cases = [
        ("null", "null".to_owned()),
        ("a list", "[]".to_owned()),
        ("no members", "{}".to_owned()),
        ("cut off", with("").trim_end_matches('}').to_owned()),
        ("more after it", with("") + "{}"),
        ("deep", deep),
        ("a mark of byte order", format!("\u{feff}{}", with(""))),
        ("a comma too many", with(",")),
        ("half a surrogate pair", with(r#","name_typ":"\ud800""#)),
        ("provider twice", with(r#","auth_typ":"aad""#)),
        ("claims twice", with(r#","claims":[]"#)),
        ("role type twice", with(r#","role_typ":"a","role_typ":"b""#)),
        ("role type a number", with(r#","role_typ":1"#)),
        ("members by position", format!(r#"["aad",[{claim}],null,null]"#)),
        ("a claim by position", r#"{"auth_typ":"aad","claims":[["oid","x"]]}"#.to_owned()),
        ("a claim without value", r#"{"auth_typ":"aad","claims":[{"typ":"oid"}]}"#.to_owned()),
        ("a claim without type", r#"{"auth_typ":"aad","claims":[{"val":"oid"}]}"#.to_owned()),
        ("a null claim", r#"{"auth_typ":"aad","claims":[null]}"#.to_owned()),
        ("null claims", r#"{"auth_typ":"aad","claims":null}"#.to_owned()),
        ("null provider", r#"{"auth_typ":null,"claims":[]}"#.to_owned()),
        (
            "a value twice",
            r#"{"auth_typ":"aad","claims":[{"typ":"oid","val":"a","val":"b"}]}"#.into(),
        ),
        (
            "a type twice",
            r#"{"auth_typ":"aad","claims":[{"typ":"x","typ":"oid","val":"b"}]}"#.into(),
        ),
    ];
    for (name, json) in cases {
        assert_eq!(read(encoded(&json)).await, Err(ClientPrincipalError::Json), "{name}");
    }
}

#[tokio::test]
async fn claims_that_say_too_little_or_too_much_are_refused() {
    use ClientPrincipalError::{AmbiguousClaim, InvalidClaim, MissingObjectId};

    const LONG_OID: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";
    let long = "x".repeat(101);
    let cases: [(Value, ClientPrincipalError); 15] = [
        (json!([]), MissingObjectId),
        (json!([["OID", OBJECT_ID]]), MissingObjectId),
        (json!([["oid ", OBJECT_ID]]), MissingObjectId),
        (json!([["oid", ""]]), InvalidClaim("oid")),
        (json!([["oid", null]]), InvalidClaim("oid")),
        (json!([["oid", 7]]), InvalidClaim("oid")),
        (json!([["oid", [OBJECT_ID]]]), InvalidClaim("oid")),
        (json!([["oid", "a b"]]), InvalidClaim("oid")),
        (json!([["oid", "a\nb"]]), InvalidClaim("oid")),
        (json!([["oid", long]]), InvalidClaim("oid")),
        (json!([["oid", OBJECT_ID], ["oid", TENANT_ID]]), AmbiguousClaim("oid")),
        (json!([["oid", OBJECT_ID], [LONG_OID, ""]]), AmbiguousClaim("oid")),
        (json!([["oid", "a"], ["tid", "b"], ["tid", "c"]]), AmbiguousClaim("tid")),
        (json!([["oid", "a"], ["appid", "b"], ["azp", "c"]]), AmbiguousClaim("appid")),
        (json!([["oid", "a"], ["idtyp", "app"], ["idtyp", "user"]]), AmbiguousClaim("idtyp")),
    ];
    for (claims, refusal) in cases {
        assert_eq!(read(encoded(&with_claims(&claims))).await, Err(refusal), "{claims}");
    }
}

#[tokio::test]
async fn rights_that_are_no_text_are_refused() {
    for (typ, val, claim) in [
        ("roles", json!(["MCP.Access"]), "roles"),
        ("roles", json!(true), "roles"),
        ("scp", json!(null), "scp"),
        ("idtyp", json!("device"), "idtyp"),
        ("idtyp", json!(""), "idtyp"),
        ("sub", json!(1), "sub"),
    ] {
        let claims = json!([["oid", OBJECT_ID], [typ, val]]);
        let refusal = ClientPrincipalError::InvalidClaim(claim);
        assert_eq!(read(encoded(&with_claims(&claims))).await, Err(refusal), "{claims}");
    }
}

#[tokio::test]
async fn a_claim_with_another_meaning_is_no_role() {
    const LONG_OID: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";
    let name_typ = document(&[])["name_typ"].as_str().unwrap().to_owned();
    let types = ["oid", LONG_OID, "tid", "azp", "sub", "idtyp", "aud", "scp", "name", "NAME"];
    for typ in types.into_iter().chain(["preferred_username", &*name_typ]) {
        let mut document = document(&[("oid", OBJECT_ID), (typ, "MCP.Access")]);
        document["role_typ"] = json!(typ);
        assert_eq!(read(encoded(&document)).await, Err(ClientPrincipalError::RoleType), "{typ}");
    }
}

#[tokio::test]
async fn the_limits_are_the_documented_ones() {
    let claims = |count: usize| {
        let claims = format!(
            "{}{{\"typ\":\"oid\",\"val\":\"a\"}}",
            "{\"typ\":\"\",\"val\":1},".repeat(count - 1)
        );
        encoded(&format!("{{\"auth_typ\":\"aad\",\"claims\":[{claims}]}}"))
    };
    assert!(read(claims(500)).await.is_ok());
    assert_eq!(read(claims(501)).await, Err(ClientPrincipalError::TooManyClaims));

    let padded = |bytes: usize| {
        let json = document(&[("oid", OBJECT_ID)]).to_string();
        encoded(&(" ".repeat(bytes / 4 * 3 - json.len()) + &json))
    };
    assert_eq!(padded(32 * 1024).len(), 32 * 1024);
    assert!(read(padded(32 * 1024)).await.is_ok());
    assert_eq!(read(padded(32 * 1024 + 4)).await, Err(ClientPrincipalError::TooLong));
    assert_eq!(read(padded(1024 * 1024)).await, Err(ClientPrincipalError::TooLong));
}

#[tokio::test]
async fn of_two_headers_none_is_believed() {
    let good = header(&[("oid", OBJECT_ID)]);
    for second in [good.as_str(), "", "garbage"] {
        for values in [[good.as_bytes(), second.as_bytes()], [second.as_bytes(), good.as_bytes()]] {
            let outcome = outcome_of(&ClientPrincipalHeader::new(), &values).await;
            assert_eq!(error_of(&outcome), ClientPrincipalError::MultipleHeaders);
        }
    }
}

/// A good value with one character of padding.
fn padded_once() -> String {
    let values = ["A", "An", "Ann"].map(|name| header(&[("oid", OBJECT_ID), ("name", name)]));
    let is_padded_once = |value: &String| value.ends_with('=') && !value.ends_with("==");
    values.into_iter().find(is_padded_once).unwrap()
}

/// A document with these pairs of type and value.
fn with_claims(claims: &Value) -> Value {
    let claims = claims.as_array().unwrap().iter();
    let claims: Vec<Value> =
        claims.map(|claim| json!({ "typ": claim[0], "val": claim[1] })).collect();
    json!({ "auth_typ": "aad", "claims": claims })
}
