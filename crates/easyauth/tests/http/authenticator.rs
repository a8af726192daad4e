//! Several schemes: all must authenticate the request, and to the same caller.

use async_trait::async_trait;
use easyauth::{
    Authenticator, AuthnError, AuthnErrorKind, ClientPrincipalError, Outcome, Principal,
    PrincipalKind, Scheme, TokenError,
};
use http::HeaderMap;

/// A scheme with a constant outcome.
#[derive(Clone)]
enum Stub {
    Nothing,
    Caller(Principal),
    Rejected,
    Transient,
}

#[async_trait]
impl Scheme for Stub {
    fn name(&self) -> &'static str {
        "stub"
    }

    async fn authenticate(&self, _: &HeaderMap) -> Outcome {
        match self {
            Self::Nothing => Outcome::NotRequested,
            Self::Caller(principal) => Outcome::Authenticated(principal.clone()),
            Self::Rejected => Outcome::Failed(ClientPrincipalError::Json.into()),
            Self::Transient => Outcome::Failed(TokenError::KeysUnavailable.into()),
        }
    }
}

fn agent() -> Principal {
    Principal::new(PrincipalKind::Application, "ab")
}

async fn both(one: Stub, other: Stub) -> Result<Principal, AuthnError> {
    Authenticator::new(one).and(other).authenticate(&HeaderMap::new()).await
}

async fn both_know(one: Principal, other: Principal) -> Result<Principal, AuthnError> {
    both(Stub::Caller(one), Stub::Caller(other)).await
}

#[tokio::test]
async fn one_scheme_decides_alone() {
    let answer = |stub| async { Authenticator::new(stub).authenticate(&HeaderMap::new()).await };
    assert_eq!(answer(Stub::Caller(agent())).await.unwrap(), agent());
    assert!(
        matches!(answer(Stub::Nothing).await, Err(error) if error.kind() == AuthnErrorKind::Missing)
    );
    assert!(
        matches!(answer(Stub::Rejected).await, Err(error) if error.kind() == AuthnErrorKind::Rejected)
    );
}

#[tokio::test]
async fn all_schemes_have_to_know_the_caller_and_a_verdict_comes_first() {
    let caller = || Stub::Caller(agent());
    let cases = [
        (caller(), Stub::Nothing, "the request names no caller"),
        (Stub::Nothing, Stub::Nothing, "the request names no caller"),
        (
            caller(),
            Stub::Rejected,
            "client principal header: it is not the JSON that the platform writes",
        ),
        (
            Stub::Nothing,
            Stub::Rejected,
            "client principal header: it is not the JSON that the platform writes",
        ),
        (
            Stub::Transient,
            Stub::Rejected,
            "client principal header: it is not the JSON that the platform writes",
        ),
        (caller(), Stub::Transient, "access token: the issuer's keys are not available"),
        (Stub::Nothing, Stub::Transient, "access token: the issuer's keys are not available"),
    ];
    for (one, other, reason) in cases {
        for (first, second) in [(one.clone(), other.clone()), (other, one)] {
            assert_eq!(both(first, second).await.unwrap_err().to_string(), reason);
        }
    }
}

#[tokio::test]
async fn callers_are_the_same_by_object_tenant_client_and_kind() {
    let tenant = || agent().with_tenant_id("t1");
    let client = || agent().with_client_id("c1");
    let same = [
        (agent(), agent()),
        (agent(), Principal::new(PrincipalKind::Application, "AB")),
        (agent(), tenant()),
        (tenant(), agent().with_tenant_id("T1")),
        (agent(), client()),
        (client(), agent().with_client_id("C1")),
        (agent().with_name("Ann"), agent().with_name("Bob")),
    ];
    for (one, other) in same {
        for (one, other) in [(one.clone(), other.clone()), (other, one)] {
            assert!(both_know(one.clone(), other.clone()).await.is_ok(), "{one:?} {other:?}");
        }
    }
    let different = [
        (agent(), Principal::new(PrincipalKind::Application, "abc")),
        (agent(), Principal::new(PrincipalKind::User, "ab")),
        (tenant(), agent().with_tenant_id("t2")),
        (client(), agent().with_client_id("c2")),
    ];
    for (one, other) in different {
        for (one, other) in [(one.clone(), other.clone()), (other, one)] {
            let error = both_know(one, other).await.unwrap_err();
            assert_eq!(error.kind(), AuthnErrorKind::CallerMismatch, "{error}");
        }
    }
}

#[tokio::test]
async fn three_schemes_agree_pairwise() {
    let with_tenant = |tenant| Stub::Caller(agent().with_tenant_id(tenant));
    let of = |first, third| Authenticator::new(first).and(Stub::Caller(agent())).and(third);
    let headers = HeaderMap::new();
    assert!(of(with_tenant("t"), with_tenant("t")).authenticate(&headers).await.is_ok());
    assert!(of(with_tenant("t"), with_tenant("u")).authenticate(&headers).await.is_err());
}

#[tokio::test]
async fn only_rights_that_all_schemes_name_count_and_what_one_knows_is_kept() {
    let one = agent().with_roles(["a", "b"]).with_scopes(["s", "t"]).with_tenant_id("t1");
    let session = Principal::new(PrincipalKind::User, "ab").with_session();
    let person = Principal::new(PrincipalKind::User, "ab");
    assert!(both_know(session.clone(), session.clone()).await.unwrap().is_session());
    assert!(!both_know(session, person).await.unwrap().is_session());
    let other = agent().with_roles(["b", "c"]).with_scopes(["t", "u"]);
    let other = other.with_client_id("c1").with_name("Guide");
    let expected = agent().with_roles(["b"]).with_scopes(["t"]);
    let expected = expected.with_tenant_id("t1").with_client_id("c1").with_name("Guide");
    assert_eq!(both_know(one.clone(), other.clone()).await.unwrap(), expected);
    assert_eq!(both_know(other, one).await.unwrap(), expected);
}

#[tokio::test]
async fn claims_count_only_as_far_as_both_schemes_name_them() {
    let with = |claims: &[(&str, &[&str])]| {
        let texts = |values: &[&str]| values.iter().map(|&it| it.to_owned()).collect();
        agent().with_claims(claims.iter().map(|(name, values)| ((*name).to_owned(), texts(values))))
    };
    let header = with(&[("groups", &["a", "b"]), ("tid", &["t"]), ("forged", &["x"])]);
    let token = with(&[("groups", &["b", "c"]), ("tid", &["t"]), ("exp", &["1"])]);
    let caller = both_know(header, token).await.unwrap();
    assert!(caller.groups().eq(["b"]) && caller.claim("tid") == Some("t"));
    assert_eq!((caller.claim("forged"), caller.claim("exp")), (None, None));
}
