//! The validator of access tokens, which is a scheme.

use std::{fmt, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, header::AUTHORIZATION};

use super::{
    claims::{Claims, Rules},
    cloud,
    discovery::ALL_TENANTS,
    error::{self, TokenError},
    header::Header,
    jwks::SigningKey,
    jwks_cache::{IssuerKey, JwksCache},
    token_cache::{self, TokenCache},
};
use crate::{
    principal::Principal,
    scheme::{Outcome, Scheme},
};

/// The access token in the `Authorization` header as a scheme.
///
/// A token is valid when a key that the issuer publishes has signed it with RS256, and its issuer (version 1.0 or 2.0),
/// tenant, audience, times and client application are the configured ones. A token never decides where its key or its
/// rules come from. Sources: RFC 7519, RFC 8725, and
/// <https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens>.
pub struct EntraTokenValidator {
    pub(super) rules: Rules,
    pub(super) jwks: JwksCache,
    pub(super) tokens: TokenCache,
    pub(super) clock: Arc<Clock>,
}

/// Returns the current time.
pub(super) type Clock = dyn Fn() -> SystemTime + Send + Sync;

impl EntraTokenValidator {
    /// Invariant: a longer token, in bytes, is rejected before any of it is read.
    pub const MAX_BYTES: usize = error::MAX_BYTES;

    /// The capacity of the cache of valid tokens.
    pub const CACHED_TOKENS: usize = token_cache::CAPACITY;

    /// The issuer of version 2.0 tokens, as the authority's discovery document names it: for External ID its host differs
    /// from the authority's. For several tenants it is the authority's address for `organizations`. Once known it stays known; the first call may wait for the document.
    ///
    /// # Errors
    /// When it is not known yet, and the document is not available.
    pub async fn issuer(&self) -> Result<Arc<str>, TokenError> {
        if self.jwks.issuer().is_none() {
            self.fetch_jwks().await?;
        }
        let issuer = self.jwks.issuer().ok_or(TokenError::KeysUnavailable)?;
        let is_template = issuer.contains(cloud::TENANT);
        Ok(if is_template { issuer.replace(cloud::TENANT, ALL_TENANTS).into() } else { issuer })
    }

    /// Fetches the issuer's keys before the first token needs them.
    ///
    /// # Errors
    /// When they are not available. The next token starts another fetch.
    pub async fn fetch_jwks(&self) -> Result<(), TokenError> {
        self.jwks.warm_up().await
    }

    /// Validates an access token.
    ///
    /// # Errors
    /// When the token is invalid, or the keys to validate it are not available.
    pub async fn validate(&self, token: &str) -> Result<Principal, TokenError> {
        if token.len() > Self::MAX_BYTES {
            return Err(TokenError::TooLong);
        }
        let now = unix_seconds((self.clock)());
        if let Some(principal) = self.tokens.get(token, now, &self.jwks) {
            return Ok(principal);
        }
        let (key, claims) = self.check(token, now).await?;
        let exp = claims.validity.exp;
        let principal = claims.principal()?;
        self.tokens.insert(token, &principal, now, exp, key);
        Ok(principal)
    }

    /// Checks everything that makes a token valid.
    ///
    /// Invariant: no token is valid before its signature is verified, which comes last. The checks before it only reject, so
    /// that a token that is not for this service causes no fetch of keys.
    async fn check(&self, token: &str, now: i64) -> Result<(SigningKey, Claims), TokenError> {
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(TokenError::Malformed)?;
        URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenError::Malformed)?;
        let header = Header::read(&decode(header, TokenError::Header)?)?;
        let claims = Claims::read(decode(claims, TokenError::Claims)?)?;
        self.rules.check(&claims, now)?;
        let found = self.jwks.find(&header.kid).await?;
        self.rules.check_issuer(&claims, &found)?;
        let IssuerKey { key, .. } = found;
        if !key.verify(message.as_bytes(), signature) {
            return Err(TokenError::Signature);
        }
        Ok((key, claims))
    }
}

/// Decodes a part that is text.
fn decode(part: &str, invalid: TokenError) -> Result<String, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)?;
    String::from_utf8(bytes).map_err(|_| invalid)
}

/// Invariant: with a clock before 1970 no token is valid. Such a time is after every `exp`.
pub(crate) fn unix_seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok();
    since.and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or(i64::MAX)
}

/// The token of a request, whose one `Authorization` header has the scheme `Bearer`, in either case (RFC 9110, section 11.1).
fn bearer(headers: &HeaderMap) -> Option<Result<&str, TokenError>> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return Some(Err(TokenError::MultipleHeaders));
    }
    let Ok(value) = value.to_str() else { return Some(Err(TokenError::Malformed)) };
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    Some(is_bearer.then(|| token.trim_matches(' ')).ok_or(TokenError::NotBearer))
}

#[async_trait]
impl Scheme for EntraTokenValidator {
    fn name(&self) -> &'static str {
        "access token"
    }

    async fn authenticate(&self, headers: &HeaderMap) -> Outcome {
        match bearer(headers) {
            None => Outcome::NotRequested,
            Some(Ok(token)) => self.validate(token).await.into(),
            Some(Err(error)) => Outcome::Failed(error.into()),
        }
    }
}

impl fmt::Debug for EntraTokenValidator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntraTokenValidator").field("rules", &self.rules).finish_non_exhaustive()
    }
}
