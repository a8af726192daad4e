//! A key of the forger, and the forms in which a token may bring it along.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::pem;

/// A key that no issuer publishes.
pub(super) struct OwnKey {
    pub(super) signing: EncodingKey,
    modulus: Vec<u8>,
    public: Vec<u8>,
}

/// Of a 2048 bit key in the form of PKCS #1: what stands before the modulus, and the modulus itself, in bytes.
const MODULUS_AT: usize = 9;
const MODULUS_BYTES: usize = 256;

/// The only key of this process: making one takes a tenth of a second, and no case needs two.
static OWN_KEY: LazyLock<Result<OwnKey, String>> = LazyLock::new(OwnKey::generate);

impl OwnKey {
    /// Returns the key of this process.
    pub(super) fn get() -> Result<&'static Self, String> {
        OWN_KEY.as_ref().map_err(Clone::clone)
    }

    fn generate() -> Result<Self, String> {
        let key = KeyPair::generate(KeySize::Rsa2048).map_err(|error| error.to_string())?;
        let der = aws_lc_rs::encoding::AsDer::<Pkcs8V1Der<'_>>::as_der(&key);
        let der = der.map_err(|error| error.to_string())?;
        let signing = EncodingKey::from_rsa_pem(pem("PRIVATE KEY", der.as_ref()).as_bytes());
        let public: PublicKeyX509Der<'_> =
            key.public_key().as_der().map_err(|error| error.to_string())?;
        let modulus = key.public_key().as_ref().get(MODULUS_AT..MODULUS_AT + MODULUS_BYTES);
        Ok(Self {
            signing: signing.map_err(|error| error.to_string())?,
            modulus: modulus.ok_or("the key has another form")?.to_vec(),
            public: public.as_ref().to_vec(),
        })
    }

    /// The public half as a JWK.
    pub(super) fn jwk(&self) -> Value {
        let modulus = URL_SAFE_NO_PAD.encode(&self.modulus);
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "forged", "n": modulus, "e": "AQAB"})
    }

    /// A certificate of the key, signed with itself, in base64 as `x5c` has it.
    pub(super) fn certificate(&self) -> Result<String, String> {
        let algorithm =
            der(0x30, &[&[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0]]);
        let common_name = der(0x30, &[&[0x06, 3, 0x55, 4, 3], &der(0x0c, &[b"forged"])]);
        let name = der(0x30, &[&der(0x31, &[&common_name])]);
        let times = [der(0x17, &[b"200101000000Z"]), der(0x17, &[b"491231235959Z"])];
        let validity = der(0x30, &[&times[0], &times[1]]);
        let version_and_serial = [0xa0, 3, 2, 1, 2, 2, 1, 1];
        let parts: [&[u8]; 6] =
            [&version_and_serial, &algorithm, &name, &validity, &name, &self.public];
        let signed = der(0x30, &parts);
        let signature = jsonwebtoken::crypto::sign(&signed, &self.signing, Algorithm::RS256);
        let signature = URL_SAFE_NO_PAD.decode(signature.map_err(|error| error.to_string())?);
        let signature = signature.map_err(|error| error.to_string())?;
        let parts: [&[u8]; 3] = [&signed, &algorithm, &der(0x03, &[&[0], &signature])];
        Ok(STANDARD.encode(der(0x30, &parts)))
    }
}

/// A value in DER. Longer ones than 65,535 bytes do not occur.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [high, low] = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut value = vec![tag];
    match (high, low) {
        (0, 0..0x80) => value.push(low),
        (0, _) => value.extend([0x81, low]),
        _ => value.extend([0x82, high, low]),
    }
    value.extend(content);
    value
}
