//! An issuer's key set, and the trait that provides it.

use std::{error::Error, fmt, sync::Arc};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};

/// Provides the issuer's keys. Implement it for tests, or for an issuer without a discovery document.
#[async_trait]
pub trait JwksProvider: Send + Sync {
    /// Fetches the current keys. The cache calls it as seldom as it can. It should fail within seconds.
    async fn fetch(&self) -> Result<Jwks, JwksError>;
}

/// An issuer and its signing keys.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Jwks {
    /// The `iss` of its version 2.0 tokens. `{tenantid}` in it stands for the tenant of each token: the issuer has several.
    pub issuer: String,
    /// Its keys. Of two keys with one id the last counts.
    pub keys: Vec<SigningKey>,
}

impl Jwks {
    /// The keys of an issuer.
    #[must_use]
    pub fn new(issuer: impl Into<String>, keys: Vec<SigningKey>) -> Self {
        Self { issuer: issuer.into(), keys }
    }
}

/// A failed fetch of keys, or an invalid key.
#[derive(Debug, thiserror::Error)]
#[error("{description}")]
pub struct JwksError {
    description: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl JwksError {
    /// An error with a description for the log.
    #[must_use]
    pub fn new(description: impl Into<String>) -> Self {
        Self { description: description.into(), source: None }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }
}

/// Invariant: the only algorithm. The code chooses it and never the token (RFC 8725, section 3.1); Entra uses no other.
const ALGORITHM: Algorithm = Algorithm::RS256;

/// A public RSA key with its id.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    key: Arc<DecodingKey>,
    issuer: Option<Arc<str>>,
}

impl SigningKey {
    /// Invariant: the minimum length of a modulus, in bits (RFC 7518, section 3.3).
    pub const MIN_BITS: usize = 2048;

    /// Creates a key from its modulus and exponent, in base64url without padding (RFC 7518, section 6.3.1).
    ///
    /// # Errors
    /// When it is not an RSA key, or is shorter than [`Self::MIN_BITS`].
    pub fn new(kid: &str, n: &str, e: &str) -> Result<Self, JwksError> {
        let invalid = || JwksError::new("the key's modulus or exponent is not base64url");
        let modulus = URL_SAFE_NO_PAD.decode(n).map_err(|error| invalid().with_source(error))?;
        let leading_zeros = modulus.first().map_or(8, |byte| byte.leading_zeros() as usize);
        if modulus.len() * 8 < Self::MIN_BITS + leading_zeros {
            return Err(JwksError::new("the key is too short"));
        }
        let key =
            DecodingKey::from_rsa_components(n, e).map_err(|error| invalid().with_source(error))?;
        Ok(Self { kid: kid.to_owned(), key: Arc::new(key), issuer: None })
    }

    /// Limits the key to tokens of this issuer, which may contain `{tenantid}` (the member `issuer` of Entra's keys). It
    /// counts where an issuer has several tenants.
    #[must_use]
    pub fn for_issuer(self, issuer: &str) -> Self {
        Self { issuer: Some(issuer.into()), ..self }
    }

    pub(super) fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The key's id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Whether this is the key's RS256 signature of the message, in base64url without padding: RSASSA-PKCS1-v1_5 with
    /// SHA-256 (RFC 7518, section 3.3).
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &str) -> bool {
        matches!(crypto::verify(signature, message, &self.key, ALGORITHM), Ok(true))
    }

    /// Whether both came with the same response of the issuer: another key may have the same id later.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.key, &other.key)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}
