//! The identity that App Service Authentication puts before the app: the `X-MS-CLIENT-PRINCIPAL` header.

mod claims;
mod document;

use async_trait::async_trait;
use http::HeaderMap;

use self::{claims::Claims, document::Document};
use crate::{Outcome, Principal, Scheme};

/// The platform's header as a scheme.
///
/// Trust it only where the platform stands in front of the app and nothing else reaches the app: whoever does, can write the header.
/// What the platform promises: <https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities>.
///
/// Whatever is malformed is refused; it never makes the caller anonymous.
#[derive(Debug, Clone)]
pub struct ClientPrincipalHeader {
    identity_provider: String,
    tenant: Option<String>,
    apps: Vec<String>,
}

impl ClientPrincipalHeader {
    /// The header's name.
    pub const NAME: &str = "x-ms-client-principal";

    /// Invariant: a longer value, in bytes, is refused before anything of it is decoded.
    ///
    /// Entra names up to 200 groups in a token before it names none (`hasgroups`, `_claim_names`). The platform makes a
    /// claim of 63 bytes of each: with base64 and the other claims, 18 to 20 thousand bytes. The rest is for roles.
    /// A server that takes this header has to take a larger head: the platform may send its token store's tokens as well.
    pub const MAX_BYTES: usize = 32 * 1024;

    /// Invariant: a header with more claims is refused.
    pub const MAX_CLAIMS: usize = 500;

    /// Trusts the header for callers whom Microsoft Entra ID vouches for, of any tenant.
    #[must_use]
    pub fn new() -> Self {
        Self { identity_provider: "aad".into(), tenant: None, apps: Vec::new() }
    }

    /// Trusts this identity provider instead (the header's `auth_typ`, upper or lower case): `aad` unless set.
    /// Another provider's claims could say anything, so there is only one.
    #[must_use]
    pub fn identity_provider(mut self, auth_typ: impl Into<String>) -> Self {
        self.identity_provider = auth_typ.into();
        self
    }

    /// Wants the caller to be of this tenant: another is refused, and so is a caller without one.
    #[must_use]
    pub fn tenant(mut self, tenant_id: impl Into<String>) -> Self {
        self.tenant = Some(tenant_id.into());
        self
    }

    /// Names an app registration (its application id) that people sign in to at the browser: only a sign-in to one of
    /// these is a session ([`Principal::is_session`]). Unless one is named, the header's own audience stands for it.
    #[must_use]
    pub fn app(mut self, client_id: impl Into<String>) -> Self {
        self.apps.push(client_id.into());
        self
    }

    /// Reads the value of the header.
    ///
    /// # Errors
    /// When it is anything but a complete caller of the trusted provider and tenant.
    pub fn decode(&self, value: &[u8]) -> Result<Principal, ClientPrincipalError> {
        if value.len() > Self::MAX_BYTES {
            return Err(ClientPrincipalError::TooLong);
        }
        let document = Document::decode(value)?;
        if !document.auth_typ.eq_ignore_ascii_case(&self.identity_provider) {
            return Err(ClientPrincipalError::IdentityProvider);
        }
        let principal = Claims::of(&document)?.principal(&self.apps)?;
        self.check_tenant(&principal)?;
        Ok(principal)
    }

    fn check_tenant(&self, principal: &Principal) -> Result<(), ClientPrincipalError> {
        match (&self.tenant, principal.tenant_id()) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(ClientPrincipalError::MissingTenant),
            (Some(wanted), Some(is)) if wanted.eq_ignore_ascii_case(is) => Ok(()),
            (Some(_), Some(_)) => Err(ClientPrincipalError::Tenant),
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
    async fn authenticate(&self, headers: &HeaderMap) -> Outcome {
        let mut values = headers.get_all(Self::NAME).iter();
        let result = match (values.next(), values.next()) {
            (None, _) => return Outcome::NotRequested,
            (Some(value), None) => self.decode(value.as_bytes()),
            (Some(_), Some(_)) => Err(ClientPrincipalError::MultipleHeaders),
        };
        match result {
            Ok(principal) => Outcome::Authenticated(principal),
            Err(refusal) => Outcome::Failed(refusal.into()),
        }
    }
}

/// Why the platform's header is refused. Its text has nothing that came with the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientPrincipalError {
    /// More than one such header: one of them is not the platform's.
    #[error("it is there more than once")]
    MultipleHeaders,
    /// More than [`ClientPrincipalHeader::MAX_BYTES`].
    #[error("it is longer than {} bytes", ClientPrincipalHeader::MAX_BYTES)]
    TooLong,
    /// Not the standard alphabet, or wrong padding; none is fine.
    #[error("it is not base64")]
    Base64,
    /// The bytes are no text.
    #[error("it is not UTF-8")]
    Utf8,
    /// No JSON, or not of the documented shape, or with a member twice.
    #[error("it is not the JSON that the platform writes")]
    Json,
    /// More than [`ClientPrincipalHeader::MAX_CLAIMS`].
    #[error("it has more than {} claims", ClientPrincipalHeader::MAX_CLAIMS)]
    TooManyClaims,
    /// Vouched for by somebody else.
    #[error("its identity provider is not the one that is trusted")]
    IdentityProvider,
    /// `role_typ` names a claim that means something else: a name that people choose would be a right.
    #[error("it names a claim as the role that means something else")]
    RoleType,
    /// Nothing says who calls.
    #[error("it has no object id")]
    MissingObjectId,
    /// This claim's value is empty, no text, or unfit for what it says.
    #[error("the value of its claim `{0}` is unfit")]
    InvalidClaim(&'static str),
    /// This claim is there with different values.
    #[error("its claim `{0}` has different values")]
    AmbiguousClaim(&'static str),
    /// A tenant is wanted, and none is named.
    #[error("it names no tenant")]
    MissingTenant,
    /// Not the tenant that is wanted.
    #[error("it names another tenant")]
    Tenant,
}
