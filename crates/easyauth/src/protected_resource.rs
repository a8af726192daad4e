//! What the service says of itself to clients that have no token yet: protected resource metadata (RFC 9728) and challenges (RFC 6750).

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json, Router,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderValue, Uri, header::CACHE_CONTROL};
use serde::Serialize;

use crate::{EntraTokenValidator, TokenError, response};

/// Where the metadata of the root resource is; that of a path is under this and the path (RFC 9728, section 3.1).
const METADATA: &str = "/.well-known/oauth-protected-resource";

/// How long (five minutes) a client may keep the metadata: it changes with the service's settings alone.
const METADATA_CACHING: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The service as OAuth clients see it.
#[derive(Debug, Clone)]
pub struct ProtectedResource {
    origin: String,
    name: Option<String>,
    paths: BTreeSet<String>,
    authorization_servers: Vec<String>,
    /// Whose issuer is an authorization server as well.
    token: Option<Arc<EntraTokenValidator>>,
    scopes: Vec<String>,
}

impl ProtectedResource {
    /// A service at this public origin, such as `https://reviews.example`: no path, no slash at the end.
    ///
    /// # Errors
    /// When it is no origin.
    pub fn new(origin: &str) -> Result<Self, ResourceError> {
        if !is_origin(origin) {
            return Err(ResourceError::Origin);
        }
        Ok(Self {
            origin: origin.to_owned(),
            name: None,
            paths: BTreeSet::new(),
            authorization_servers: Vec::new(),
            token: None,
            scopes: Vec::new(),
        })
    }

    /// Names a path that is a resource of its own, such as `/mcp`.
    ///
    /// # Errors
    /// When it is none, ends with a slash, or has segments that are empty or dots.
    pub fn path(mut self, path: &str) -> Result<Self, ResourceError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        let is_segment =
            |segment: &str| !matches!(segment, "" | "." | "..") && segment.chars().all(is_plain);
        if !path.strip_prefix('/').is_some_and(|path| path.split('/').all(is_segment)) {
            return Err(ResourceError::Path);
        }
        self.paths.insert(path.to_owned());
        Ok(self)
    }

    /// Names the service for people (`resource_name`).
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Names an authorization server: the issuer's URL.
    #[must_use]
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.authorization_servers.push(issuer.into());
        self
    }

    /// Names the issuer of these tokens as an authorization server, under the name that its discovery document has (RFC
    /// 9728, section 2: an issuer identifier). Until that is known the metadata is 503: another name would send clients
    /// to a server whose tokens are refused.
    #[must_use]
    pub fn issuer_of(mut self, token: Arc<EntraTokenValidator>) -> Self {
        self.token = Some(token);
        self
    }

    /// Names a scope to ask for, such as `api://<client id>/user_impersonation`.
    ///
    /// # Errors
    /// When it has characters that a scope may not have (RFC 6749, section 3.3).
    pub fn scope(mut self, scope: &str) -> Result<Self, ResourceError> {
        if scope.is_empty() || scope.contains(' ') || !is_quotable(scope) {
            return Err(ResourceError::Scope);
        }
        self.scopes.push(scope.to_owned());
        Ok(self)
    }

    /// The metadata documents: at the root for the origin, and path-suffixed for each path (RFC 9728, section 3.1).
    /// Mount them where nobody is asked who they are. Behind App Service Authentication do not: the platform has its own.
    pub fn router(&self) -> Router {
        let paths = std::iter::once("").chain(self.paths.iter().map(String::as_str));
        paths.fold(Router::new(), |router, path| {
            let (document, token) = (self.document(path), self.token.clone());
            router.route(&format!("{METADATA}{path}"), get(async || answer(document, token).await))
        })
    }

    /// The metadata, as far as it is known without asking.
    fn document(&self, path: &str) -> Document {
        Document {
            resource: format!("{}{path}", self.origin),
            resource_name: self.name.clone(),
            authorization_servers: self.authorization_servers.clone(),
            scopes_supported: self.scopes.clone(),
            bearer_methods_supported: ["header"],
        }
    }

    /// `WWW-Authenticate` of a 401 at this path. It has no `error`: a request without a token and one with a bad one are told the same.
    pub(crate) fn challenge(&self, path: &str) -> HeaderValue {
        self.bearer(path, "")
    }

    /// `WWW-Authenticate` of a 403 at this path (RFC 6750, section 3.1).
    pub(crate) fn insufficient_scope(&self, path: &str) -> HeaderValue {
        self.bearer(path, "error=\"insufficient_scope\", ")
    }

    /// The challenge with the address of the metadata (RFC 9728, section 5.1) and the scopes to ask for.
    fn bearer(&self, path: &str, error: &str) -> HeaderValue {
        let suffix = self.paths.get(path).map_or("", String::as_str);
        let mut value =
            format!("Bearer {error}resource_metadata=\"{}{METADATA}{suffix}\"", self.origin);
        if !self.scopes.is_empty() {
            value.push_str(", scope=\"");
            value.push_str(&self.scopes.join(" "));
            value.push('"');
        }
        // Every part was looked at when it was set.
        HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("Bearer"))
    }
}

/// Answers with the metadata, once the issuer is known.
async fn answer(mut document: Document, token: Option<Arc<EntraTokenValidator>>) -> Response {
    if let Some(token) = token {
        match token.issuer().await {
            Ok(issuer) => document.authorization_servers.push(issuer.to_string()),
            Err(refusal) => return not_yet(refusal),
        }
    }
    ([(CACHE_CONTROL, METADATA_CACHING)], Json(document)).into_response()
}

fn not_yet(reason: TokenError) -> Response {
    tracing::info!(target: "easyauth", %reason, "no metadata yet");
    response::unavailable(reason.retry_after_seconds().unwrap_or_default())
}

/// Scheme, host and maybe a port, as they stand: nothing that a URL has before or after them, which parsing would cut off.
fn is_origin(text: &str) -> bool {
    let after_scheme = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let has_host = |uri: Uri| uri.host().is_some_and(|host| !host.is_empty());
    is_quotable(text)
        && after_scheme.is_some_and(|host| !host.contains(['/', '@', '?', '#', ',', ' ']))
        && text.parse().is_ok_and(has_host)
}

/// Whether a text may stand in a quoted string of a header as it is (RFC 6749's characters of a scope, and the space).
fn is_quotable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~'))
}

/// The metadata document (RFC 9728, section 2). A list without elements has to be left out (section 3.2).
#[derive(Debug, Clone, Serialize)]
struct Document {
    resource: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorization_servers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    bearer_methods_supported: [&'static str; 1],
}

/// Why there is no such resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceError {
    /// No origin.
    #[error("the public origin must be `https://host` or `http://host:port`, without a path")]
    Origin,
    /// No path.
    #[error(
        "a path opens with a slash, ends with none, and has segments of letters, digits and `-._~`"
    )]
    Path,
    /// No scope.
    #[error("a scope is made of printable ASCII characters without spaces, quotes and backslashes")]
    Scope,
}
