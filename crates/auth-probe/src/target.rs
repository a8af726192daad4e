//! What is to be proven of: the app's address, and the Entra objects that guard it.

use std::sync::Arc;

use reqwest::Url;
use uuid::Uuid;

use crate::{Profile, cloud::Cloud};

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
    pub(crate) profile: Arc<Profile>,
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
    /// and the app role are those of the built-in profile, the identifier URI is `api://<client id>`.
    ///
    /// # Errors
    /// When the origin is not one that tokens may be sent to.
    pub fn new(origin: &str, tenant_id: Uuid, client_id: Uuid) -> Result<Self, TargetError> {
        let origin = parse_origin(origin)?;
        let authority = parse_origin(AUTHORITY)?;
        let (mcp, identifier_uri) = (origin.clone(), format!("api://{client_id}"));
        let (role, profile) = (String::new(), Arc::default());
        let target =
            Self { origin, mcp, tenant_id, client_id, authority, identifier_uri, role, profile };
        Ok(target.profile(Profile::built_in()))
    }

    /// Sets what the server is like, and with it the path of the MCP endpoint and the app role.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        let path = profile.mcp.paths.first().map_or("/mcp", String::as_str);
        self.mcp = with_path(&self.origin, path);
        self.role.clone_from(&profile.access.role);
        self.profile = Arc::new(profile);
        self
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

    /// An address of the app: a path, with or without a query.
    pub(crate) fn url(&self, path: &str) -> Url {
        with_path(&self.origin, path)
    }

    /// The endpoint's other paths.
    pub(crate) fn other_endpoints(&self) -> impl Iterator<Item = &str> {
        let paths = self.profile.mcp.paths.iter().map(String::as_str);
        paths.filter(|path| *path != self.mcp.path())
    }

    /// The protected resource metadata's address, for the origin.
    pub(crate) fn metadata(&self) -> Url {
        self.url(METADATA)
    }

    /// The same for the MCP endpoint (RFC 9728, section 3.1).
    pub(crate) fn mcp_metadata(&self) -> Url {
        self.url(&format!("{METADATA}{}", self.mcp.path()))
    }

    /// Whether an address is the tenant's as an issuer of tokens, of either version. Only the address itself is one: a
    /// client may resolve dot segments, and what follows a tenant's address may be another one's.
    pub(crate) fn is_issuer(&self, address: &str) -> bool {
        let issuer = address.strip_suffix('/').unwrap_or(address);
        let issuer = issuer.strip_suffix("/v2.0").unwrap_or(issuer);
        let tenant = self.tenant_id;
        let v1 = Cloud::of(&self.authority).v1_issuers.to_owned();
        let mut bases = self.authorities().chain([v1]);
        bases.any(|base| issuer == format!("{base}{tenant}"))
    }

    /// Whether an address is one at which the tenant's tokens are requested, or an issuer's.
    pub(crate) fn is_of_issuer(&self, address: &str) -> bool {
        let of = |base: String| address.strip_prefix(&format!("{base}{}", self.tenant_id));
        self.is_issuer(address) || self.authorities().filter_map(of).any(is_plain_path)
    }

    /// The addresses at which people and programs sign in, with a slash at the end.
    fn authorities(&self) -> impl Iterator<Item = String> + '_ {
        let own = std::iter::once(self.authority.as_str().to_owned());
        own.chain(Cloud::of(&self.authority).other_authorities(&self.authority))
    }

    /// Whether an address is the app's origin, or one of its paths, and written plainly.
    pub(crate) fn is_own_address(&self, address: &str) -> bool {
        address
            .strip_prefix(self.origin())
            .is_some_and(|rest| rest.is_empty() || is_plain_path(rest))
    }

    /// Whether a scope is one of the registration, or one of OpenID Connect.
    pub(crate) fn is_own_scope(&self, scope: &str) -> bool {
        let own = |(uri, name): (&str, &str)| self.is_own_name(uri) && !name.is_empty();
        let is_oidc = ["openid", "profile", "email", "offline_access"].contains(&scope);
        is_oidc || scope.rsplit_once('/').is_some_and(own)
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

/// Whether a text is a path, and one that every client takes for the same.
fn is_plain_path(text: &str) -> bool {
    let is_other = |segment: &str| matches!(segment, "." | "..");
    text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains(['\\', '%', '?', '#', '@', ' '])
        && !text.split('/').any(is_other)
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
    let (path, query) =
        path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    url.set_path(path);
    url.set_query(query);
    url
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Target, TargetError, parse_origin};

    fn target() -> Target {
        Target::new("https://app.example", Uuid::from_u128(1), Uuid::from_u128(2)).unwrap()
    }

    #[test]
    fn an_issuer_is_an_address_and_no_more() {
        let (target, tenant) = (target(), Uuid::from_u128(1));
        for issuer in [
            format!("https://login.microsoftonline.com/{tenant}/v2.0"),
            format!("https://login.microsoftonline.com/{tenant}/"),
            format!("https://login.windows.net/{tenant}/v2.0"),
            format!("https://sts.windows.net/{tenant}/"),
        ] {
            assert!(target.is_issuer(&issuer), "{issuer}");
        }
        for other in [
            format!("https://login.microsoftonline.com/{}/v2.0", Uuid::from_u128(2)),
            format!("https://login.microsoftonline.com/{tenant}/../{}", Uuid::from_u128(2)),
            format!("https://login.microsoftonline.com/{tenant}/v2.0/../../x"),
            format!("https://login.microsoftonline.com/{tenant}@attacker.example"),
            format!("https://login.microsoftonline.com.attacker.example/{tenant}/v2.0"),
            format!("https://login.microsoftonline.com/{tenant}/v2.0?x"),
            format!("http://login.microsoftonline.com/{tenant}/v2.0"),
            "https://login.microsoftonline.com/common/v2.0".to_owned(),
        ] {
            assert!(!target.is_issuer(&other), "{other}");
            assert!(!target.is_of_issuer(&other), "{other}");
        }
        let endpoint = format!("https://login.windows.net/{tenant}/oauth2/v2.0/authorize");
        assert!(target.is_of_issuer(&endpoint));
        assert!(!target.is_issuer(&endpoint));
    }

    #[test]
    fn an_own_address_has_no_tricks() {
        let target = target();
        for own in ["https://app.example", "https://app.example/", "https://app.example/mcp/mcp"] {
            assert!(target.is_own_address(own), "{own}");
        }
        for other in [
            "https://app.example.attacker.example/",
            "https://app.example@attacker.example/",
            "https://app.example/mcp/../x",
            "https://app.example/mcp#x",
            "http://app.example/mcp",
            "https://app.example//attacker.example",
        ] {
            assert!(!target.is_own_address(other), "{other}");
        }
    }

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
