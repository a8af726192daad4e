//! The `Authorization` header.

use std::error::Error as _;

use easyauth::{Authenticator, Outcome, Scheme, TokenError};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

use crate::issuer::{Issuer, KEY, scheme, v2_app};

/// The outcome of a request with these `Authorization` headers.
async fn outcome(values: &[&[u8]]) -> Outcome {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
    }
    scheme(&Issuer::with(&[&KEY])).authenticate(&headers).await
}

#[tokio::test]
async fn a_request_without_the_header_asks_for_nothing() {
    assert!(matches!(outcome(&[]).await, Outcome::NotRequested));
}

#[tokio::test]
async fn the_schemes_case_and_spaces_do_not_matter() {
    let token = KEY.token(&v2_app());
    for scheme in ["Bearer ", "bearer ", "BEARER ", "bEaReR   "] {
        let value = format!("{scheme}{token}");
        assert!(
            matches!(outcome(&[value.as_bytes()]).await, Outcome::Authenticated(_)),
            "{scheme}"
        );
    }
}

#[tokio::test]
async fn a_header_that_is_wrong_is_never_nobody() {
    let good = format!("Bearer {}", KEY.token(&v2_app()));
    let good = good.as_bytes();
    let twice = [good, b", ", good].concat();
    let cases: [(&[&[u8]], TokenError); 9] = [
        (&[good, good], TokenError::MultipleHeaders),
        (&[good, b"Basic YTpi"], TokenError::MultipleHeaders),
        (&[b"Basic YTpi"], TokenError::NotBearer),
        (&[b"Bearer2 YTpi"], TokenError::NotBearer),
        (&[&good[7..]], TokenError::NotBearer),
        (&[b""], TokenError::NotBearer),
        (&[b"Bearer"], TokenError::Malformed),
        (&[b"Bearer \xff\xfe"], TokenError::Malformed),
        (&[&twice], TokenError::Malformed),
    ];
    for (values, expected) in cases {
        let outcome = outcome(values).await;
        let Outcome::Failed(error) = outcome else { panic!("{values:?}: {outcome:?}") };
        let source = error.source().and_then(|source| source.downcast_ref());
        assert_eq!(source, Some(&expected), "{values:?}");
    }
}

#[tokio::test]
async fn its_failure_names_the_scheme() {
    let authenticator = Authenticator::new(scheme(&Issuer::with(&[&KEY])));
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Basic YTpi"))]);
    let error = authenticator.authenticate(&headers).await.unwrap_err();
    assert_eq!(error.scheme(), Some("access token"));
}
