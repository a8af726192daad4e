//! The configuration of a validator.

use std::{error::Error, net::IpAddr, sync::Arc, time::SystemTime};

use reqwest::Url;

use super::{
    claims::{Rules, TenantCheck, Tenants},
    cloud::{v1_host, v1_hosts},
    discovery::Discovery,
    jwks::JwksProvider,
    jwks_cache::JwksCache,
    token_cache::TokenCache,
    validator::{Clock, EntraTokenValidator},
};
use crate::principal::is_guid;

const DEFAULT_AUTHORITY: &str = "https://login.microsoftonline.com";

/// Builds an [`EntraTokenValidator`].
#[must_use]
pub struct EntraTokenValidatorBuilder {
    tenants: Vec<String>,
    tenant_check: Option<Arc<TenantCheck>>,
    client_id: String,
    authority: String,
    v1_issuer: Option<String>,
    audiences: Vec<String>,
    allowed_clients: Vec<String>,
    allows_any_client: bool,
    jwks_provider: Option<Arc<dyn JwksProvider>>,
    clock: Arc<Clock>,
}

impl EntraTokenValidator {
    /// Builds a validator for tokens of this tenant (a GUID) for this app registration (its application id, a GUID).
    pub fn builder(tenant_id: &str, client_id: &str) -> EntraTokenValidatorBuilder {
        EntraTokenValidatorBuilder {
            tenants: vec![tenant_id.to_owned()],
            tenant_check: None,
            client_id: client_id.to_owned(),
            authority: DEFAULT_AUTHORITY.to_owned(),
            v1_issuer: None,
            audiences: Vec::new(),
            allowed_clients: Vec::new(),
            allows_any_client: false,
            jwks_provider: None,
            clock: Arc::new(system_time),
        }
    }
}

impl EntraTokenValidatorBuilder {
    /// Allows callers of a further tenant (a GUID). With several tenants the issuer is that of the authority's document for
    /// `organizations`, and the object id alone does not identify a caller: the tenant ([`Principal::tenant_id`]) does so too.
    ///
    /// [`Principal::tenant_id`]: crate::Principal::tenant_id
    pub fn allow_tenant(mut self, tenant_id: &str) -> Self {
        self.tenants.push(tenant_id.to_owned());
        self
    }

    /// Allows callers of each tenant for which the check returns true. The check gets the tenant's id (a GUID in lower case) of
    /// a token that is not validated yet, must not block, and replaces an earlier one. Every organization can grant itself
    /// access to a multitenant application: a check that is always true opens the service to all of them.
    pub fn allow_tenant_if(mut self, check: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.tenant_check = Some(Arc::new(check));
        self
    }

    /// Sets the authority, without the tenant. The default is `https://login.microsoftonline.com`. A national cloud has its
    /// own (`https://login.microsoftonline.us`, `https://login.partner.microsoftonline.cn`), and so has an external tenant
    /// (`https://<name>.ciamlogin.com`). Plain http is allowed only on loopback.
    pub fn authority(mut self, authority: &str) -> Self {
        authority.clone_into(&mut self.authority);
        self
    }

    /// Sets the issuer of version 1.0 tokens, as `https://host/<tenant>/`. The default is that of the authority's cloud: the
    /// public one, China (21Vianet) or US Government.
    pub fn v1_issuer(mut self, issuer: &str) -> Self {
        self.v1_issuer = Some(issuer.to_owned());
        self
    }

    /// Adds an audience to the client id and `api://<client id>`. It is compared exactly.
    pub fn audience(mut self, audience: &str) -> Self {
        self.audiences.push(audience.to_owned());
        self
    }

    /// Allows all client applications that get a token for this service from an allowed tenant. In most tenants every user
    /// can register one: require an app role, or a scope with a consent that matters.
    pub fn allow_any_client(mut self) -> Self {
        self.allows_any_client = true;
        self
    }

    /// Allows a client application (its GUID). Without any, every token is rejected.
    pub fn allow_client(mut self, client_id: &str) -> Self {
        self.allowed_clients.push(client_id.to_owned());
        self
    }

    /// Sets a provider of the issuer's keys other than the authority's discovery document.
    pub fn jwks_provider(mut self, provider: Arc<dyn JwksProvider>) -> Self {
        self.jwks_provider = Some(provider);
        self
    }

    /// Sets a clock other than the system's, for tests.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Builds the validator.
    ///
    /// # Errors
    /// When a value is invalid. The error names it.
    pub fn build(self) -> Result<EntraTokenValidator, TokenConfigError> {
        let tenants = self.tenants.iter().map(|id| guid(id).ok_or(TokenConfigError::Tenant));
        let listed = tenants.collect::<Result<Vec<_>, _>>()?;
        let client_id = guid(&self.client_id).ok_or(TokenConfigError::Client)?;
        let authority = authority(&self.authority)?;
        let clients = self.allowed_clients.into_iter();
        let clients = clients
            .map(|id| guid(&id).ok_or(TokenConfigError::AllowedClient(id)))
            .collect::<Result<Vec<_>, _>>()?;
        if self.audiences.iter().any(String::is_empty) {
            return Err(TokenConfigError::Audience);
        }
        let v1_hosts = match self.v1_issuer {
            None => v1_hosts(&authority),
            Some(issuer) => {
                let host = listed.iter().find_map(|tenant| v1_host(&issuer, tenant));
                vec![host.ok_or(TokenConfigError::V1Issuer)?]
            }
        };
        let tenants = Tenants { listed, check: self.tenant_check };
        let provider = match self.jwks_provider {
            Some(provider) => provider,
            None => Arc::new(
                Discovery::new(&authority, tenants.only())
                    .map_err(|error| TokenConfigError::Http(error.into()))?,
            ),
        };
        let mut audiences = self.audiences;
        audiences.extend([format!("api://{client_id}"), client_id]);
        let allowed_clients = (!self.allows_any_client).then_some(clients);
        Ok(EntraTokenValidator {
            rules: Rules { tenants, v1_hosts, audiences, allowed_clients },
            jwks: JwksCache::new(provider),
            tokens: TokenCache::new(),
            clock: self.clock,
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the time is a parameter, of which this is the default"
)]
pub(crate) fn system_time() -> SystemTime {
    SystemTime::now()
}

/// A GUID in lower case.
fn guid(text: &str) -> Option<String> {
    is_guid(text).then(|| text.to_ascii_lowercase())
}

/// Invariant: keys are fetched over https, or from this machine.
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

/// An invalid value of an [`EntraTokenValidatorBuilder`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenConfigError {
    /// The tenant id is invalid.
    #[error("the tenant id must be a GUID")]
    Tenant,
    /// The client id is invalid.
    #[error("the client id must be a GUID")]
    Client,
    /// The authority is invalid.
    #[error("the authority must be `https://host` (plain http only on loopback), without a path")]
    Authority,
    /// The issuer of version 1.0 tokens is invalid.
    #[error("the issuer of version 1.0 tokens must be `https://host/<tenant id>/`")]
    V1Issuer,
    /// An audience is empty.
    #[error("an audience must not be empty")]
    Audience,
    /// An allowed client is invalid.
    #[error("the allowed client `{0}` must be a GUID")]
    AllowedClient(String),
    /// The HTTP client cannot be created.
    #[error("cannot create the HTTP client for the issuer's keys")]
    Http(#[source] Box<dyn Error + Send + Sync>),
}
