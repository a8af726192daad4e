//! The claims of a client principal header, under each of their names.

use easyauth::{ClientPrincipalError, ClientPrincipalHeader, Outcome, Principal, PrincipalKind};
use serde_json::json;

use crate::client_principal::{
    CLIENT_ID, OBJECT_ID, TENANT_ID, document, encoded, header, outcome_of, read, read_by,
};

#[tokio::test]
async fn an_agent_is_an_application_with_its_roles() {
    let claims = [
        ("oid", OBJECT_ID),
        ("tid", TENANT_ID),
        ("appid", CLIENT_ID),
        ("idtyp", "app"),
        ("roles", "MCP.Access"),
        ("roles", "MCP.Read"),
        ("app_displayname", "Guide"),
    ];
    let expected = Principal::new(PrincipalKind::Application, OBJECT_ID)
        .with_tenant_id(TENANT_ID)
        .with_client_id(CLIENT_ID)
        .with_name("Guide")
        .with_roles(["MCP.Access", "MCP.Read"]);
    assert_eq!(read(header(&claims)).await, Ok(expected));
}

#[tokio::test]
async fn a_person_has_scopes_under_the_long_names_too() {
    let claims = [
        ("http://schemas.microsoft.com/identity/claims/objectidentifier", OBJECT_ID),
        ("http://schemas.microsoft.com/identity/claims/tenantid", TENANT_ID),
        ("azp", CLIENT_ID),
        ("http://schemas.microsoft.com/identity/claims/scope", "user_impersonation  Other.Read"),
        ("name", "Ann"),
    ];
    let expected = Principal::new(PrincipalKind::User, OBJECT_ID)
        .with_tenant_id(TENANT_ID)
        .with_client_id(CLIENT_ID)
        .with_name("Ann")
        .with_scopes(["user_impersonation", "Other.Read"]);
    assert_eq!(read(header(&claims)).await, Ok(expected));
}

