//! The headers that every response carries, whatever its status.

use axum::response::Response;
use http::{
    HeaderName, HeaderValue,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
        X_FRAME_OPTIONS,
    },
};

/// Invariant: nothing inline and nothing from elsewhere ever runs, styles or frames a page, so a text that slips through escaping stays dead.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Header names and values. The referrer stays within the site, and is not turned off: without it browsers send `Origin: null` with our own forms, which the cross-origin guard refuses.
const HEADERS: [(HeaderName, HeaderValue); 7] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
];

/// A page may depend on the caller: no shared cache stores it, and a browser revalidates it before it shows it again.
/// Not `no-store`, so that going back after a refused form still finds what was typed.
const PAGE_CACHING: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Adds the headers, and a caching rule where the response has none of its own.
pub(crate) async fn security_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.extend(HEADERS);
    headers.entry(CACHE_CONTROL).or_insert(PAGE_CACHING);
    response
}
