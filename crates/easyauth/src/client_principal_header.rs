//! The client principal header of App Service Authentication: `X-MS-CLIENT-PRINCIPAL`.

mod claims;
mod document;
mod error;

use async_trait::async_trait;
use http::HeaderMap;

pub use self::error::ClientPrincipalError;
use self::{claims::Claims, document::Document};
use crate::{
    principal::Principal,
    scheme::{Outcome, Scheme},
};

/// The client principal header as a scheme.
///
/// Trust it only where the platform is in front of the app and nothing else can reach the app: the header has no signature.
/// A malformed header is rejected; it never makes the caller anonymous.
/// Source: <https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities>.
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientPrincipalHeader {
    identity_provider: String,
    tenant: Option<String>,
    apps: Vec<String>,
}

impl ClientPrincipalHeader {
    /// The header's name.
    pub const NAME: &str = "x-ms-client-principal";

    /// Invariant: a longer value, in bytes, is rejected before it is decoded.
    ///
    /// Entra names up to 200 groups in a token; beyond that it names none (`hasgroups`, `_claim_names`). The platform makes
    /// a claim of 63 bytes of each: with base64 and the other claims, 18,000 to 20,000 bytes. The rest is for roles.
    /// A server must accept a larger request head than this: the platform may add the tokens of its token store.
    pub const MAX_BYTES: usize = error::MAX_BYTES;

    /// Invariant: a header with more claims is rejected.
    pub const MAX_CLAIMS: usize = error::MAX_CLAIMS;

    /// Trusts the header for callers of Microsoft Entra ID, of any tenant.
    pub fn new() -> Self {
        Self { identity_provider: "aad".into(), tenant: None, apps: Vec::new() }
    }

    /// Sets the one trusted identity provider (the header's `auth_typ`, in either case). The default is `aad`. There is only
    /// one, because another provider's claims could have any meaning.
    pub fn identity_provider(mut self, auth_typ: impl Into<String>) -> Self {
        self.identity_provider = auth_typ.into();
        self
    }

    /// Requires callers of this tenant. A caller of another tenant, or without one, is rejected.
    pub fn tenant(mut self, tenant_id: impl Into<String>) -> Self {
        self.tenant = Some(tenant_id.into());
        self
    }

    /// Adds an app registration (its application id) that users sign in to at the browser: only a sign-in to one of
    /// these is a session ([`Principal::is_session`]). Without one, the header's own audience is used.
    pub fn app(mut self, client_id: impl Into<String>) -> Self {
        self.apps.push(client_id.into());
        self
    }

    /// Decodes the value of the header.
    ///
    /// # Errors
    /// When it is malformed, or its caller is incomplete or of another provider or tenant.
    pub fn decode(&self, value: &[u8]) -> Result<Principal, ClientPrincipalError> {
        if value.len() > Self::MAX_BYTES {
            return Err(ClientPrincipalError::TooLong);
        }
        let document = Document::decode(value)?;
        if !document.auth_typ.eq_ignore_ascii_case(&self.identity_provider) {
            return Err(ClientPrincipalError::IdentityProvider);
        }
        let principal = Claims::of(&document)?.principal(&self.apps)?;
        match (&self.tenant, principal.tenant_id()) {
            (Some(_), None) => Err(ClientPrincipalError::MissingTenant),
            (Some(tenant), Some(id)) if !tenant.eq_ignore_ascii_case(id) => {
                Err(ClientPrincipalError::Tenant)
            }
            _ => Ok(principal),
        }
    }
}

impl Default for ClientPrincipalHeader {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Scheme for ClientPrincipalHeader {
    fn name(&self) -> &'static str {
        "client principal header"
    }

    async fn authenticate(&self, headers: &HeaderMap) -> Outcome {
        let mut values = headers.get_all(Self::NAME).iter();
        match (values.next(), values.next()) {
            (None, _) => Outcome::NotRequested,
            (Some(value), None) => self.decode(value.as_bytes()).into(),
            (Some(_), Some(_)) => Outcome::Failed(ClientPrincipalError::MultipleHeaders.into()),
        }
    }
}
