//! An issuer: keys, tokens that they sign, and a provider of the keys.

use std::{
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize, PublicKeyComponents},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use easyauth::{
    EntraTokenValidator, EntraTokenValidatorBuilder, Jwks, JwksError, JwksProvider, SigningKey,
};
use serde_json::{Value, json};

pub const TENANT: &str = "11111111-1111-4111-8111-111111111111";
pub const API: &str = "22222222-2222-4222-8222-222222222222";
pub const CALLER: &str = "3333aaaa-3333-4333-8333-333333333333";
pub const OBJECT: &str = "44444444-4444-4444-8444-444444444444";
pub const V1_ISSUER: &str = "https://sts.windows.net/11111111-1111-4111-8111-111111111111/";
pub const V2_ISSUER: &str =
    "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0";

/// The time of these tests, in seconds since 1970, at which their tokens are valid.
pub const NOW: i64 = 1_800_000_000;

/// The issuer's key.
pub static KEY: LazyLock<Key> = LazyLock::new(|| Key::generate("first"));
/// The key that it signs with next.
pub static NEXT: LazyLock<Key> = LazyLock::new(|| Key::generate("second"));
/// An attacker's key with the id of the issuer's.
pub static FORGED: LazyLock<Key> = LazyLock::new(|| Key::generate("first"));

/// A private key.
pub struct Key {
    pub kid: String,
    pub n: String,
    pub e: String,
    pair: KeyPair,
}

impl Key {
    pub fn generate(kid: &str) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = PublicKeyComponents::from(pair.public_key());
        let (n, e) = (encode(public.n), encode(public.e));
        Self { kid: kid.to_owned(), n, e, pair }
    }

    pub fn public(&self) -> SigningKey {
        SigningKey::new(&self.kid, &self.n, &self.e).unwrap()
    }

    pub fn jwk(&self) -> Value {
        json!({ "kty": "RSA", "use": "sig", "kid": self.kid, "n": self.n, "e": self.e })
    }

    /// A token as Entra signs it.
    pub fn token(&self, claims: &Value) -> String {
        self.sign(json!({ "typ": "JWT", "alg": "RS256", "kid": self.kid }).to_string(), claims)
    }

    /// A token with this header.
    pub fn sign(&self, header: impl AsRef<[u8]>, claims: &impl ToString) -> String {
        let message = format!("{}.{}", encode(header), encode(claims.to_string()));
        let signature = self.signature(&message);
        format!("{message}.{signature}")
    }

    pub fn signature(&self, message: &str) -> String {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        self.pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
        encode(signature)
    }

    pub fn public_der(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }
}

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Claims of a version 2.0 app-only token.
pub fn v2_app() -> Value {
    json!({
        "iss": V2_ISSUER, "ver": "2.0", "aud": API, "tid": TENANT, "azp": CALLER, "azpacr": "1",
        "oid": OBJECT, "sub": OBJECT, "idtyp": "app", "roles": ["MCP.Access"],
        "iat": NOW - 300, "nbf": NOW - 300, "exp": NOW + 3600, "uti": unique(),
    })
}

/// Claims of a version 1.0 app-only token.
pub fn v1_app() -> Value {
    json!({
        "iss": V1_ISSUER, "ver": "1.0", "aud": format!("api://{API}"), "tid": TENANT,
        "appid": CALLER, "appidacr": "1", "oid": OBJECT, "sub": OBJECT, "idtyp": "app",
        "roles": ["MCP.Access"], "iat": NOW - 300, "nbf": NOW - 300, "exp": NOW + 3600,
        "uti": unique(),
    })
}

/// Claims of a version 2.0 delegated token.
pub fn v2_user() -> Value {
    let person = json!({
        "idtyp": null, "sub": "pairwise", "scp": "user_impersonation", "name": "Ada Lovelace",
        "roles": null,
    });
    with(v2_app(), &person)
}

/// The same claims with these changes; null removes one.
pub fn with(mut claims: Value, changes: &Value) -> Value {
    let members = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    claims
}

/// Makes every token unique, so that none is cached.
fn unique() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// A provider with configurable keys, which counts its fetches.
#[derive(Default)]
pub struct Issuer {
    keys: Mutex<Option<Vec<SigningKey>>>,
    asked: AtomicUsize,
    /// The time between reading the keys and responding.
    delay: Duration,
}

impl Issuer {
    pub fn with(keys: &[&Key]) -> Arc<Self> {
        Self::slow(keys, Duration::ZERO)
    }

    pub fn slow(keys: &[&Key], delay: Duration) -> Arc<Self> {
        let issuer = Self { delay, ..Self::default() };
        issuer.publish(keys);
        Arc::new(issuer)
    }

    pub fn publish(&self, keys: &[&Key]) {
        *self.keys.lock().unwrap() = Some(keys.iter().map(|key| key.public()).collect());
    }

    pub fn go_away(&self) {
        *self.keys.lock().unwrap() = None;
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl JwksProvider for Issuer {
    async fn fetch(&self) -> Result<Jwks, JwksError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let keys = self.keys.lock().unwrap().clone();
        pass(self.delay).await;
        let keys = keys.ok_or_else(|| JwksError::new("the issuer is away"))?;
        Ok(Jwks::new(V2_ISSUER, keys))
    }
}

/// A validator with this issuer and one allowed client.
pub fn scheme(issuer: &Arc<Issuer>) -> EntraTokenValidator {
    builder(issuer).build().unwrap()
}

pub fn builder(issuer: &Arc<Issuer>) -> EntraTokenValidatorBuilder {
    let issuer: Arc<dyn JwksProvider> = issuer.clone();
    EntraTokenValidator::builder(TENANT, API)
        .allow_client(CALLER)
        .jwks_provider(issuer)
        .clock(|| time(NOW))
}

pub fn time(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap())
}

/// Advances paused time. Time advances only while all tasks are idle, so that all earlier work is complete by then.
pub async fn pass(time: Duration) {
    tokio::time::sleep(time).await; // tidy: time is paused, or none is to pass
}
