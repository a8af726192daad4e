//! Where the issuer's keys come from: its discovery document and the key set that it names.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use reqwest::{Client, Url, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::time::timeout;

/// Gives the issuer's keys. A service may bring its own, for tests or an issuer behind a door of its own.
#[async_trait]
pub trait JwksProvider: Send + Sync {
    /// Asks for the keys of now. It is called as seldom as [`crate::EntraTokenValidator`] can; it should give up within seconds.
    async fn fetch(&self) -> Result<Jwks, JwksError>;
}

/// The keys could not be had.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct JwksError {
    what: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl JwksError {
    /// What went wrong, for the log.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), source: None }
    }

    fn because(what: String, source: impl Error + Send + Sync + 'static) -> Self {
        Self { what, source: Some(Box::new(source)) }
    }
}

/// An issuer, and the keys by which its signatures are checked.
#[derive(Debug, Clone)]
pub struct Jwks {
    /// `iss` of its version 2.0 tokens.
    pub issuer: String,
    /// Its keys. Of two with one key id the last counts.
    pub keys: Vec<SigningKey>,
}

/// Invariant: the one algorithm. It is the code's choice and never the token's (RFC 8725, section 3.1); Entra signs by no
/// other.
const ALGORITHM: Algorithm = Algorithm::RS256;

/// A public RSA key with its id.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    key: Arc<DecodingKey>,
}

impl SigningKey {
    /// Invariant: bits of the shortest modulus that is taken (RFC 7518, section 3.3).
    pub const MIN_BITS: usize = 2048;

    /// A key from its modulus and exponent, as base64url without padding (RFC 7518, section 6.3.1).
    ///
    /// # Errors
    /// When it is none, or shorter than [`Self::MIN_BITS`].
    pub fn new(kid: &str, n: &str, e: &str) -> Result<Self, JwksError> {
        let wrong = || JwksError::new("a key's modulus or exponent is no base64url");
        let modulus = URL_SAFE_NO_PAD.decode(n).map_err(|_| wrong())?;
        let leading_zeros = modulus.first().map_or(8, |byte| byte.leading_zeros() as usize);
        if modulus.len() * 8 < Self::MIN_BITS + leading_zeros {
            return Err(JwksError::new("a key is too short"));
        }
        let key = DecodingKey::from_rsa_components(n, e)
            .map_err(|error| JwksError::because("a key is none".to_owned(), error))?;
        Ok(Self { kid: kid.to_owned(), key: Arc::new(key) })
    }

    /// The key's id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Whether this is the key's signature of the message, by RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, section 3.3),
    /// as base64url without padding.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &str) -> bool {
        matches!(crypto::verify(signature, message, &self.key, ALGORITHM), Ok(true))
    }

    /// Whether it came with the same answer of the issuer: another key may have the same id later.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.key, &other.key)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Invariant: the longest document that is read, in bytes. Entra's are a few thousand.
const MAX_BYTES: usize = 256 * 1024;

/// Invariant: the most keys that are taken.
const MAX_KEYS: usize = 100;

/// How long both documents may take together.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// The issuer's own documents, over HTTP (OpenID Connect Discovery 1.0). Redirects are not followed, and the keys have to
/// be at the authority's own origin, or at that of the issuer that it names: they differ for External ID. Source: <https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc>.
pub(super) struct Discovery {
    client: Client,
    document: Url,
    tenant_id: String,
}

#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    /// Of whatever kind: a key that we cannot read leaves the others as good as they are (RFC 7517, section 5).
    keys: Vec<Value>,
}

/// A key as it is published (RFC 7517, section 4). Other members mean nothing to us.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

impl Jwk {
    /// Whether it is for what we do: checking signatures of RS256.
    fn is_for_us(&self) -> bool {
        self.kty == "RSA"
            && !self.kid.is_empty()
            && self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.alg.as_deref().is_none_or(|alg| alg == "RS256")
    }
}

impl Discovery {
    /// Asks this authority, which was found to be https or on loopback, about a tenant.
    pub(super) fn new(authority: &Url, tenant_id: &str) -> Result<Self, reqwest::Error> {
        let mut client = Client::builder().redirect(Policy::none());
        if authority.scheme() == "https" {
            client = client.https_only(true);
        } else {
            // Loopback: a proxy's loopback would be another.
            client = client.no_proxy();
        }
        let mut document = authority.clone();
        document.set_path(&format!("/{tenant_id}/v2.0/.well-known/openid-configuration"));
        Ok(Self { client: client.build()?, document, tenant_id: tenant_id.to_owned() })
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, JwksError> {
        let failed = |error| JwksError::because(format!("cannot get {url}"), error);
        let answer = self.client.get(url.clone()).send().await.map_err(failed)?;
        if answer.status() != 200 {
            return Err(JwksError::new(format!("{url} answered {}", answer.status())));
        }
        let (mut answer, mut body) = (answer, Vec::new());
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(JwksError::new(format!("{url} answered over {MAX_BYTES} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        let wrong = |error| JwksError::because(format!("{url} answered no such JSON"), error);
        serde_json::from_slice(&body).map_err(wrong)
    }

    async fn ask(&self) -> Result<Jwks, JwksError> {
        let configuration: Configuration = self.get(self.document.clone()).await?;
        let issuer = self.issuer(&configuration)?;
        let url = self.keys_url(&configuration, &issuer)?;
        let set: KeySet = self.get(url.clone()).await?;
        let jwks = set.keys.iter().filter_map(|key| Jwk::deserialize(key).ok());
        let mut keys = Vec::new();
        for jwk in jwks.filter(Jwk::is_for_us).take(MAX_KEYS) {
            match SigningKey::new(&jwk.kid, &jwk.n, &jwk.e) {
                Ok(key) => keys.push(key),
                Err(error) => tracing::warn!(%url, %error, "a key of the issuer is left out"),
            }
        }
        if keys.is_empty() {
            return Err(JwksError::new(format!("{url} has no key for RS256")));
        }
        Ok(Jwks { issuer: configuration.issuer, keys })
    }

    /// The address of the keys, which has to be at the authority's own origin, or the issuer's.
    fn keys_url(&self, configuration: &Configuration, issuer: &Url) -> Result<Url, JwksError> {
        let origins = [self.document.origin(), issuer.origin()];
        let url = Url::parse(&configuration.jwks_uri).ok();
        url.filter(|url| origins.contains(&url.origin())).ok_or_else(|| {
            JwksError::new(format!("{} names keys at another origin", self.document))
        })
    }

    /// Invariant: the issuer is one of the tenant's, so that no other tenant's tokens can be good. Its host may be
    /// another than the authority's: tokens, and what clients are told, go by what the authority says.
    fn issuer(&self, configuration: &Configuration) -> Result<Url, JwksError> {
        let url = Url::parse(&configuration.issuer).ok();
        let is_ours = |url: &Url| {
            let safe = url.scheme() == "https" || url.origin() == self.document.origin();
            let bare = url.query().is_none() && url.fragment().is_none();
            safe && bare && url.path() == format!("/{}/v2.0", self.tenant_id)
        };
        url.filter(is_ours).ok_or_else(|| {
            JwksError::new(format!("{} names another tenant's issuer", self.document))
        })
    }
}

#[async_trait]
impl JwksProvider for Discovery {
    async fn fetch(&self) -> Result<Jwks, JwksError> {
        let late = |error| JwksError::because(format!("{} is slow", self.document), error);
        timeout(TIME_LIMIT, self.ask()).await.map_err(late)?
    }
}
