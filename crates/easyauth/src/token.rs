//! Microsoft Entra access tokens (RFC 7519) in the `Authorization` header (RFC 6750).

mod builder;
mod claims;
mod cloud;
mod error;
mod header;
mod jwks_cache;
mod jwks_provider;
mod token_cache;

use std::{fmt, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, header::AUTHORIZATION};
use serde::de::DeserializeOwned;

pub use self::{
    builder::{EntraTokenValidatorBuilder, TokenConfigError},
    error::TokenError,
    jwks_provider::{Jwks, JwksError, JwksProvider, SigningKey},
};
use self::{
    claims::Claims,
    header::Header,
    jwks_cache::{JwksCache, Key},
    token_cache::TokenCache,
};
use crate::{Outcome, Principal, Scheme};

/// The access token in the `Authorization` header as a scheme.
///
/// A token is good when it is signed by RS256 with a key that the issuer publishes, and its issuer (version 1.0 or 2.0),
/// tenant, audience, times and client application are those that were set. Nothing in a token says where its key or its
/// rules come from. Sources: RFC 7519, RFC 8725, and
/// <https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens>.
pub struct EntraTokenValidator {
    authorization_server: String,
    rules: Rules,
    keys: JwksCache,
    validated: TokenCache,
    clock: Arc<Clock>,
}

/// Tells the time.
type Clock = dyn Fn() -> SystemTime + Send + Sync;

/// What a token has to say.
struct Rules {
    /// In lower case.
    tenant_id: String,
    v1_issuers: Vec<String>,
    audiences: Vec<String>,
    /// In lower case.
    allowed_clients: Vec<String>,
}

impl EntraTokenValidator {
    /// Invariant: a longer token, in bytes, is refused before anything of it is read.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Seconds by which the issuer's clock and ours may differ: a token is taken so much before `nbf` and after `exp`
    /// (RFC 7519, section 4.1.4: "no more than a few minutes").
    pub const LEEWAY_SECONDS: i64 = 60;

    /// How many validated tokens are remembered.
    pub const CACHED_TOKENS: usize = 1000;

    /// Tokens of this tenant (a GUID) for this app registration (its application id, a GUID).
    #[must_use]
    pub fn builder(tenant_id: &str, client_id: &str) -> EntraTokenValidatorBuilder {
        EntraTokenValidatorBuilder::new(tenant_id, client_id)
    }

    /// The issuer of version 2.0 tokens as the authority has it in most cases: `<authority>/<tenant>/v2.0`. For what it
    /// has in truth, and tokens name, ask [`Self::issuer`].
    #[must_use]
    pub fn authorization_server(&self) -> &str {
        &self.authorization_server
    }

    /// The issuer of version 2.0 tokens, as the authority's discovery document names it: for External ID its host is
    /// another than the authority's. Once known it stays known; the first call may wait for the document.
    ///
    /// # Errors
    /// When it is not known yet, and cannot be had.
    pub async fn issuer(&self) -> Result<Arc<str>, TokenError> {
        if let Some(issuer) = self.keys.issuer() {
            return Ok(issuer);
        }
        self.keys.warm_up().await?;
        self.keys.issuer().ok_or(TokenError::KeysUnavailable)
    }

    /// Fetches the issuer's keys before the first token asks for them.
    ///
    /// # Errors
    /// When they cannot be had: tokens ask again.
    pub async fn fetch_jwks(&self) -> Result<(), TokenError> {
        self.keys.warm_up().await
    }

    /// Who the token says calls.
    ///
    /// # Errors
    /// When anything about it is not as it has to be.
    pub async fn validate(&self, token: &str) -> Result<Principal, TokenError> {
        if token.len() > Self::MAX_BYTES {
            return Err(TokenError::TooLong);
        }
        let now = unix_seconds((self.clock)());
        if let Some(principal) = self.validated.find(token, now, &self.keys) {
            return Ok(principal);
        }
        let (key, claims) = self.check(token, now).await?;
        let principal = claims.principal()?;
        self.validated.remember(token, &principal, now, claims.exp, key);
        Ok(principal)
    }

    /// Everything that a token has to be.
    ///
    /// Invariant: nothing is accepted before the signature, which comes last. What comes before it refuses alone, so that
    /// no key is asked for in the name of a token that is not for us.
    async fn check(&self, token: &str, now: i64) -> Result<(SigningKey, Claims), TokenError> {
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(TokenError::Malformed)?;
        URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenError::Malformed)?;
        let header = Header::read(&decode(header)?)?;
        let claims = Claims::read(&decode(claims)?)?;
        self.rules.check(&claims, now)?;
        let Key { issuer, key } = self.keys.find(&header.kid).await?;
        self.rules.check_issuer(&claims, &issuer)?;
        if !key.verify(message.as_bytes(), signature) {
            return Err(TokenError::Signature);
        }
        Ok((key, claims))
    }
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)
}

/// Reads a JSON object. A list is none, though serde would take its items for the members in order.
fn object<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    json.starts_with(b"{").then(|| serde_json::from_slice(json).ok())?
}

/// Invariant: a clock that cannot be right lets nobody in. A time before 1970 counts as after every `exp`.
fn unix_seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok();
    since.and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or(i64::MAX)
}

/// The token of a request: the one `Authorization` header has the scheme `Bearer`, in whatever case (RFC 9110, section 11.1).
fn bearer(headers: &HeaderMap) -> Option<Result<&str, TokenError>> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return Some(Err(TokenError::MultipleHeaders));
    }
    let Ok(value) = value.to_str() else { return Some(Err(TokenError::Malformed)) };
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Some(Err(TokenError::NotBearer));
    }
    Some(Ok(token.trim_matches(' ')))
}

#[async_trait]
impl Scheme for EntraTokenValidator {
    async fn authenticate(&self, headers: &HeaderMap) -> Outcome {
        let validated = match bearer(headers) {
            None => return Outcome::NotRequested,
            Some(Ok(token)) => self.validate(token).await,
            Some(Err(refusal)) => Err(refusal),
        };
        match validated {
            Ok(principal) => Outcome::Authenticated(principal),
            Err(refusal) => Outcome::Failed(refusal.into()),
        }
    }
}

impl fmt::Debug for EntraTokenValidator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntraTokenValidator")
            .field("authorization_server", &self.authorization_server)
            .finish_non_exhaustive()
    }
}
