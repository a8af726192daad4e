//! The identity that App Service Authentication puts before the app: the `X-MS-CLIENT-PRINCIPAL` header.

mod claims;

use async_trait::async_trait;
use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{HeaderMap, HeaderValue};

use self::claims::Claims;
use crate::{Outcome, Principal, Scheme};

/// The platform's header as a scheme.
///
/// Trust it only where the platform is really in front: it drops what clients send under the name, and whoever reaches
/// the app past it can say anything. Source:
/// <https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities>.
#[derive(Debug, Clone)]
pub struct PlatformHeader {
    identity_provider: String,
    tenant_id: Option<String>,
}

/// The platform writes standard base64, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl PlatformHeader {
    /// The header's name.
    pub const NAME: &str = "x-ms-client-principal";

    /// Invariant: a longer value, in bytes, is refused before anything of it is decoded. Sixteen KiB are the
    /// claims of a person with some hundred groups.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Trusts the header where it names a caller of Entra ID (`aad`): what another identity provider calls a role or
    /// an object id need not be one.
    #[must_use]
    pub fn new() -> Self {
        Self { identity_provider: "aad".to_owned(), tenant_id: None }
    }

    /// Trusts another identity provider in its place: the header's `auth_typ`, in whatever case.
    #[must_use]
    pub fn identity_provider(mut self, name: impl Into<String>) -> Self {
        self.identity_provider = name.into();
        self
    }

    /// Refuses callers of any other tenant, and of none.
    #[must_use]
    pub fn tenant(mut self, tenant_id: impl Into<String>) -> Self {
        self.tenant_id = Some(tenant_id.into());
        self
    }

    /// Reads the value of the header.
    ///
    /// # Errors
    /// When it is anything but a complete principal of the trusted provider.
    pub fn decode(&self, value: &[u8]) -> Result<Principal, HeaderRefusal> {
        if value.len() > Self::MAX_BYTES {
            return Err(HeaderRefusal::TooLong);
        }
        let json = BASE64.decode(value).map_err(|_| HeaderRefusal::Base64)?;
        let json = str::from_utf8(&json).map_err(|_| HeaderRefusal::Utf8)?;
        let claims: Claims<'_> = serde_json::from_str(json).map_err(|_| HeaderRefusal::Json)?;
        if !claims.identity_provider().eq_ignore_ascii_case(&self.identity_provider) {
            return Err(HeaderRefusal::IdentityProvider);
        }
        let principal = claims.principal()?;
        match &self.tenant_id {
            Some(tenant) if !principal.is_of_tenant(tenant) => Err(HeaderRefusal::Tenant),
            _ => Ok(principal),
        }
    }

    fn read(&self, headers: &HeaderMap) -> Option<Result<Principal, HeaderRefusal>> {
        let mut values = headers.get_all(Self::NAME).iter();
        let value = values.next()?;
        Some(match values.next() {
            Some(_) => Err(HeaderRefusal::Repeated),
            None => self.decode(HeaderValue::as_bytes(value)),
        })
    }
}

impl Default for PlatformHeader {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Scheme for PlatformHeader {
    async fn authenticate(&self, headers: &HeaderMap) -> Outcome {
        match self.read(headers) {
            None => Outcome::NotRequested,
            Some(Ok(principal)) => Outcome::Authenticated(principal),
            Some(Err(refusal)) => Outcome::Failed(refusal.into()),
        }
    }
}

/// Why the platform's header is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderRefusal {
    /// More than one such header: the platform sends one.
    #[error("it is there more than once")]
    Repeated,
    /// Longer than [`PlatformHeader::MAX_BYTES`].
    #[error("it is longer than {} bytes", PlatformHeader::MAX_BYTES)]
    TooLong,
    /// No base64.
    #[error("it is no base64")]
    Base64,
    /// No UTF-8.
    #[error("it is no UTF-8")]
    Utf8,
    /// No JSON of the shape that the platform writes.
    #[error("it is no JSON principal")]
    Json,
    /// The principal is another identity provider's.
    #[error("its auth_typ is not the trusted identity provider")]
    IdentityProvider,
    /// More claims than [`HeaderRefusal::MAX_CLAIMS`].
    #[error("it has more than {} claims", HeaderRefusal::MAX_CLAIMS)]
    TooManyClaims,
    /// `role_typ` names a claim that is no list of roles.
    #[error("its role_typ names a claim of another meaning")]
    RoleType,
    /// No object id, or an empty one.
    #[error("it has no object id")]
    NoObjectId,
    /// A claim that has one value has two.
    #[error("its claim {0} has two values")]
    Ambiguous(&'static str),
    /// Another tenant, or none.
    #[error("it is of another tenant")]
    Tenant,
}

impl HeaderRefusal {
    /// Invariant: the most claims that are looked at.
    pub const MAX_CLAIMS: usize = 500;
}
