//! A slash at the end of an address that programs use, such as `/mcp/`, means the same as none: they follow no redirect.

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    http::{Uri, uri::PathAndQuery},
};
use tower::{ServiceExt, service_fn};

/// Where the metadata for clients is (RFC 9728), followed by the path that it describes.
const METADATA: &str = "/.well-known/oauth-protected-resource";

/// Routes requests for these paths and their metadata as if their address ended without a slash.
pub fn ignored_for(paths: &[&'static str], app: Router) -> Router {
    let paths: Arc<[&'static str]> = paths.into();
    Router::new().fallback_service(service_fn(move |mut request: Request| {
        if let Some(uri) = without_slash(request.uri(), &paths) {
            *request.uri_mut() = uri;
        }
        app.clone().oneshot(request)
    }))
}

/// The address without the slash at its end, where that is one of these.
fn without_slash(uri: &Uri, paths: &[&str]) -> Option<Uri> {
    let path = uri.path().strip_suffix('/')?;
    let described = path.strip_prefix(METADATA).filter(|described| !described.is_empty());
    let is_known = path == METADATA || paths.contains(&described.unwrap_or(path));
    if !is_known {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{path}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}
