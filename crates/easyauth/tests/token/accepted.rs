//! Valid tokens, the callers that they name, and their validity period.

use easyauth::{Principal, PrincipalKind, TokenClaimsError, TokenConfigError, TokenError};
use serde_json::{Value, json};

use crate::issuer::{
    API, CALLER, Issuer, KEY, NOW, OBJECT, TENANT, builder, scheme, time, v1_app, v2_app, v2_user,
    with,
};

async fn principal(claims: &Value) -> Principal {
    let scheme = scheme(&Issuer::with(&[&KEY]));
    scheme.validate(&KEY.token(claims)).await.unwrap()
}

#[tokio::test]
async fn a_program_comes_with_its_roles_in_either_version() {
    for claims in [v1_app(), v2_app()] {
        let expected = Principal::new(PrincipalKind::Application, OBJECT)
            .with_tenant_id(TENANT)
            .with_client_id(CALLER)
            .with_roles(["MCP.Access"]);
        assert_eq!(principal(&claims).await, expected);
    }
}

#[tokio::test]
async fn a_person_comes_with_the_scopes_they_granted_in_either_version() {
    let changes = json!({ "idtyp": null, "sub": "pairwise", "scp": "a user_impersonation" });
    for claims in [with(v1_app(), &changes), with(v2_app(), &changes)] {
        let person = principal(&claims).await;
        assert_eq!(person.kind(), PrincipalKind::User);
        assert_eq!(person.scopes().collect::<Vec<_>>(), ["a", "user_impersonation"]);
    }
}

#[tokio::test]
async fn the_kind_is_a_persons_where_in_doubt() {
    let kinds = [
        (json!({}), PrincipalKind::Application),
        (json!({ "idtyp": null }), PrincipalKind::Application),
        (json!({ "idtyp": null, "sub": null }), PrincipalKind::User),
        (json!({ "idtyp": null, "sub": "pairwise" }), PrincipalKind::User),
        (json!({ "idtyp": null, "scp": "" }), PrincipalKind::User),
        (json!({ "idtyp": "user" }), PrincipalKind::User),
        (json!({ "idtyp": "device" }), PrincipalKind::User),
    ];
    for (changes, kind) in kinds {
        assert_eq!(principal(&with(v2_app(), &changes)).await.kind(), kind, "{changes}");
    }
}

#[tokio::test]
async fn the_name_is_the_first_that_is_there() {
    let mut claims = with(
        v2_user(),
        &json!({
            "name": " ", "preferred_username": "ada@example", "upn": "upn", "unique_name": "unique",
            "app_displayname": "agent",
        }),
    );
    for (claim, name) in [
        ("preferred_username", "ada@example"),
        ("upn", "upn"),
        ("unique_name", "unique"),
        ("app_displayname", "agent"),
    ] {
        assert_eq!(principal(&claims).await.name(), Some(name));
        claims = with(claims, &json!({ claim: null }));
    }
    assert_eq!(principal(&claims).await.name(), None);
}

#[tokio::test]
async fn the_client_is_the_one_that_was_checked() {
    let other = "55555555-5555-4555-8555-555555555555";
    let v1 = principal(&with(v1_app(), &json!({ "azp": other }))).await;
    let v2 = principal(&with(v2_app(), &json!({ "appid": other }))).await;
    assert_eq!([v1.client_id(), v2.client_id()], [Some(CALLER); 2]);
}

#[tokio::test]
async fn audiences_are_the_app_and_those_that_were_added() {
    let issuer = Issuer::with(&[&KEY]);
    let scheme = builder(&issuer).audience("https://reviews.example/mcp").build().unwrap();
    for aud in [API, &format!("api://{API}"), "https://reviews.example/mcp"] {
        let token = KEY.token(&with(v2_app(), &json!({ "aud": aud })));
        assert!(scheme.validate(&token).await.is_ok(), "{aud}");
    }
}

/// Version 1.0 tokens of a cloud are valid only with its authority.
#[tokio::test]
async fn version_1_tokens_are_of_the_authoritys_cloud() {
    let issuer = Issuer::with(&[&KEY]);
    let issuers = |host: &str| format!("https://{host}/{TENANT}/");
    let public = "sts.windows.net";
    let china = "sts.chinacloudapi.cn";
    let us = "sts.microsoftonline.us";
    for (authority, good) in [
        ("https://login.microsoftonline.com", vec![public]),
        ("https://login.partner.microsoftonline.cn", vec![china]),
        ("https://LOGIN.chinacloudapi.cn/", vec![china]),
        ("https://login.microsoftonline.us", vec![public, us]),
        ("https://login.microsoftonline.us.example", vec![public]),
    ] {
        let scheme = builder(&issuer).authority(authority).build().unwrap();
        for host in [public, china, us, "sts.example"] {
            let token = KEY.token(&with(v1_app(), &json!({ "iss": issuers(host) })));
            let expected = if good.contains(&host) { Ok(()) } else { Err(TokenError::Issuer) };
            assert_eq!(scheme.validate(&token).await.map(drop), expected, "{authority} {host}");
        }
    }
}

