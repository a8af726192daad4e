//! Whether the process lives, and whether it can serve: for probes, in plain text and without an actor.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, RETRY_AFTER},
};
use restaurant_domain::{ErrorChain, Repository};
use tokio::time::timeout;

use crate::{error_page::RETRY_AFTER_SECONDS, security_headers::security_headers};

/// What [`alive`] says.
const ALIVE: &str = "ok\n";

/// What the probes look at.
#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) repository: Arc<dyn Repository>,
    pub(crate) ready_timeout: Duration,
}

/// The answer of `GET /healthz`: the process answers. It asks no store, so a store that is away gets no process killed.
///
/// [`public_router`](crate::public_router) answers with it. An application may do so too, before its own layers.
pub async fn alive() -> Response {
    static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
        let answer = security_headers(plain(StatusCode::OK, ALIVE));
        answer.into_parts().0.headers
    });
    let mut response = Response::new(Body::from(ALIVE));
    *response.headers_mut() = HEADERS.clone();
    response
}

/// `GET /readyz`: the store answers within its time.
pub(crate) async fn ready(State(health): State<Health>) -> Response {
    match timeout(health.ready_timeout, health.repository.ping()).await {
        Ok(Ok(())) => return plain(StatusCode::OK, "ready\n"),
        Ok(Err(error)) => tracing::warn!(error = %ErrorChain(&error), "not ready"),
        Err(_) => {
            tracing::warn!(limit = ?health.ready_timeout, "not ready: the store did not answer");
        }
    }
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "not ready\n");
    response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = (status, text).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
