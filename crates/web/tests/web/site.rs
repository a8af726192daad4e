//! A router to send requests to, and what comes back.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::{Body, Bytes, to_bytes},
};
use http::{
    HeaderMap, HeaderValue, Request, StatusCode,
    header::{CONTENT_TYPE, HeaderName},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use restaurant_domain::{Actor, Repository};
use restaurant_web::{WebConfig, public_router, router};
use tokio::time::timeout;
use tower::ServiceExt;
use tower_http::request_id::RequestId;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// A router behind a caller and a request id.
#[derive(Clone)]
pub(crate) struct TestSite(Router);

impl TestSite {
    /// For a caller who may do everything.
    pub(crate) fn over(repository: Arc<dyn Repository>) -> Self {
        Self::with(repository, WebConfig::default(), Some(Actor::unauthenticated()))
    }

    /// With limits and a caller of one's own.
    pub(crate) fn with(
        repository: Arc<dyn Repository>,
        config: WebConfig,
        actor: Option<Actor>,
    ) -> Self {
        let id = RequestId::new(HeaderValue::from_static("req-42"));
        let app = public_router(Arc::clone(&repository), &config)
            .unwrap()
            .merge(router(repository, config).unwrap())
            .layer(Extension(id));
        Self(match actor {
            Some(actor) => app.layer(Extension(actor)),
            None => app,
        })
    }

    /// For a router of one's own.
    pub(crate) fn of(app: Router) -> Self {
        Self(app)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        // Longer than any limit under test: what never answers fails its test.
        let response = timeout(Duration::from_secs(60), self.0.clone().oneshot(request));
        let response = response.await.unwrap().unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, address: &str) -> Answer {
        self.send(request("GET", address)).await
    }

    /// Sends a form as a browser does.
    pub(crate) async fn post(&self, address: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(form(address, &encode(fields))).await
    }
}

pub(crate) fn request(method: &str, address: &str) -> Request<Body> {
    Request::builder().method(method).uri(address).body(Body::empty()).unwrap()
}

/// A form with a body as it is.
pub(crate) fn form(address: &str, body: &str) -> Request<Body> {
    let mut request = request("POST", address).map(|_| Body::from(body.to_owned()));
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
    request
}

/// The request with one more header.
pub(crate) fn and_header(
    mut request: Request<Body>,
    name: &'static str,
    value: &str,
) -> Request<Body> {
    let name = HeaderName::from_static(name);
    request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
    request
}

pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    pairs.join("&")
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    /// A header's value; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn shows(&self, text: &str) -> &Self {
        assert!(self.text().contains(text), "{text:?} is not in:\n{}", self.text());
        self
    }

    #[track_caller]
    pub(crate) fn hides(&self, text: &str) -> &Self {
        assert!(!self.text().contains(text), "{text:?} is in:\n{}", self.text());
        self
    }

    /// A whole error page: status, title, request id, a way back, and nothing for a cache.
    #[track_caller]
    pub(crate) fn is_error_page(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(self.header("cache-control"), "no-store");
        self.shows(&format!("<title>{status} ")).shows("req-42").shows("href=\"/\">Back")
    }
}