#[tokio::test]
async fn the_issuer_of_version_1_tokens_can_be_set() {
    let issuer = Issuer::with(&[&KEY]);
    let tenant = TENANT.to_uppercase();
    let built = |v1: String| builder(&issuer).v1_issuer(&v1).build();
    let scheme = built(format!("https://sts.cloud.example/{TENANT}/")).unwrap();
    for (host, expected) in
        [("sts.cloud.example", Ok(())), ("sts.windows.net", Err(TokenError::Issuer))]
    {
        let iss = json!({ "iss": format!("https://{host}/{TENANT}/") });
        let token = KEY.token(&with(v1_app(), &iss));
        assert_eq!(scheme.validate(&token).await.map(drop), expected, "{host}");
    }
    for wrong in [
        String::new(),
        format!("https://sts.example/{TENANT}"),
        format!("https://sts.example/{API}/"),
        format!("http://sts.example/{TENANT}/"),
        format!("https:///{TENANT}/"),
        format!("https://sts.example/{tenant}x/"),
        format!("https://sts.example/x?/{TENANT}/"),
        format!("https://STS.example/{TENANT}/"),
    ] {
        let refused = built(wrong.clone());
        assert!(matches!(refused, Err(TokenConfigError::V1Issuer)), "{wrong}");
    }
}

#[tokio::test]
async fn guids_are_alike_in_either_case() {
    let issuer = Issuer::with(&[&KEY]);
    let caller = CALLER.to_uppercase();
    let scheme = builder(&issuer).allow_client(&caller).build().unwrap();
    let changes = json!({ "azp": caller, "tid": TENANT.to_uppercase() });
    assert!(scheme.validate(&KEY.token(&with(v2_app(), &changes))).await.is_ok());
}

#[tokio::test]
async fn headers_that_entra_sends_are_taken() {
    let scheme = scheme(&Issuer::with(&[&KEY]));
    for header in [
        json!({ "alg": "RS256", "kid": "first" }),
        json!({ "alg": "RS256", "kid": "first", "typ": "JWT", "x5t": "first", "nonce": "n" }),
        json!({ "alg": "RS256", "kid": "first", "typ": "at+jwt" }),
        json!({ "alg": "RS256", "kid": "first", "typ": "AT+JWT" }),
    ] {
        let token = KEY.sign(header.to_string(), &v2_app());
        assert!(scheme.validate(&token).await.is_ok(), "{header}");
    }
}

#[tokio::test]
async fn times_have_a_minute_of_leeway_and_not_a_second_more() {
    let issuer = Issuer::with(&[&KEY]);
    let token = KEY.token(&with(v2_app(), &json!({ "nbf": NOW, "exp": NOW + 100 })));
    for (now, expected) in [
        (NOW - 61, Err(TokenError::NotYetValid)),
        (NOW - 60, Ok(())),
        (NOW + 159, Ok(())),
        (NOW + 160, Err(TokenError::Expired)),
    ] {
        let scheme = builder(&issuer).clock(move || time(now)).build().unwrap();
        assert_eq!(scheme.validate(&token).await.map(drop), expected, "at {now}");
    }
}

#[tokio::test]
async fn all_claims_are_kept() {
    let claims = json!({
        "groups": ["g1", "g2"], "wids": ["w1"], "xms_par_app_azp": "blueprint",
        "onprem": true, "deep": { "a": [1] },
    });
    let caller = principal(&with(v2_app(), &claims)).await;
    assert_eq!(caller.groups().collect::<Vec<_>>(), ["g1", "g2"]);
    assert_eq!(caller.directory_roles().collect::<Vec<_>>(), ["w1"]);
    for (name, value) in [
        ("oid", Some(OBJECT)),
        ("xms_par_app_azp", Some("blueprint")),
        ("onprem", Some("true")),
        ("deep", Some("{\"a\":[1]}")),
        ("wids", Some("w1")),
        ("groups", None),
        ("absent", None),
    ] {
        assert_eq!(caller.claim(name), value, "{name}");
    }
    assert!(caller.claim_values("exp").eq([(NOW + 3600).to_string()]));
}

#[test]
fn claims_that_something_else_has_validated_name_their_caller() {
    let claims = with(v2_app(), &json!({ "exp": null, "iss": null, "aud": null }));
    let caller = Principal::from_token_claims(&claims.to_string()).unwrap();
    assert!(caller.has_role("MCP.Access") && caller.claim("azp") == Some(CALLER));
    for (claims, error) in [
        (json!({}), TokenClaimsError::MissingObjectId),
        (json!({ "oid": "a b" }), TokenClaimsError::InvalidObjectId),
        (json!({ "oid": 1 }), TokenClaimsError::Json),
        (json!([]), TokenClaimsError::Json),
        (json!({ "oid": OBJECT, "roles": "MCP.Access" }), TokenClaimsError::Json),
    ] {
        assert_eq!(Principal::from_token_claims(&claims.to_string()), Err(error), "{claims}");
    }
    let twice = r#"{"oid":"a","oid":"b"}"#;
    assert_eq!(Principal::from_token_claims(twice), Err(TokenClaimsError::Json));
}

#[tokio::test]
async fn any_client_of_the_tenant_is_allowed_by_explicit_choice() {
    let other = "55555555-5555-4555-8555-555555555555";
    let issuer = Issuer::with(&[&KEY]);
    let open = builder(&issuer).allow_any_client().build().unwrap();
    let token = |client: Value| KEY.token(&with(v2_app(), &json!({ "azp": client })));
    assert_eq!(open.validate(&token(json!(other))).await.unwrap().client_id(), Some(other));
    let nameless = open.validate(&token(Value::Null)).await;
    assert_eq!(nameless, Err(TokenError::MissingClient));
}
