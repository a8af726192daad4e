//! What a refused caller gets: a status, a challenge, and nothing that tells why.

use axum::{body::Body, extract::OriginalUri, response::Response};
use http::{
    HeaderValue, Request, StatusCode,
    header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE},
};

use crate::{AuthnError, Principal, ProtectedResource, Requirement};

/// The longest path that goes to the log, in characters: it is the caller's text.
const MAX_LOGGED_PATH: usize = 200;

/// 401, the same for every reason, or 503 when there was no verdict.
pub(crate) fn unauthenticated<B>(
    refusal: &AuthnError,
    request: &Request<B>,
    resource: &ProtectedResource,
) -> Response {
    tracing::info!(target: "easyauth", reason = %refusal, path = logged_path(request), "refused");
    if let Some(seconds) = refusal.retry_after_seconds() {
        return unavailable(seconds);
    }
    empty(StatusCode::UNAUTHORIZED, (WWW_AUTHENTICATE, resource.challenge(original_path(request))))
}

/// 403 (RFC 6750 §3.1) for a caller who is known. The log names them: they come back until somebody gives them the right.
pub(crate) fn insufficient_scope<B>(
    caller: &Principal,
    requirement: &Requirement,
    request: &Request<B>,
    resource: &ProtectedResource,
) -> Response {
    tracing::info!(
        target: "easyauth",
        reason = "the caller has not the role, or not the scope",
        role = requirement.role(),
        scope = requirement.scope(),
        caller_id = caller.object_id(),
        caller_kind = ?caller.kind(),
        path = logged_path(request),
        "refused"
    );
    empty(
        StatusCode::FORBIDDEN,
        (WWW_AUTHENTICATE, resource.insufficient_scope(original_path(request))),
    )
}

/// 503: the issuer has to be asked first.
pub(crate) fn unavailable(retry_after_seconds: u32) -> Response {
    empty(StatusCode::SERVICE_UNAVAILABLE, (RETRY_AFTER, retry_after_seconds.into()))
}

/// A bare 401 where no resource is known.
pub(crate) fn bare_unauthenticated() -> Response {
    empty(StatusCode::UNAUTHORIZED, (WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
}

fn empty(status: StatusCode, header: (http::HeaderName, HeaderValue)) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().extend([header, (CACHE_CONTROL, HeaderValue::from_static("no-store"))]);
    response
}

/// The path that the client asked for, which a nested router no longer sees in the request's URI.
fn original_path<B>(request: &Request<B>) -> &str {
    let original = request.extensions().get::<OriginalUri>();
    original.map_or(request.uri(), |OriginalUri(uri)| uri).path()
}

fn logged_path<B>(request: &Request<B>) -> String {
    original_path(request).chars().take(MAX_LOGGED_PATH).collect()
}
