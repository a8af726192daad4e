//! What is to be proven of: the app's address, and the Entra objects that guard it.

use reqwest::Url;
use uuid::Uuid;

use crate::cloud::Cloud;

/// An app, and who is to be let into it.
#[derive(Debug, Clone)]
pub struct Target {
    pub(crate) origin: Url,
    pub(crate) mcp: Url,
    pub(crate) tenant_id: Uuid,
    pub(crate) client_id: Uuid,
    pub(crate) authority: Url,
    pub(crate) identifier_uri: String,
    pub(crate) role: String,
}

/// Where Entra is.
pub const AUTHORITY: &str = "https://login.microsoftonline.com";

/// Why an address is not one that tokens may be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// It is no URL with a host.
    #[error("it is no URL: write https:// and the host")]
    NotUrl,
    /// It is not https, and leads off this machine.
    #[error(
        "it is plain http to another machine, which would show tokens to the network: use https"
    )]
    PlainHttp,
    /// It has more than scheme, host and port.
    #[error("it has more than scheme, host and port: leave out paths, queries and user names")]
    NotOrigin,
    /// The path of the MCP endpoint opens with no slash, or has a query.
    #[error("it is no path: open it with a slash, without query or fragment")]
    NotPath,
}

impl Target {
    /// An app at an origin (`https://host`, or `http://` on loopback), and its registration in Entra. The MCP endpoint
    /// is `/mcp/mcp`, the app role `MCP.Access`, the identifier URI `api://<client id>`.
    ///
    /// # Errors
    /// When the origin is not one that tokens may be sent to.
    pub fn new(origin: &str, tenant_id: Uuid, client_id: Uuid) -> Result<Self, TargetError> {
        let origin = parse_origin(origin)?;
        let mcp = with_path(&origin, "/mcp/mcp");
        let authority = parse_origin(AUTHORITY)?;
        let identifier_uri = format!("api://{client_id}");
        let role = "MCP.Access".to_owned();
        Ok(Self { origin, mcp, tenant_id, client_id, authority, identifier_uri, role })
    }

    /// Sets the path of the MCP endpoint, such as `/mcp`.
    ///
    /// # Errors
    /// When it is no path.
    pub fn mcp_path(mut self, path: &str) -> Result<Self, TargetError> {
        if !path.starts_with('/') || path.starts_with("//") || path.contains(['?', '#', '\\']) {
            return Err(TargetError::NotPath);
        }
        self.mcp = with_path(&self.origin, path);
        Ok(self)
    }

    /// Sets where Entra is, for national clouds (`https://login.chinacloudapi.cn`, `https://login.microsoftonline.us`), whose
    /// other hosts follow from it, and the emulator.
    ///
    /// # Errors
    /// When it is no origin, or plain http off loopback.
    pub fn authority(mut self, authority: &str) -> Result<Self, TargetError> {
        self.authority = parse_origin(authority)?;
        Ok(self)
    }

    /// Sets the registration's identifier URI: what scopes open with.
    #[must_use]
    pub fn identifier_uri(mut self, uri: impl Into<String>) -> Self {
        self.identifier_uri = uri.into();
        self
    }

    /// Sets the app role that lets programs in.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.role = role.into();
        self
    }

    /// The scope by which a program asks for all its rights to the app.
    #[must_use]
    pub fn default_scope(&self) -> String {
        format!("{}/.default", self.identifier_uri)
    }

    /// The id of the tenant that owns the app.
    #[must_use]
    pub fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }

    /// The client id of the app's registration.
    #[must_use]
    pub fn client_id(&self) -> Uuid {
        self.client_id
    }

    /// The app's address, without a slash at the end.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.origin.as_str().trim_end_matches('/')
    }

    /// The app's host name.
    #[must_use]
    pub fn host(&self) -> &str {
        self.origin.host_str().unwrap_or_default()
    }

    /// An address of the app.
    pub(crate) fn url(&self, path: &str) -> Url {
        with_path(&self.origin, path)
    }

    /// The protected resource metadata's address, for the origin.
    pub(crate) fn metadata(&self) -> Url {
        self.url(METADATA)
    }

    /// The same for the MCP endpoint (RFC 9728, section 3.1).
    pub(crate) fn mcp_metadata(&self) -> Url {
        self.url(&format!("{METADATA}{}", self.mcp.path()))
    }

    /// Whether an address is the tenant's as an issuer of tokens, of either version.
    pub(crate) fn is_issuer(&self, address: &str) -> bool {
        let tenant = self.tenant_id;
        let of = |base: &str| address.strip_prefix(base)?.strip_prefix(&tenant.to_string());
        let cloud = Cloud::of(&self.authority);
        let own = [self.authority.as_str(), cloud.v1_issuers].map(str::to_owned).into_iter();
        own.chain(cloud.other_authorities(&self.authority))
            .filter_map(|base| of(&base).map(|rest| rest.is_empty() || rest.starts_with('/')))
            .any(|is_issuer| is_issuer)
    }

    /// The issuer of the tenant's version 1.0 tokens, in the cloud of the authority.
    pub(crate) fn v1_issuer(&self) -> String {
        format!("{}{}/", Cloud::of(&self.authority).v1_issuers, self.tenant_id)
    }

    /// Whether a scope's prefix is known to be one of the registration's names.
    pub(crate) fn is_own_name(&self, prefix: &str) -> bool {
        prefix == self.mcp.as_str() || self.is_audience(prefix)
    }

    /// Whether a token's `aud` names the app.
    pub(crate) fn is_audience(&self, audience: &str) -> bool {
        let id = self.client_id.to_string();
        audience == id || audience == format!("api://{id}") || audience == self.identifier_uri
    }
}

const METADATA: &str = "/.well-known/oauth-protected-resource";

/// An origin that tokens may be sent to.
pub(crate) fn parse_origin(text: &str) -> Result<Url, TargetError> {
    let url = Url::parse(text).map_err(|_| TargetError::NotUrl)?;
    let host = url.host_str().ok_or(TargetError::NotUrl)?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(host) => {}
        "http" => return Err(TargetError::PlainHttp),
        _ => return Err(TargetError::NotUrl),
    }
    let is_bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if is_bare { Ok(url) } else { Err(TargetError::NotOrigin) }
}

/// Whether a host is this machine. Names that only resolve to it are not: whoever answers the name decides.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn with_path(origin: &Url, path: &str) -> Url {
    let mut url = origin.clone();
    url.set_path(path);
    url
}

#[cfg(test)]
mod tests {
    use super::{TargetError, parse_origin};

    #[test]
    fn tokens_go_nowhere_by_plain_http() {
        for origin in [
            "http://app.example",
            "http://10.0.0.1",
            "http://localhost.evil.example",
            "http://127.0.0.1.example",
        ] {
            assert_eq!(parse_origin(origin), Err(TargetError::PlainHttp), "{origin}");
        }
        for origin in [
            "http://localhost",
            "http://127.0.0.1",
            "http://127.9.9.9",
            "http://[::1]",
            "https://a.example",
        ] {
            assert!(parse_origin(origin).is_ok(), "{origin}");
        }
    }

    #[test]
    fn an_origin_has_no_more() {
        for origin in [
            "https://a.example/x",
            "https://a.example?x",
            "https://a.example#x",
            "https://u:p@a.example",
        ] {
            assert_eq!(parse_origin(origin), Err(TargetError::NotOrigin), "{origin}");
        }
        for origin in ["", "a.example", "ftp://a.example", "file:///etc", "https://"] {
            assert_eq!(parse_origin(origin), Err(TargetError::NotUrl), "{origin}");
        }
    }
}
