//! The cost of validating a token: `cargo run --release -p easyauth --example token_costs` prints the microseconds for a new
//! token and for a cached one.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize, PublicKeyComponents},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use easyauth::{EntraTokenValidator, Jwks, JwksError, JwksProvider, SigningKey};
use serde_json::json;

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const API: &str = "22222222-2222-4222-8222-222222222222";
const CALLER: &str = "33333333-3333-4333-8333-333333333333";
const TOKENS: u64 = 5000;

/// An issuer in this process.
struct Issuer(Jwks);

#[async_trait]
impl JwksProvider for Issuer {
    async fn fetch(&self) -> Result<Jwks, JwksError> {
        Ok(self.0.clone())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pair = KeyPair::generate(KeySize::Rsa2048)?;
    let public = PublicKeyComponents::from(pair.public_key());
    let [n, e] = [public.n, public.e].map(|number| URL_SAFE_NO_PAD.encode(number));
    let issuer = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let keys = Jwks::new(issuer.clone(), vec![SigningKey::new("key", &n, &e)?]);
    let validator = EntraTokenValidator::builder(TENANT, API)
        .allow_client(CALLER)
        .jwks_provider(Arc::new(Issuer(keys)))
        .clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1000))
        .build()?;
    validator.fetch_jwks().await?;

    let tokens: Vec<_> =
        (0..TOKENS).map(|id| token(&pair, &issuer, id)).collect::<Result<_, _>>()?;
    let start = Instant::now();
    for token in &tokens {
        let _ = black_box(validator.validate(token).await?);
    }
    print("new", start);
    let start = Instant::now();
    for _ in 0..TOKENS {
        let _ = black_box(validator.validate(&tokens[tokens.len() - 1]).await?);
    }
    print("cached", start);
    Ok(())
}

fn print(what: &str, start: Instant) {
    let micros =
        start.elapsed().as_secs_f64() * 1e6 / f64::from(u32::try_from(TOKENS).unwrap_or(1));
    println!("{what:>10}: {micros:.1} µs");
}

/// An app-only token.
fn token(pair: &KeyPair, issuer: &str, id: u64) -> Result<String, Box<dyn std::error::Error>> {
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": "key" });
    let claims = json!({
        "iss": issuer, "ver": "2.0", "aud": API, "tid": TENANT, "azp": CALLER, "oid": CALLER,
        "sub": CALLER, "idtyp": "app", "roles": ["Some.Role"], "exp": 4600, "uti": id,
    });
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let message = format!("{header}.{claims}");
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
