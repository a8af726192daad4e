//! The reasons for which an access token is rejected.

use std::time::Duration;

use crate::{error::AuthnError, token_claims::TokenClaimsError};

pub(super) const MAX_BYTES: usize = 16 * 1024;

/// The reason why an access token is rejected. Its text contains nothing of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The request has more than one `Authorization` header.
    #[error("there is more than one Authorization header")]
    MultipleHeaders,
    /// The `Authorization` header has another scheme.
    #[error("the Authorization header's scheme is not Bearer")]
    NotBearer,
    /// It is longer than [`crate::EntraTokenValidator::MAX_BYTES`].
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// It is not three parts of base64url without padding (RFC 7515, section 7.1).
    #[error("it is not three parts of base64url")]
    Malformed,
    /// Its header is not a JSON object with the members of a token's header, or has one twice.
    #[error("its header is not that of a token")]
    Header,
    /// Its algorithm is not RS256.
    #[error("its algorithm is not RS256")]
    Algorithm,
    /// Its `typ` is neither `JWT` nor `at+jwt` (RFC 8725, section 3.11). `typ` may be absent.
    #[error("its type is not that of an access token")]
    Type,
    /// Its header contains a key or the address of one: `jwk`, `jku`, `x5u` or `x5c` (RFC 8725, section 3.10).
    #[error("its header contains a key or the address of one ({0})")]
    EmbeddedKey(&'static str),
    /// Its header requires an extension: `crit` (RFC 7515, section 4.1.11).
    #[error("its header requires an extension (crit)")]
    CriticalExtension,
    /// Its `kid` is missing or too long.
    #[error("its key id is missing or too long")]
    MissingKeyId,
    /// Its claims are not a JSON object with the claims of an access token, or have one twice.
    #[error("its claims are not those of an access token")]
    Claims,
    /// Its `tid` is missing, or is another tenant.
    #[error("it is of another tenant")]
    Tenant,
    /// Its `aud` is not one of the audiences.
    #[error("it is for another audience")]
    Audience,
    /// Its `exp` has passed.
    #[error("it has expired")]
    Expired,
    /// Its `nbf` is in the future.
    #[error("it is not valid yet")]
    NotYetValid,
    /// Its `iss` is neither the version 1.0 nor the version 2.0 issuer.
    #[error("it is of another issuer")]
    Issuer,
    /// Its `ver` is not the version of its issuer.
    #[error("its version is not its issuer's")]
    Version,
    /// Its `appid` (version 1.0) or `azp` (version 2.0) is missing.
    #[error("it does not name its client application")]
    MissingClient,
    /// Its client application is not an allowed one.
    #[error("its client application is not allowed")]
    ClientNotAllowed,
    /// Its `oid` is missing.
    #[error("it has no object id")]
    MissingObjectId,
    /// Its `oid` is longer than [`crate::Principal::MAX_ID_BYTES`], or has characters other than visible ASCII.
    #[error("its object id is invalid")]
    InvalidObjectId,
    /// The issuer publishes no key with its `kid`, and was asked after the token arrived.
    #[error("the issuer has no key with its key id")]
    UnknownKey,
    /// That key did not sign it.
    #[error("its signature is wrong")]
    Signature,
    /// Its `kid` is unknown, and the maximum number of requests already waits for the issuer's response. Transient.
    #[error("too many tokens with unknown key ids wait for the issuer")]
    TooManyUnknownKeys,
    /// The issuer's keys are not available, or the issuer could not be asked for a `kid`. Transient.
    #[error("the issuer's keys are not available")]
    KeysUnavailable,
}

impl TokenError {
    /// The time after which to retry, if the error is transient.
    pub(crate) fn retry_after(self) -> Option<Duration> {
        match self {
            Self::TooManyUnknownKeys => Some(Duration::from_secs(1)),
            Self::KeysUnavailable => Some(Duration::from_secs(5)),
            _ => None,
        }
    }
}

impl From<TokenClaimsError> for TokenError {
    fn from(error: TokenClaimsError) -> Self {
        match error {
            TokenClaimsError::Json => Self::Claims,
            TokenClaimsError::MissingObjectId => Self::MissingObjectId,
            TokenClaimsError::InvalidObjectId => Self::InvalidObjectId,
        }
    }
}

impl From<TokenError> for AuthnError {
    fn from(error: TokenError) -> Self {
        let authn_error = match error.retry_after() {
            Some(retry_after) => Self::transient("access token", retry_after),
            None => Self::rejected("access token"),
        };
        authn_error.with_source(error)
    }
}
