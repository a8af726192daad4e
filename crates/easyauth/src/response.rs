//! Responses without a body, and the path of a request for challenges and the log.

use std::time::Duration;

use axum::{body::Body, extract::OriginalUri, response::Response};
use http::{
    HeaderName, HeaderValue, Request, StatusCode,
    header::{CACHE_CONTROL, RETRY_AFTER},
};

/// Invariant: the most characters of a path that are logged. The caller chooses the path.
const MAX_LOGGED_PATH: usize = 200;

/// A response without a body that no cache may store.
pub(crate) fn empty(status: StatusCode, header: (HeaderName, HeaderValue)) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().extend([header, (CACHE_CONTROL, HeaderValue::from_static("no-store"))]);
    response
}

/// 503 with `Retry-After`.
pub(crate) fn unavailable(retry_after: Duration) -> Response {
    empty(StatusCode::SERVICE_UNAVAILABLE, (RETRY_AFTER, retry_after.as_secs().into()))
}

/// The path that the client requested. A nested router removes its prefix from the request's URI.
pub(crate) fn original_path<B>(request: &Request<B>) -> &str {
    let original = request.extensions().get::<OriginalUri>();
    original.map_or(request.uri(), |OriginalUri(uri)| uri).path()
}

pub(crate) fn logged_path<B>(request: &Request<B>) -> String {
    original_path(request).chars().take(MAX_LOGGED_PATH).collect()
}
