//! What the service says of itself to clients that have no token yet: protected resource metadata (RFC 9728) and challenges (RFC 6750).

use axum::Router;
use http::HeaderValue;

/// The service as OAuth clients see it.
#[derive(Debug, Clone)]
pub struct ProtectedResource {
    origin: String,
    paths: Vec<String>,
    authorization_servers: Vec<String>,
    scopes: Vec<String>,
}

impl ProtectedResource {
    /// A service at this public origin, such as `https://reviews.example`: no path, no slash at the end.
    #[must_use]
    pub fn new(origin: impl Into<String>) -> Self {
        Self {
            origin: origin.into(),
            paths: Vec::new(),
            authorization_servers: Vec::new(),
            scopes: Vec::new(),
        }
    }

    /// Names a path that is a resource of its own, such as `/mcp`.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.paths.push(path.into());
        self
    }

    /// Names an authorization server: the issuer's URL.
    #[must_use]
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.authorization_servers.push(issuer.into());
        self
    }

    /// Names a scope to ask for, such as `api://<client id>/user_impersonation`.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// The metadata documents, at the root and at the path-suffixed addresses.
    pub fn router(&self) -> Router {
        Router::new()
    }

    /// `WWW-Authenticate` of a 401 at this path.
    pub(crate) fn challenge(&self, _path: &str) -> HeaderValue {
        HeaderValue::from_static("Bearer")
    }

    /// `WWW-Authenticate` of a 403 at this path.
    pub(crate) fn insufficient_scope(&self, _path: &str) -> HeaderValue {
        HeaderValue::from_static("Bearer error=\"insufficient_scope\"")
    }
}
