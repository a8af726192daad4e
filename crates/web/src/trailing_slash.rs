//! An address with a slash too many at its end, such as `/create/`: it leads to the page without it.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header::LOCATION};

use crate::error_page::PageError;

/// The pages with a fixed address, and those whose address ends with an id or a file's name.
const FIXED: [&str; 4] = ["create", "add", "favicon.ico", "robots.txt"];
const NAMED: [&str; 3] = ["details", "review", "static"];

/// 308 to a page's address without the slashes at its end: a form is sent again, and the query is kept. Anything else does not exist.
pub(crate) async fn redirect(address: Uri) -> Response {
    match without_slashes(&address) {
        Some(location) => {
            let headers = HeaderMap::from_iter([(LOCATION, location)]);
            (StatusCode::PERMANENT_REDIRECT, headers).into_response()
        }
        None => PageError::NotFound.into_response(),
    }
}

/// The address of a page without the slashes at its end.
///
/// Invariant: it opens with a slash and the name of one of our pages, so it never leads to another site, as `//host` would.
fn without_slashes(address: &Uri) -> Option<HeaderValue> {
    let path = address.path().strip_suffix('/')?.trim_end_matches('/');
    let named = path.strip_prefix('/')?;
    let is_ours = match named.split_once('/') {
        None => FIXED.contains(&named),
        Some((page, name)) => NAMED.contains(&page) && !name.is_empty() && !name.contains('/'),
    };
    let query = address.query().map(|query| format!("?{query}")).unwrap_or_default();
    is_ours.then(|| HeaderValue::try_from(format!("{path}{query}")).ok())?
}
