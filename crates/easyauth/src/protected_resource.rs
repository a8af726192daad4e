//! The service as an OAuth protected resource: its metadata (RFC 9728) and its challenges (RFC 6750).

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json, Router,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderValue, Request, Uri, header::CACHE_CONTROL};
use serde::Serialize;

#[cfg(feature = "entra")]
use crate::token::validator::EntraTokenValidator;
use crate::{
    challenge::{Challenge, METADATA},
    error::{AuthnError, AuthnErrorKind},
    requirement::Requirement,
    response::{logged_path, original_path, unavailable},
};

/// Clients may cache the metadata for five minutes: it changes only with the service's settings.
const METADATA_CACHING: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The service as OAuth clients see it.
#[derive(Debug, Clone)]
#[must_use]
pub struct ProtectedResource {
    origin: String,
    name: Option<String>,
    paths: BTreeSet<String>,
    authorization_servers: Vec<String>,
    #[cfg(feature = "entra")]
    validator: Option<Arc<EntraTokenValidator>>,
    scopes: Vec<String>,
}

impl ProtectedResource {
    /// A service at this public origin, such as `https://reviews.example`, without a path or a slash at the end.
    ///
    /// # Errors
    /// When it is not an origin.
    pub fn new(origin: &str) -> Result<Self, ResourceError> {
        if !is_origin(origin) {
            return Err(ResourceError::Origin);
        }
        Ok(Self {
            origin: origin.to_owned(),
            name: None,
            paths: BTreeSet::new(),
            authorization_servers: Vec::new(),
            #[cfg(feature = "entra")]
            validator: None,
            scopes: Vec::new(),
        })
    }

    /// Adds a path that is a resource of its own, such as `/mcp`.
    ///
    /// # Errors
    /// When it is not a path, ends with a slash, or has segments that are empty or dots.
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

