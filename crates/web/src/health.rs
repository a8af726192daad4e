//! Whether the process lives, and whether it can serve: for probes, in plain text and without an actor.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, RETRY_AFTER},
};
use tokio::time::timeout;

use crate::{
    error_page::{Chain, Complete, RETRY_AFTER_SECONDS},
    router::Site,
};

/// `GET /healthz`: the process answers. It asks no store, so a store that is away gets no process killed.
pub(crate) async fn alive() -> Response {
    plain(StatusCode::OK, "ok\n")
}

/// `GET /readyz`: the store answers within its time.
pub(crate) async fn ready(State(site): State<Site>) -> Response {
    match timeout(site.ready_timeout, site.repository.ping()).await {
        Ok(Ok(())) => return plain(StatusCode::OK, "ready\n"),
        Ok(Err(error)) => tracing::warn!(error = %Chain(&error), "not ready"),
        Err(_) => {
            tracing::warn!(limit = ?site.ready_timeout, "not ready: the store did not answer");
        }
    }
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "not ready\n");
    response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = (status, text).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Complete);
    response
}
