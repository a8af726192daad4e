//! The page for a browser whose user is not signed in, or not any more.

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use http::{
    HeaderMap, Method, StatusCode,
    header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, VARY},
    uri::PathAndQuery,
};
use tower_http::request_id::RequestId;

use crate::{
    RouterError, WebConfig, app_state::Site, error_page, security_headers::security_headers,
};

/// Shows a page in place of each 401 that a router gives a browser, where users sign in at one
/// ([`WebConfig::sign_in_path`]). The page leads to the sign-in, and says how a form that was sent is not lost. The
/// status and the headers stay. A client is a browser if it accepts `text/html` by name.
///
/// # Errors
/// When a template does not compile.
pub fn with_sign_in_page(router: Router, config: &WebConfig) -> Result<Router, RouterError> {
    let site = Site::new(config)?;
    Ok(if site.signs_in() { router.layer(from_fn_with_state(site, show)) } else { router })
}

async fn show(State(site): State<Site>, request: Request, next: Next) -> Response {
    if !accepts_html(request.headers()) {
        return next.run(request).await;
    }
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let address = request.uri().path_and_query().map(PathAndQuery::as_str);
    // After two slashes a browser expects a host: no link leads to another site.
    let address = address.filter(|address| is_read && !is_host(address));
    let address = address.unwrap_or("/").to_owned();
    let request_id = request.extensions().get::<RequestId>().cloned();
    let response = next.run(request).await;
    if response.status() != StatusCode::UNAUTHORIZED {
        return response;
    }
    let request_id = request_id.as_ref().and_then(|id| id.header_value().to_str().ok());
    let page = error_page::sign_in(&site, &address, !is_read, request_id);
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.append(VARY, ACCEPT.into());
    let (page_parts, body) = page.into_parts();
    parts.headers.extend(page_parts.headers);
    security_headers(Response::from_parts(parts, body))
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut kinds = accepted.flat_map(|value| value.split(','));
    kinds.any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "text/html"))
}

/// Whether a browser would read a host at the start of an address.
fn is_host(address: &str) -> bool {
    address.get(1..).is_some_and(|rest| rest.starts_with(['/', '\\']))
}
