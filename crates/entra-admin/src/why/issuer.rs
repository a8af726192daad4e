//! The issuer of a tenant's tokens, and its public keys.

use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::token::Token;
use crate::{AdminError, endpoint::anonymous};

const SERVICE: &str = "the issuer";

/// The issuer of a tenant's version 2.0 tokens with its public keys, as it publishes them.
#[derive(Debug, Clone)]
pub struct TokenIssuer {
    name: String,
    keys: Vec<Value>,
}

impl TokenIssuer {
    /// Asks an authority (`https://login.microsoftonline.com`) for the issuer and keys of a tenant. Nothing of a token is
    /// sent.
    ///
    /// # Errors
    /// When it cannot be reached, or its answer is not complete.
    pub async fn discover(authority: &str, tenant_id: Uuid) -> Result<Self, AdminError> {
        let (client, origin) = anonymous(SERVICE, authority)?;
        let get = async |path: &str| {
            let unreachable = |source: reqwest::Error| AdminError::Unreachable {
                service: SERVICE,
                source: source.without_url(),
            };
            let path = format!("/{tenant_id}{path}");
            let answer = client.get(format!("{origin}{path}")).send().await;
            let answer = answer.and_then(reqwest::Response::error_for_status);
            let body = answer.map_err(unreachable)?.bytes().await.map_err(unreachable)?;
            let unexpected =
                || AdminError::Unexpected { service: SERVICE, method: Method::GET, path };
            serde_json::from_slice::<Value>(&body).map_err(|_| unexpected())
        };
        let discovery = get("/v2.0/.well-known/openid-configuration").await?;
        let keys = get("/discovery/v2.0/keys").await?;
        let (name, keys) = (discovery["issuer"].as_str(), keys["keys"].as_array());
        let unexpected = || AdminError::Unexpected {
            service: SERVICE,
            method: Method::GET,
            path: "/discovery/v2.0/keys".to_owned(),
        };
        let (name, keys) = name.zip(keys).ok_or_else(unexpected)?;
        Ok(Self { name: name.to_owned(), keys: keys.clone() })
    }

    /// The `iss` of version 2.0 tokens.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What is wrong with a token's signature.
    pub(super) fn fault(&self, token: &Token<'_>) -> Option<&'static str> {
        if token.header.get("alg").and_then(Value::as_str) != Some("RS256") {
            return Some("its algorithm is not RS256");
        }
        let kid = token.header.get("kid").and_then(Value::as_str);
        let Some(key) = self.keys.iter().find(|key| key["kid"].as_str() == kid && kid.is_some())
        else {
            return Some("the issuer publishes no key with its key id");
        };
        let text = |name: &str| key[name].as_str().unwrap_or_default();
        let key = DecodingKey::from_rsa_components(text("n"), text("e"));
        let is_signed = key.is_ok_and(|key| {
            let message = token.message.as_bytes();
            crypto::verify(token.signature, message, &key, Algorithm::RS256).unwrap_or(false)
        });
        (!is_signed).then_some("the key that it names did not sign it")
    }
}
