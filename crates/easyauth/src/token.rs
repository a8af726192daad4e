//! Microsoft Entra access tokens (RFC 7519, RFC 6750).

use async_trait::async_trait;
use http::HeaderMap;

use crate::{Outcome, Scheme};

/// The access token in the `Authorization` header as a scheme.
#[derive(Debug)]
pub struct EntraToken {}

impl EntraToken {
    /// Tokens of this tenant (a GUID) for this app registration (its application id, a GUID).
    #[must_use]
    pub fn builder(tenant_id: &str, client_id: &str) -> EntraTokenBuilder {
        let _ = (tenant_id, client_id);
        EntraTokenBuilder {}
    }

    /// The v2 issuer as the authority's discovery document is expected to name it.
    #[must_use]
    pub fn authorization_server(&self) -> &str {
        ""
    }
}

/// An [`EntraToken`] in the making.
#[derive(Debug)]
pub struct EntraTokenBuilder {}

impl EntraTokenBuilder {
    /// Where tokens come from, without the tenant: `https://login.microsoftonline.com` unless set. Plain http only on loopback.
    #[must_use]
    pub fn authority(self, _authority: &str) -> Self {
        self
    }

    /// One more audience, besides the client id and `api://<client id>`.
    #[must_use]
    pub fn audience(self, _audience: &str) -> Self {
        self
    }

    /// One more client application that may call. Without any nobody may.
    #[must_use]
    pub fn allow_client(self, _client_id: &str) -> Self {
        self
    }

    /// The scheme.
    ///
    /// # Errors
    /// When a part is wrong; the error names it.
    pub fn build(self) -> Result<EntraToken, TokenConfigError> {
        Ok(EntraToken {})
    }
}

#[async_trait]
impl Scheme for EntraToken {
    async fn authenticate(&self, _: &HeaderMap) -> Outcome {
        Outcome::NotRequested
    }
}

/// Why an access token is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenRefusal {
    /// The issuer's keys could not be had.
    #[error("the issuer's keys cannot be had")]
    KeysUnavailable,
}

/// Why there is no [`EntraToken`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenConfigError {
    /// The tenant is none.
    #[error("the tenant id is no GUID")]
    Tenant,
}
