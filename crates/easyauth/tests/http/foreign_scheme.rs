//! A scheme of another crate: it reports failures of its own.

use std::{error::Error as _, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{Router, routing::get};
use easyauth::{
    AuthenticationLayer, Authenticator, AuthnError, AuthnErrorKind, Outcome, Principal,
    PrincipalKind, Scheme,
};
use http::{HeaderMap, Request};

use crate::{
    layers::as_text,
    log::logged,
    service::{answer, resource, seen},
};

/// Authenticates by `x-api-key`. A database has the keys.
struct ApiKey;

#[derive(Debug, thiserror::Error)]
#[error("the database is not available")]
struct DatabaseError;

#[async_trait]
impl Scheme for ApiKey {
    fn name(&self) -> &'static str {
        "API key"
    }

    fn challenge(&self) -> &'static str {
        "ApiKey"
    }

    async fn authenticate(&self, headers: &HeaderMap) -> Outcome {
        let retry_after = Duration::from_secs(17);
        match headers.get("x-api-key").map(http::HeaderValue::as_bytes) {
            None => Outcome::NotRequested,
            Some(b"good") => {
                Outcome::Authenticated(Principal::new(PrincipalKind::Application, "robot"))
            }
            Some(b"unchecked") => Outcome::Failed(
                AuthnError::transient("API key", retry_after).with_source(DatabaseError),
            ),
            Some(_) => Outcome::Failed(AuthnError::rejected("API key: it was withdrawn")),
        }
    }
}

fn app() -> Router {
    let layer = AuthenticationLayer::new(Authenticator::new(ApiKey), resource());
    layer.wrap(Router::new().route("/", get(seen)))
}

fn request_with(key: &str) -> http::request::Builder {
    Request::get("/").header("x-api-key", key)
}

#[tokio::test]
async fn its_caller_is_authenticated() {
    assert_eq!(answer(&app(), request_with("good")).await.body(), "/ robot [x-api-key]");
}

#[tokio::test]
async fn a_shared_scheme_is_the_scheme() {
    let scheme: Arc<dyn Scheme> = Arc::new(ApiKey);
    let layer = AuthenticationLayer::new(Authenticator::new(scheme), resource());
    let shared = layer.wrap(Router::new().route("/", get(seen)));
    for key in ["good", "withdrawn", "unchecked"] {
        let own = answer(&app(), request_with(key)).await;
        let through = answer(&shared, request_with(key)).await;
        assert_eq!(as_text(&own), as_text(&through), "{key}");
    }
    let (_, event) = logged(&shared, request_with("withdrawn")).await;
    assert_eq!(event["fields"]["scheme"], "API key");
}

#[tokio::test]
async fn its_rejection_is_a_401_with_its_description_in_the_log_alone() {
    let (missing, _) = logged(&app(), Request::get("/")).await;
    let (response, event) = logged(&app(), request_with("withdrawn")).await;
    assert_eq!(response.status(), 401);
    assert_eq!(as_text(&response), as_text(&missing), "the same to the byte");
    assert_eq!(event["fields"]["reason"], "API key: it was withdrawn");
    assert_eq!(event["fields"]["scheme"], "API key");
}

/// A scheme whose challenge has this name.
struct Named(&'static str);

#[async_trait]
impl Scheme for Named {
    fn name(&self) -> &'static str {
        "named"
    }

    fn challenge(&self) -> &'static str {
        self.0
    }

    async fn authenticate(&self, _: &HeaderMap) -> Outcome {
        Outcome::NotRequested
    }
}

#[tokio::test]
async fn each_scheme_challenges_once_by_its_name() {
    for (names, expected) in [
        (["ApiKey", "Bearer", "ApiKey"], vec!["ApiKey", "Bearer"]),
        (["", "Api Key", "Key\r\nx: y"], vec!["Bearer"]),
    ] {
        let [first, second, third] = names.map(Named);
        let schemes = Authenticator::new(first).and(second).and(third);
        let layer = AuthenticationLayer::new(schemes, resource());
        let response = answer(&layer.wrap(Router::new()), Request::get("/")).await;
        let challenges: Vec<_> = response
            .headers()
            .get_all("www-authenticate")
            .iter()
            .map(|value| value.to_str().unwrap().split_once(" resource_metadata=\"").unwrap().0)
            .collect();
        assert_eq!(challenges, expected);
    }
}

#[tokio::test]
async fn its_transient_error_is_a_503_with_its_delay() {
    let (response, event) = logged(&app(), request_with("unchecked")).await;
    assert_eq!(as_text(&response), "503 retry-after: 17 cache-control: no-store | ");
    assert_eq!(event["fields"]["reason"], "API key: the database is not available");
}

#[tokio::test]
async fn its_error_has_a_kind_and_a_source() {
    let authenticate = async |key| {
        let (parts, ()) = request_with(key).body(()).unwrap().into_parts();
        Authenticator::new(ApiKey).authenticate(&parts.headers).await
    };
    let rejected = authenticate("withdrawn").await.unwrap_err();
    assert_eq!((rejected.kind(), rejected.is_transient()), (AuthnErrorKind::Rejected, false));
    assert!(rejected.source().is_none());
    assert_eq!(rejected.scheme(), Some("API key"));
    let transient = authenticate("unchecked").await.unwrap_err();
    let retry_after = Duration::from_secs(17);
    assert_eq!(transient.kind(), AuthnErrorKind::Transient { retry_after });
    assert!(transient.is_transient());
    assert!(transient.source().unwrap().is::<DatabaseError>());
}

/// A scheme that names no challenge.
struct Unnamed;

#[async_trait]
impl Scheme for Unnamed {
    fn name(&self) -> &'static str {
        "unnamed"
    }

    async fn authenticate(&self, _: &HeaderMap) -> Outcome {
        Outcome::NotRequested
    }
}

#[tokio::test]
async fn a_scheme_without_a_challenge_of_its_own_has_a_bearers() {
    let schemes = Authenticator::new(Named("ApiKey")).and(Unnamed);
    let layer = AuthenticationLayer::new(schemes, resource());
    let app = layer.wrap(Router::new().route("/", get(seen)));
    let response = answer(&app, Request::get("/")).await;
    let challenges: Vec<_> = response.headers().get_all("www-authenticate").iter().collect();
    let [_, challenge] = challenges[..] else { panic!("{challenges:?}") };
    assert!(challenge.as_bytes().starts_with(b"Bearer "), "{challenge:?}");
}
