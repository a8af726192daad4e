//! Ignores a trailing slash in the paths of programs, such as `/mcp/`, because programs may not follow a redirect.

use axum::{
    extract::Request,
    http::{Uri, uri::PathAndQuery},
};

/// The path of protected resource metadata (RFC 9728), followed by the path of the resource.
const METADATA: &str = "/.well-known/oauth-protected-resource";

/// Removes the slash at the end of one of these paths, or of that of its metadata.
pub fn remove(mut request: Request, paths: &[&str]) -> Request {
    if let Some(uri) = without_slash(request.uri(), paths) {
        *request.uri_mut() = uri;
    }
    request
}

/// The path without its trailing slash, if it is one of these.
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
