//! The reasons for which a client principal header is rejected.

use crate::error::AuthnError;

pub(super) const MAX_BYTES: usize = 32 * 1024;
pub(super) const MAX_CLAIMS: usize = 500;

/// The reason why a client principal header is rejected. Its text contains nothing of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientPrincipalError {
    /// The request has more than one such header: at least one is not the platform's.
    #[error("there is more than one")]
    MultipleHeaders,
    /// It is longer than [`crate::ClientPrincipalHeader::MAX_BYTES`].
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// It is not in the standard alphabet, or has wrong padding. Padding may be absent.
    #[error("it is not base64")]
    Base64,
    /// Its bytes are not text.
    #[error("it is not UTF-8")]
    Utf8,
    /// It is not JSON of the documented structure, or has a member twice.
    #[error("it is not the JSON that the platform writes")]
    Json,
    /// It has more than [`crate::ClientPrincipalHeader::MAX_CLAIMS`].
    #[error("it has more than {MAX_CLAIMS} claims")]
    TooManyClaims,
    /// Its identity provider is another.
    #[error("its identity provider is not the trusted one")]
    IdentityProvider,
    /// `role_typ` names a claim with another meaning: a display name could become a role.
    #[error("its role type is a claim with another meaning")]
    RoleType,
    /// It has no object id.
    #[error("it has no object id")]
    MissingObjectId,
    /// The value of this claim is empty, not text, or not allowed.
    #[error("its claim `{0}` has an invalid value")]
    InvalidClaim(&'static str),
    /// This claim has different values.
    #[error("its claim `{0}` has different values")]
    AmbiguousClaim(&'static str),
    /// A tenant is required, and it names none.
    #[error("it names no tenant")]
    MissingTenant,
    /// It names a tenant that is not the required one.
    #[error("it names another tenant")]
    Tenant,
}

impl From<ClientPrincipalError> for AuthnError {
    fn from(error: ClientPrincipalError) -> Self {
        Self::rejected("client principal header").with_source(error)
    }
}
