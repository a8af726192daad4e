//! Why an access token is refused.

/// Why an access token is refused. It is for the log: it says nothing of the token but its fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// More than one `Authorization` header.
    #[error("there is more than one Authorization header")]
    MultipleHeaders,
    /// `Authorization` has another scheme.
    #[error("the Authorization header's scheme is not Bearer")]
    NotBearer,
    /// Longer than [`crate::EntraTokenValidator::MAX_BYTES`].
    #[error("it is longer than {} bytes", crate::EntraTokenValidator::MAX_BYTES)]
    TooLong,
    /// Not three parts of base64url without padding (RFC 7515, section 7.1).
    #[error("it is not three parts of base64url")]
    Malformed,
    /// The header is no JSON object of a token's header, or has a member twice.
    #[error("its header is not that of a token")]
    Header,
    /// Signed by another algorithm than RS256, or by none.
    #[error("its algorithm is not RS256")]
    Algorithm,
    /// `typ` is there, and neither `JWT` nor `at+jwt` (RFC 8725, section 3.11).
    #[error("its type is not that of an access token")]
    Type,
    /// The header brings a key or names a place to get one: `jwk`, `jku`, `x5u` or `x5c` (RFC 8725, section 3.10).
    #[error("its header brings a key of its own ({0})")]
    EmbeddedKey(&'static str),
    /// The header asks for an extension: `crit` (RFC 7515, section 4.1.11).
    #[error("its header asks for an extension (crit)")]
    CriticalExtension,
    /// No `kid`, or one that is too long.
    #[error("it does not say which key signed it")]
    MissingKeyId,
    /// The claims are no JSON object of an access token's claims, or have one twice.
    #[error("its claims are not those of an access token")]
    Claims,
    /// `tid` is missing, or is another tenant.
    #[error("it is of another tenant")]
    Tenant,
    /// `aud` is none of the audiences.
    #[error("it is for another audience")]
    Audience,
    /// `exp` has passed.
    #[error("it has expired")]
    Expired,
    /// `nbf` is yet to come.
    #[error("it is not valid yet")]
    NotYetValid,
    /// `iss` is neither the version 1.0 nor the version 2.0 issuer.
    #[error("it is of another issuer")]
    Issuer,
    /// `ver` is not the version of the issuer.
    #[error("its version is not its issuer's")]
    Version,
    /// `appid` (version 1.0) or `azp` (version 2.0) is missing.
    #[error("it does not name its client application")]
    MissingClient,
    /// The client application is none of those allowed.
    #[error("its client application is not allowed")]
    ClientNotAllowed,
    /// `oid` is missing.
    #[error("it does not name its caller")]
    MissingObjectId,
    /// `oid` is longer than [`crate::Principal::MAX_ID_BYTES`], or has other characters than visible ASCII.
    #[error("its caller's object id is unfit")]
    InvalidObjectId,
    /// The issuer, asked since the token came, publishes no key of that `kid`.
    #[error("the issuer has no key of its key id")]
    UnknownKey,
    /// The signature is not of that key.
    #[error("its signature is wrong")]
    Signature,
    /// The `kid` is not known, and so many tokens wait for the answer of the issuer that this one cannot.
    #[error("too many tokens of unknown key ids wait for the issuer's answer")]
    TooManyUnknownKeys,
    /// The issuer's keys could not be had, or it could not be asked about a `kid`.
    #[error("the issuer's keys cannot be had")]
    KeysUnavailable,
}

impl TokenError {
    /// Seconds after which a caller may try again whose token was not judged; `None` for a verdict.
    pub(crate) fn retry_after_seconds(self) -> Option<u32> {
        match self {
            Self::TooManyUnknownKeys => Some(1),
            Self::KeysUnavailable => Some(5),
            _ => None,
        }
    }
}
