//! The response of a transient error, and the path of a request for challenges and the log.

use std::time::Duration;

use axum::{body::Body, extract::OriginalUri, response::Response};
use http::{
    HeaderValue, Request, StatusCode,
    header::{CACHE_CONTROL, RETRY_AFTER},
};

/// Invariant: the most characters of a path that are logged. The caller chooses the path.
const MAX_LOGGED_PATH: usize = 200;

/// 503 with `Retry-After`, which no cache may store.
pub(crate) fn unavailable(retry_after: Duration) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.insert(RETRY_AFTER, retry_after.as_secs().into());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The path that the client requested. A nested router removes its prefix from the request's URI.
pub(crate) fn original_path<B>(request: &Request<B>) -> &str {
    let original = request.extensions().get::<OriginalUri>();
    original.map_or(request.uri(), |OriginalUri(uri)| uri).path()
}

pub(crate) fn logged_path<B>(request: &Request<B>) -> String {
    original_path(request).chars().take(MAX_LOGGED_PATH).collect()
}