    /// Sets the display name (`resource_name`).
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Adds an authorization server, by its issuer URL.
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.authorization_servers.push(issuer.into());
        self
    }

    /// Adds the validator's issuer as an authorization server, as its discovery document names it (RFC 9728, section 2).
    /// Until the issuer is known the metadata is 503: another name would send clients to a server whose tokens are rejected.
    #[cfg(feature = "entra")]
    pub fn issuer_of(mut self, validator: Arc<EntraTokenValidator>) -> Self {
        self.validator = Some(validator);
        self
    }

    /// Adds a scope that clients request, such as `api://<client id>/user_impersonation`.
    ///
    /// # Errors
    /// When it has characters that a scope may not have (RFC 6749, section 3.3).
    pub fn scope(mut self, scope: &str) -> Result<Self, ResourceError> {
        if !is_scope(scope) {
            return Err(ResourceError::Scope);
        }
        self.scopes.push(scope.to_owned());
        Ok(self)
    }

    /// The metadata documents: one for the origin, and one for each path (RFC 9728, section 3.1). Mount them without
    /// authentication. Behind App Service Authentication do not mount them: the platform serves its own.
    pub fn router(&self) -> Router {
        let paths = std::iter::once("").chain(self.paths.iter().map(String::as_str));
        let resource = Arc::new(self.clone());
        paths.fold(Router::new(), |router, path| {
            let (resource, own) = (Arc::clone(&resource), path.to_owned());
            let metadata = async move || match resource.authorization_servers().await {
                Ok(servers) => resource.metadata(&own, servers),
                Err(not_yet) => not_yet,
            };
            router.route(&format!("{METADATA}{path}"), get(metadata))
        })
    }

    /// The authorization servers, the validator's issuer included; a 503 until the issuer is known.
    #[cfg(feature = "entra")]
    async fn authorization_servers(&self) -> Result<Vec<String>, Response> {
        let mut servers = self.authorization_servers.clone();
        if let Some(validator) = &self.validator {
            let issuer = validator.issuer().await.map_err(|reason| {
                tracing::info!(target: "easyauth", %reason, "the issuer of the metadata is not known yet");
                unavailable(reason.retry_after().unwrap_or_default())
            })?;
            servers.push(issuer.to_string());
        }
        Ok(servers)
    }

    #[cfg(not(feature = "entra"))]
    fn authorization_servers(&self) -> impl Future<Output = Result<Vec<String>, Response>> {
        std::future::ready(Ok(self.authorization_servers.clone()))
    }

    fn metadata(&self, path: &str, authorization_servers: Vec<String>) -> Response {
        let document = Document {
            resource: format!("{}{path}", self.origin),
            resource_name: self.name.clone(),
            authorization_servers,
            scopes_supported: self.scopes.clone(),
            bearer_methods_supported: ["header"],
        };
        ([(CACHE_CONTROL, METADATA_CACHING)], Json(document)).into_response()
    }

    /// A 403 that tells the client which scopes it lacks (RFC 6750, section 3.1), for a request with this path. Use it where an
    /// operation has a requirement of its own, which [`crate::RequirementLayer`] cannot see.
    ///
    /// The challenge names each scope as clients request it: a listed scope ([`Self::scope`]) with this name after its last
    /// slash, otherwise the name after the prefix of the first listed scope. Without a scope in the requirement the
    /// challenge has none: a client cannot request an app role.
    #[must_use]
    pub fn insufficient_scope(&self, requirement: &Requirement, path: &str) -> Response {
        let mut scopes: Vec<String> = Vec::new();
        for scope in requirement.scopes().filter(|scope| is_scope(scope)) {
            let scope = self.full_scope(scope);
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        Challenge {
            origin: &self.origin,
            path: self.paths.get(path).map_or("", String::as_str),
            scopes: scopes.join(" "),
        }
        .forbidden()
    }

    /// The scope as clients request it, with the identifier URI of the API.
    fn full_scope(&self, name: &str) -> String {
        let prefix = |scope: &str| scope.rfind('/').map_or(0, |slash| slash + 1);
        let is_named = |scope: &&String| **scope == name || scope[prefix(scope)..] == *name;
        self.scopes.iter().find(is_named).cloned().unwrap_or_else(|| {
            let first = self.scopes.first().map_or("", String::as_str);
            format!("{}{name}", &first[..prefix(first)])
        })
    }

    /// Logs the error. Responds with 503 if it is transient, otherwise with a 401 that is the same for every error: it has no
    /// `error="invalid_token"`, so that a client cannot tell an invalid token from a missing one.
    pub(crate) fn reject<B>(
        &self,
        error: &AuthnError,
        schemes: &[&str],
        request: &Request<B>,
    ) -> Response {
        let path = logged_path(request);
        tracing::info!(target: "easyauth", scheme = error.scheme(), reason = %error, path, "rejected");
        if let AuthnErrorKind::Transient { retry_after } = error.kind() {
            return unavailable(retry_after);
        }
        let path = self.paths.get(original_path(request)).map_or("", String::as_str);
        Challenge { origin: &self.origin, path, scopes: self.scopes.join(" ") }
            .unauthorized(schemes)
    }
}

/// Whether a text is a scheme, a host and optionally a port, with nothing before or after them that parsing would drop.
fn is_origin(text: &str) -> bool {
    let after_scheme = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let has_host = |uri: Uri| uri.host().is_some_and(|host| !host.is_empty());
    is_quotable(text)
        && after_scheme.is_some_and(|host| !host.contains(['/', '@', '?', '#', ',', ' ']))
        && text.parse().is_ok_and(has_host)
}

/// Whether a text is a scope (RFC 6749, section 3.3).
fn is_scope(text: &str) -> bool {
    !text.is_empty() && !text.contains(' ') && is_quotable(text)
}

/// Whether a text may be in a header's quoted string unescaped: the characters of a scope (RFC 6749), and the space.
fn is_quotable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~'))
}

/// The metadata document (RFC 9728, section 2). Empty lists must be left out (section 3.2).
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

/// An invalid part of a [`ProtectedResource`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceError {
    /// The origin is invalid.
    #[error("the public origin must be `https://host` or `http://host:port`, without a path")]
    Origin,
    /// The path is invalid.
    #[error("a path must start with `/`, and its segments must be of letters, digits and `-._~`")]
    Path,
    /// The scope is invalid.
    #[error("a scope must be of printable ASCII characters without spaces, quotes and backslashes")]
    Scope,
}