#[tokio::test]
async fn roles_arrive_in_three_ways_and_all_count() {
    let mut document = document(&[
        ("oid", OBJECT_ID),
        ("roles", "A"),
        ("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "B"),
        ("urn:theirs", "C"),
        ("urn:other", "D"),
        ("roles", ""),
    ]);
    document["role_typ"] = json!("urn:theirs");
    let principal = read(encoded(&document)).await.unwrap();
    assert_eq!(principal.roles().collect::<Vec<_>>(), ["A", "B", "C"]);
}

#[tokio::test]
async fn padding_may_be_absent() {
    let mut lengths = [false; 3];
    for name in ["A", "An", "Ann"] {
        let padded = header(&[("oid", OBJECT_ID), ("name", name)]);
        let bare = padded.trim_end_matches('=');
        lengths[padded.len() - bare.len()] = true;
        assert_eq!(read(bare).await, read(&padded).await);
        assert_eq!(read(bare).await.unwrap().name(), Some(name));
    }
    assert_eq!(lengths, [true; 3], "every padding was tried");
}

#[tokio::test]
async fn without_a_statement_of_the_kind_it_is_told_by_scopes_and_subject() {
    const NAME_ID: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";
    let cases: [(&[(&str, &str)], PrincipalKind); 8] = [
        (&[("idtyp", "app")], PrincipalKind::Application),
        (&[("idtyp", "user"), ("sub", OBJECT_ID)], PrincipalKind::User),
        (&[("sub", OBJECT_ID)], PrincipalKind::Application),
        (&[(NAME_ID, OBJECT_ID)], PrincipalKind::Application),
        (&[("sub", OBJECT_ID), ("scp", "x")], PrincipalKind::User),
        (&[("sub", "pairwise")], PrincipalKind::User),
        (&[("sub", OBJECT_ID), (NAME_ID, "pairwise")], PrincipalKind::User),
        (&[], PrincipalKind::User),
    ];
    for (claims, kind) in cases {
        let claims = [&[("oid", OBJECT_ID)], claims].concat();
        assert_eq!(read(header(&claims)).await.unwrap().kind(), kind, "{claims:?}");
    }
}

#[tokio::test]
async fn the_best_name_is_shown() {
    const EMAIL: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
    let names =
        [("app_displayname", "4"), ("preferred_username", "3"), (EMAIL, "2"), ("name", "1")];
    for known in 1..=names.len() {
        let claims = [&[("oid", OBJECT_ID), ("name", " ")], &names[..known]].concat();
        let principal = read(header(&claims)).await.unwrap();
        assert_eq!(principal.name(), Some(names[known - 1].1));
    }
    assert_eq!(read(header(&[("oid", OBJECT_ID)])).await.unwrap().name(), None);
}

#[tokio::test]
async fn the_same_id_twice_is_one_id() {
    let upper = OBJECT_ID.to_uppercase();
    let claims = [
        ("oid", OBJECT_ID),
        ("http://schemas.microsoft.com/identity/claims/objectidentifier", &*upper),
    ];
    assert_eq!(read(header(&claims)).await.unwrap().object_id(), OBJECT_ID);
}

#[tokio::test]
async fn types_may_be_absent_and_unknown_members_may_be_there() {
    let json = format!(
        r#" {{"auth_typ":"AAD","x":1,"x":{{}},"claims":[{{"val":"{OBJECT_ID}","typ":"oid","y":2}},{{"typ":"iat","val":17}}]}} "#
    );
    assert_eq!(read(encoded(&json)).await.unwrap().object_id(), OBJECT_ID);
}

/// Claims, whether they are a session of the configured app, and whether they are one if no app is configured.
type SessionCase = (&'static [(&'static str, &'static str)], bool, bool);

#[tokio::test]
async fn only_a_sign_in_to_the_app_itself_is_a_session() {
    const APP: &str = CLIENT_ID;
    const OTHER: &str = TENANT_ID;
    let of_app = ClientPrincipalHeader::new().app(OBJECT_ID).app(APP.to_uppercase());
    let of_any = ClientPrincipalHeader::new();
    let cases: [SessionCase; 12] = [
        (&[("aud", APP)], true, true),
        (&[("aud", APP), ("idtyp", "user"), ("roles", "r")], true, true),
        (&[("aud", APP), ("azp", APP)], true, true),
        (&[("aud", "api://app"), ("appid", APP)], true, false),
        (&[("aud", OTHER)], false, true),
        (&[("aud", "https://app.example")], false, false),
        (&[("aud", APP), ("aud", APP)], false, false),
        (&[("aud", APP), ("azp", OTHER)], false, false),
        (&[("aud", APP), ("scp", "")], false, false),
        (&[("aud", APP), ("idtyp", "app")], false, false),
        (&[("aud", APP), ("sub", OBJECT_ID)], false, false),
        (&[], false, false),
    ];
    for (claims, of_app_is, of_any_is) in cases {
        let value = header(&[&[("oid", OBJECT_ID)], claims].concat());
        let principal = read_by(&of_app, &value).await.unwrap();
        assert_eq!(principal.is_session(), of_app_is, "{claims:?}");
        assert_eq!(read_by(&of_any, &value).await.unwrap().is_session(), of_any_is, "{claims:?}");
    }
}

#[tokio::test]
async fn a_person_with_as_many_groups_as_entra_names_is_known() {
    let groups = |count: usize| {
        let groups: Vec<_> =
            (0..count).map(|id| format!("{id:08}-0d52-4c8e-9d53-0a6d2a3f7b11")).collect();
        let claims = groups.iter().map(|group| ("groups", group.as_str()));
        header(&[("oid", OBJECT_ID), ("name", "Ann")].into_iter().chain(claims).collect::<Vec<_>>())
    };
    assert!((16_000..20_000).contains(&groups(200).len()), "{}", groups(200).len());
    assert_eq!(read(groups(200)).await.unwrap().name(), Some("Ann"));
    assert_eq!(read(groups(450)).await, Err(ClientPrincipalError::TooLong));
}

#[tokio::test]
async fn no_header_is_no_request() {
    let outcome = outcome_of(&ClientPrincipalHeader::new(), &[]).await;
    assert!(matches!(outcome, Outcome::NotRequested), "{outcome:?}");
}

#[tokio::test]
async fn another_identity_provider_is_trusted_only_when_it_is_named() {
    let mut document = document(&[("oid", OBJECT_ID)]);
    document["auth_typ"] = json!("google");
    let value = encoded(&document);
    assert_eq!(read(&value).await, Err(ClientPrincipalError::IdentityProvider));
    let scheme = ClientPrincipalHeader::new().identity_provider("Google");
    assert!(read_by(&scheme, &value).await.is_ok());
    let entra = header(&[("oid", OBJECT_ID)]);
    assert_eq!(read_by(&scheme, entra).await, Err(ClientPrincipalError::IdentityProvider));
}

#[tokio::test]
async fn a_tenant_that_is_wanted_has_to_be_named() {
    let scheme = ClientPrincipalHeader::new().tenant(TENANT_ID);
    let upper = TENANT_ID.to_uppercase();
    let cases = [
        (Some(TENANT_ID), None),
        (Some(&*upper), None),
        (Some(CLIENT_ID), Some(ClientPrincipalError::Tenant)),
        (None, Some(ClientPrincipalError::MissingTenant)),
    ];
    for (tenant, refusal) in cases {
        let claims = [Some(("oid", OBJECT_ID)), tenant.map(|tenant| ("tid", tenant))];
        let value = header(&claims.into_iter().flatten().collect::<Vec<_>>());
        assert_eq!(read_by(&scheme, value).await.err(), refusal, "{tenant:?}");
    }
}

#[tokio::test]
async fn all_claims_are_kept_under_their_names_in_tokens() {
    let caller = read(header(&[
        ("http://schemas.microsoft.com/identity/claims/objectidentifier", OBJECT_ID),
        ("http://schemas.microsoft.com/identity/claims/tenantid", TENANT_ID),
        ("groups", "g1"),
        ("groups", "g2"),
        ("wids", "w1"),
        ("urn:department", "Kitchen"),
    ]))
    .await
    .unwrap();
    assert_eq!((caller.claim("oid"), caller.claim("tid")), (Some(OBJECT_ID), Some(TENANT_ID)));
    assert_eq!(caller.groups().collect::<Vec<_>>(), ["g1", "g2"]);
    assert_eq!(caller.directory_roles().collect::<Vec<_>>(), ["w1"]);
    assert_eq!((caller.claim("urn:department"), caller.claim("groups")), (Some("Kitchen"), None));
    assert!(!format!("{caller:?}").contains("Kitchen"), "the values are personal data");
}

#[test]
fn callers_are_equal_when_all_but_their_further_claims_are() {
    let ann = || Principal::new(PrincipalKind::User, OBJECT_ID);
    let others = [
        Principal::new(PrincipalKind::Application, OBJECT_ID),
        Principal::new(PrincipalKind::User, CLIENT_ID),
        ann().with_tenant_id(TENANT_ID),
        ann().with_client_id(CLIENT_ID),
        ann().with_name("Ann"),
        ann().with_roles(["MCP.Access"]),
        ann().with_scopes(["user_impersonation"]),
        ann().with_session(),
    ];
    for other in others {
        assert_ne!(ann(), other);
        assert_eq!(other.clone().with_claims([("sid".to_owned(), vec!["1".to_owned()])]), other);
    }
}
