//! The issuer's signing keys: the one in use, the next, and those whose tokens are still good.

use std::{io, iter, mem, sync::OnceLock};

use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use uuid::Uuid;

/// The issuer's keys. The next one is published before it is used, as Entra does.
#[derive(Debug)]
pub(crate) struct SigningKeys {
    current: SigningKey,
    /// Made when it is first published: a key takes longer than all else at the start, and few tests ask for the key set.
    next: OnceLock<SigningKey>,
    former: Vec<SigningKey>,
}

#[derive(Debug)]
struct SigningKey {
    kid: String,
    pair: KeyPair,
}

impl SigningKeys {
    pub(crate) fn generate() -> io::Result<Self> {
        let current = SigningKey::generate()?;
        Ok(Self { current, next: OnceLock::new(), former: Vec::new() })
    }

    /// The next key comes into use; the one in use goes on being published.
    pub(crate) fn roll(&mut self) -> io::Result<()> {
        let next = self.next.take().map_or_else(SigningKey::generate, Ok)?;
        self.former.push(mem::replace(&mut self.current, next));
        Ok(())
    }

    /// A key comes into use that was never published before.
    pub(crate) fn roll_unannounced(&mut self) -> io::Result<()> {
        self.former.push(mem::replace(&mut self.current, SigningKey::generate()?));
        Ok(())
    }

    /// Former keys are published no more.
    pub(crate) fn withdraw_former(&mut self) {
        self.former.clear();
    }

    pub(crate) fn current_kid(&self) -> &str {
        &self.current.kid
    }

    /// The signature of a message by the key in use, by RS256, as a token's third part.
    pub(crate) fn sign(&self, message: &str) -> io::Result<String> {
        let mut signature = vec![0; self.current.pair.public_modulus_len()];
        let random = SystemRandom::new();
        self.current
            .pair
            .sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature)
            .map_err(io::Error::other)?;
        Ok(URL_SAFE_NO_PAD.encode(signature))
    }

    /// Whether a published key of that id has signed the message.
    pub(crate) fn has_signed(&self, kid: &str, message: &str, signature: &[u8]) -> bool {
        let Some(key) = self.published().find(|key| key.kid == kid) else { return false };
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.pair.public_key())
            .verify(message.as_bytes(), signature)
            .is_ok()
    }

    /// The public half of the key in use.
    pub(crate) fn public_key_pem(&self) -> io::Result<String> {
        let der: PublicKeyX509Der<'_> =
            self.current.pair.public_key().as_der().map_err(io::Error::other)?;
        Ok(public_key_pem(der.as_ref()))
    }

    /// The key set, as Entra publishes it: without `alg`.
    pub(crate) fn jwks(&self, issuer: &str) -> Value {
        if self.next.get().is_none()
            && let Ok(next) = SigningKey::generate()
        {
            self.next.get_or_init(|| next);
        }
        let keys: Vec<_> = self.published().map(|key| key.jwk(issuer)).collect();
        json!({ "keys": keys })
    }

    fn published(&self) -> impl Iterator<Item = &SigningKey> {
        iter::once(&self.current).chain(self.next.get()).chain(&self.former)
    }
}

impl SigningKey {
    fn generate() -> io::Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(io::Error::other)?;
        Ok(Self { kid: URL_SAFE_NO_PAD.encode(Uuid::new_v4()), pair })
    }

    fn jwk(&self, issuer: &str) -> Value {
        let key = self.pair.public_key();
        let modulus = key.modulus().big_endian_without_leading_zero();
        let exponent = key.exponent().big_endian_without_leading_zero();
        json!({
            "kty": "RSA", "use": "sig", "kid": self.kid, "x5t": self.kid, "issuer": issuer,
            "n": URL_SAFE_NO_PAD.encode(modulus), "e": URL_SAFE_NO_PAD.encode(exponent),
        })
    }
}

/// The PEM of a public key (`SubjectPublicKeyInfo`).
pub(crate) fn public_key_pem(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<_> =
        base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_published_before_and_after_its_use() {
        let mut keys = SigningKeys::generate().unwrap();
        let kids =
            |keys: &SigningKeys| keys.published().map(|key| key.kid.clone()).collect::<Vec<_>>();
        let first = keys.current.kid.clone();
        let set = keys.jwks("https://issuer.example");
        let next = kids(&keys).into_iter().find(|kid| *kid != first).unwrap();
        assert!(set["keys"].as_array().unwrap().iter().any(|key| key["kid"] == next));
        keys.roll().unwrap();
        assert_eq!(keys.current_kid(), next);
        assert!(kids(&keys).contains(&first));
        keys.withdraw_former();
        assert!(!kids(&keys).contains(&first));
        let published = kids(&keys);
        keys.roll_unannounced().unwrap();
        assert!(!published.contains(&keys.current.kid));
    }

    #[test]
    fn what_was_signed_is_recognised_and_nothing_else() {
        let keys = SigningKeys::generate().unwrap();
        let signature = URL_SAFE_NO_PAD.decode(keys.sign("a.b").unwrap()).unwrap();
        assert!(keys.has_signed(keys.current_kid(), "a.b", &signature));
        assert!(!keys.has_signed(keys.current_kid(), "a.c", &signature));
        keys.jwks("https://issuer.example");
        let next = &keys.next.get().unwrap().kid;
        assert!(!keys.has_signed(next, "a.b", &signature));
    }
}
