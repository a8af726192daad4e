//! Requests that are not passed on, since it is in doubt where they end or for whom they are.

use axum::extract::Request;
use http::{
    Method, StatusCode, Version,
    header::{HOST, TRANSFER_ENCODING},
};

/// Why a request is not passed on. What is wrong with lengths and line ends, the HTTP library has refused before.
pub(super) fn refusal(request: &Request) -> Option<StatusCode> {
    if !is_for_one_host(request) {
        return Some(StatusCode::BAD_REQUEST);
    }
    // A coding besides chunks would be lost on the way, with what it says of the body.
    let mut codings = request.headers().get_all(TRANSFER_ENCODING).iter();
    let coding = codings.next().map(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    let is_plain = coding.unwrap_or(true) && codings.next().is_none();
    let is_known = is_plain && request.method() != Method::CONNECT;
    (!is_known).then_some(StatusCode::NOT_IMPLEMENTED)
}

/// Whether it names one host (RFC 9112, section 3.2), in both places where it may.
fn is_for_one_host(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let authority = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    match (hosts.next(), hosts.next()) {
        (None, _) => request.version() < Version::HTTP_11,
        (Some(host), None) => authority.is_none_or(|authority| authority == host.as_bytes()),
        (Some(_), Some(_)) => false,
    }
}
