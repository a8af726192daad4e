//! Tokens that nobody issued: what an attacker makes of a good one, or of what is public.

mod lookalikes;
mod own_key;

use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    rsa::{PublicEncryptingKey, PublicKeyComponents},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Map, Value, json};

use self::own_key::OwnKey;
use crate::{AccessToken, Target};

/// A token to forge: its header, and claims that would let it in.
#[derive(Debug, Clone)]
pub(crate) struct Forgery {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Forgery {
    /// With all that a good token says.
    pub(crate) fn of(good: &AccessToken) -> Self {
        Self { header: good.header(), claims: good.claims().0 }
    }

    /// With what can be known without one. `now` is in seconds since 1970.
    #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970 fit")]
    pub(crate) fn invented(target: &Target, now: f64) -> Self {
        let now = now as i64;
        let claims = json!({
            "aud": target.identifier_uri, "tid": target.tenant_id, "ver": "1.0",
            "iss": target.v1_issuer(),
            "iat": now, "nbf": now, "exp": now + 3600, "idtyp": "app",
            "appid": target.client_id, "oid": target.client_id, "sub": target.client_id,
            "roles": [target.role],
        });
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": "forged"});
        let object = |value| if let Value::Object(members) = value { members } else { Map::new() };
        Self { header: object(header), claims: object(claims) }
    }

    /// The key id that it names.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.header.get("kid")?.as_str()
    }

    /// Signed with a key that the forger made, under the key id of the issuer's.
    pub(crate) fn by_own_key(&self) -> Result<AccessToken, String> {
        self.signed("RS256", Algorithm::RS256, &OwnKey::get()?.signing)
    }

    /// The same, under a key id that nobody knows.
    pub(crate) fn by_unknown_key(mut self) -> Result<AccessToken, String> {
        self.header.insert("kid".to_owned(), json!(uuid::Uuid::new_v4().to_string()));
        self.by_own_key()
    }

    /// Not signed, and saying so.
    pub(crate) fn unsigned(mut self) -> Result<AccessToken, String> {
        self.header.insert("alg".to_owned(), json!("none"));
        token(&format!("{}.", self.message()))
    }

    /// Signed with a public key as if it were a shared secret.
    pub(crate) fn by_public_key(&self, key: &[u8]) -> Result<AccessToken, String> {
        self.signed("HS256", Algorithm::HS256, &EncodingKey::from_secret(key))
    }

    fn signed(
        &self,
        name: &str,
        algorithm: Algorithm,
        key: &EncodingKey,
    ) -> Result<AccessToken, String> {
        let mut forgery = self.clone();
        forgery.header.insert("alg".to_owned(), json!(name));
        let message = forgery.message();
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm);
        token(&format!("{message}.{}", signature.map_err(|error| error.to_string())?))
    }

    fn message(&self) -> String {
        let part = |part: &Map<String, Value>| URL_SAFE_NO_PAD.encode(json!(part).to_string());
        format!("{}.{}", part(&self.header), part(&self.claims))
    }
}

fn token(text: &str) -> Result<AccessToken, String> {
    AccessToken::new(text).map_err(|error| error.to_string())
}

/// The forms in which a careless verifier may hold the public key of a JWK: PEM with and without the last line end, and
/// DER.
pub(crate) fn public_key_forms(jwk: &Value) -> Result<Vec<Vec<u8>>, String> {
    let part = |name: &str| {
        let text = jwk[name].as_str().ok_or_else(|| format!("the issuer's key has no {name:?}"))?;
        URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| format!("{name:?} of the issuer's key is no base64url"))
    };
    let key = PublicKeyComponents { n: part("n")?, e: part("e")? };
    let key: PublicEncryptingKey = key.try_into().map_err(|_| "the issuer's key is no RSA key")?;
    let der: PublicKeyX509Der<'_> = key.as_der().map_err(|error| error.to_string())?;
    let pem = pem("PUBLIC KEY", der.as_ref());
    let without_end = pem.trim_end().as_bytes().to_vec();
    Ok(vec![pem.into_bytes(), without_end, der.as_ref().to_vec()])
}

fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
