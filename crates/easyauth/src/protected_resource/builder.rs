//! A protected resource in the making: what goes into a header is checked once, here.

use http::Uri;

use super::{ProtectedResource, advertisement::Advertisement};

/// A [`ProtectedResource`] in the making.
#[derive(Debug, Clone)]
pub struct ProtectedResourceBuilder {
    pub(super) origin: String,
    pub(super) name: Option<String>,
    paths: Vec<String>,
    pub(super) authorization_servers: Vec<String>,
    pub(super) scopes: Vec<String>,
}

/// Why there is no [`ProtectedResource`]. The text names what was given: it is for who sets up the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceError {
    /// Not scheme, host and maybe a port.
    #[error("`{0}` is not an origin such as https://reviews.example, without a slash at its end")]
    Origin(String),
    /// Not `/` and segments of letters, digits and `-._~`.
    #[error("`{0}` is not a path such as /mcp, without a slash at its end")]
    Path(String),
    /// Not an URL of http or https without query and fragment (RFC 8414 §2).
    #[error("`{0}` is not the URL of an authorization server")]
    AuthorizationServer(String),
    /// Not a scope token (RFC 6749 §3.3).
    #[error("`{0}` is not a scope: visible ASCII without quotes and backslashes")]
    Scope(String),
}

impl ProtectedResourceBuilder {
    pub(super) fn new(origin: String) -> Self {
        Self {
            origin,
            name: None,
            paths: Vec::new(),
            authorization_servers: Vec::new(),
            scopes: Vec::new(),
        }
    }

    /// Names the service for people (`resource_name`).
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Names a path that is a resource of its own, such as `/mcp`: letters, digits and `-._~` between slashes, none at the end.
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

    /// The resource.
    ///
    /// # Errors
    /// When a part is not what it should be; the error has it.
    pub fn build(self) -> Result<ProtectedResource, ResourceError> {
        use ResourceError::{AuthorizationServer, Origin, Path, Scope};

        check(std::slice::from_ref(&self.origin), is_origin, Origin)?;
        check(&self.paths, is_path, Path)?;
        check(&self.authorization_servers, is_url, AuthorizationServer)?;
        check(&self.scopes, is_quotable, Scope)?;
        let paths = self.paths.iter().map(|path| (path.clone(), Advertisement::of(&self, path)));
        Ok(ProtectedResource { root: Advertisement::of(&self, ""), paths: paths.collect() })
    }
}

fn check(
    texts: &[String],
    is_right: fn(&str) -> bool,
    error: fn(String) -> ResourceError,
) -> Result<(), ResourceError> {
    texts.iter().find(|text| !is_right(text)).map_or(Ok(()), |text| Err(error(text.clone())))
}

fn is_origin(text: &str) -> bool {
    let after_scheme = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    is_url(text) && after_scheme.is_some_and(|host| !host.contains(['/', '@', '?', ',']))
}

fn is_url(text: &str) -> bool {
    let is_http = |uri: Uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    };
    is_quotable(text) && !text.contains('#') && text.parse().is_ok_and(is_http)
}

/// Nothing that a router or a URL would read as more than a name.
fn is_path(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.strip_prefix('/').is_some_and(|segments| {
        segments
            .split('/')
            .all(|segment| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain))
    })
}

/// Invariant: nothing else gets between the quotes of a challenge. These are the characters of a scope (RFC 6749 §3.3, RFC 6750 §3).
fn is_quotable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
}
