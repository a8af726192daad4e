//! Whose tokens are taken, step by step.

use std::{fmt, net::IpAddr, sync::Arc, time::SystemTime};

use reqwest::Url;

use crate::principal::is_guid;

use super::{
    Clock, EntraTokenValidator, JwksProvider, Rules,
    cloud::{is_v1_issuer, v1_issuers},
    jwks_cache::JwksCache,
    jwks_provider::Discovery,
    token_cache::TokenCache,
};

/// Where tokens of the public cloud come from.
const AUTHORITY: &str = "https://login.microsoftonline.com";

/// An [`EntraTokenValidator`] in the making.
pub struct EntraTokenValidatorBuilder {
    tenant_id: String,
    client_id: String,
    authority: String,
    v1_issuer: Option<String>,
    audiences: Vec<String>,
    allowed_clients: Vec<String>,
    jwks_provider: Option<Arc<dyn JwksProvider>>,
    clock: Arc<Clock>,
}

impl EntraTokenValidatorBuilder {
    pub(super) fn new(tenant_id: &str, client_id: &str) -> Self {
        Self {
            tenant_id: tenant_id.to_owned(),
            client_id: client_id.to_owned(),
            authority: AUTHORITY.to_owned(),
            v1_issuer: None,
            audiences: Vec::new(),
            allowed_clients: Vec::new(),
            jwks_provider: None,
            clock: Arc::new(system_time),
        }
    }

    /// Where tokens come from, without the tenant: `https://login.microsoftonline.com` unless set. Plain http only on
    /// loopback.
    #[must_use]
    pub fn authority(mut self, authority: &str) -> Self {
        authority.clone_into(&mut self.authority);
        self
    }

    /// The issuer of version 1.0 tokens, as `https://host/<tenant>/`. Unless set, that of the authority's cloud: the
    /// public one, China (21Vianet) or US Government.
    #[must_use]
    pub fn v1_issuer(mut self, issuer: &str) -> Self {
        self.v1_issuer = Some(issuer.to_owned());
        self
    }

    /// One more audience, besides the client id and `api://<client id>`; compared as it is.
    #[must_use]
    pub fn audience(mut self, audience: &str) -> Self {
        self.audiences.push(audience.to_owned());
        self
    }

    /// One more client application (its GUID) that may call. Without any nobody may.
    #[must_use]
    pub fn allow_client(mut self, client_id: &str) -> Self {
        self.allowed_clients.push(client_id.to_owned());
        self
    }

    /// Takes the issuer's keys from elsewhere than the authority's discovery document.
    #[must_use]
    pub fn jwks_provider(mut self, source: Arc<dyn JwksProvider>) -> Self {
        self.jwks_provider = Some(source);
        self
    }

    /// Takes the time from elsewhere than the system, for tests.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The scheme.
    ///
    /// # Errors
    /// When a part is wrong; the error names it.
    pub fn build(self) -> Result<EntraTokenValidator, TokenConfigError> {
        let tenant_id = guid(&self.tenant_id).ok_or(TokenConfigError::Tenant)?;
        let client_id = guid(&self.client_id).ok_or(TokenConfigError::Client)?;
        let authority = authority(&self.authority)?;
        let clients = self.allowed_clients.iter();
        let allowed_clients = clients
            .map(|id| guid(id).ok_or_else(|| TokenConfigError::AllowedClient(id.clone())))
            .collect::<Result<Vec<_>, _>>()?;
        if self.audiences.iter().any(String::is_empty) {
            return Err(TokenConfigError::Audience);
        }
        let source = match self.jwks_provider {
            Some(source) => source,
            None => {
                Arc::new(Discovery::new(&authority, &tenant_id).map_err(TokenConfigError::Http)?)
            }
        };
        let v1_issuers = match self.v1_issuer {
            None => v1_issuers(&authority, &tenant_id),
            Some(issuer) if is_v1_issuer(&issuer, &tenant_id) => vec![issuer],
            Some(_) => return Err(TokenConfigError::V1Issuer),
        };
        let mut audiences = self.audiences;
        audiences.extend([format!("api://{client_id}"), client_id]);
        Ok(EntraTokenValidator {
            authorization_server: format!(
                "{}/{tenant_id}/v2.0",
                authority.origin().ascii_serialization()
            ),
            rules: Rules { tenant_id, v1_issuers, audiences, allowed_clients },
            keys: JwksCache::new(source),
            validated: TokenCache::new(),
            clock: self.clock,
        })
    }
}

impl fmt::Debug for EntraTokenValidatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntraTokenValidatorBuilder")
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .field("authority", &self.authority)
            .field("v1_issuer", &self.v1_issuer)
            .field("audiences", &self.audiences)
            .field("allowed_clients", &self.allowed_clients)
            .finish_non_exhaustive()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the time is a parameter, of which this is the default"
)]
fn system_time() -> SystemTime {
    SystemTime::now()
}

/// A GUID in lower case.
fn guid(text: &str) -> Option<String> {
    is_guid(text).then(|| text.to_ascii_lowercase())
}

/// Invariant: keys come by https, or from this machine.
fn authority(text: &str) -> Result<Url, TokenConfigError> {
    let url = Url::parse(text).map_err(|_| TokenConfigError::Authority)?;
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_loopback = host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback());
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback);
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    (is_safe && is_bare && is_anonymous).then_some(url).ok_or(TokenConfigError::Authority)
}

/// Why there is no [`EntraTokenValidator`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenConfigError {
    /// The tenant is none.
    #[error("the tenant id is no GUID")]
    Tenant,
    /// The client is none.
    #[error("the client id is no GUID")]
    Client,
    /// The authority is none that may be asked.
    #[error("the authority must be `https://host` (plain http on loopback alone), without a path")]
    Authority,
    /// The issuer of version 1.0 tokens is none of the tenant.
    #[error("the issuer of version 1.0 tokens must be `https://host/<tenant id>/`")]
    V1Issuer,
    /// An audience is empty.
    #[error("an audience is empty")]
    Audience,
    /// An allowed client is none.
    #[error("the allowed client `{0}` is no GUID")]
    AllowedClient(String),
    /// There is no HTTP client.
    #[error("the client for the issuer's keys cannot be made")]
    Http(#[source] reqwest::Error),
}
