//! The headers that every response carries, whatever its status.

use std::{mem, sync::LazyLock};

use axum::response::Response;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
        X_FRAME_OPTIONS,
    },
};

/// Invariant: nothing inline and nothing from elsewhere ever runs, styles or frames a page, so a text that slips through escaping stays dead.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page may depend on the caller: no shared cache stores it, and a browser revalidates it before it shows it again.
/// Not `no-store`, so that going back after a refused form still finds what was typed.
const PAGE_CACHING: HeaderValue = HeaderValue::from_static("private, no-cache");

/// The headers. The referrer stays within the site, and is not turned off: without it browsers send `Origin: null` with our own forms, which the cross-origin guard refuses.
static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    HeaderMap::from_iter([
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
            HeaderValue::from_static(
                "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            ),
        ),
    ])
});

/// Puts the headers in the place of the response's own of these names, and a caching rule where it has none.
pub(crate) fn security_headers(mut response: Response) -> Response {
    // A copy of all is cheaper than one after the other.
    let own = mem::replace(response.headers_mut(), HEADERS.clone());
    let headers = response.headers_mut();
    for (name, value) in &own {
        if !HEADERS.contains_key(name) {
            headers.append(name, value.clone());
        }
    }
    headers.entry(CACHE_CONTROL).or_insert(PAGE_CACHING);
    response
}
