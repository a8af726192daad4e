//! Tokens, good and bad.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use easyauth_emulator::{Cloud, sample};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::Value;

/// A token in the making: the agent's good one, to alter.
pub struct Forge<'a> {
    cloud: &'a Cloud,
    pub header: Value,
    pub claims: Value,
}

impl<'a> Forge<'a> {
    /// The token that the agent would get now.
    pub fn agent(cloud: &'a Cloud) -> Self {
        Self::of(cloud, cloud.app_claims(sample::AGENT, sample::API).unwrap())
    }

    /// The token that a program would get now for a person who has granted it the scope.
    pub fn person(cloud: &'a Cloud) -> Self {
        let scope = ["user_impersonation"];
        Self::of(
            cloud,
            cloud.user_claims(sample::USER, sample::INTERACTIVE, sample::API, &scope).unwrap(),
        )
    }

    fn of(cloud: &'a Cloud, claims: Value) -> Self {
        Self { cloud, header: cloud.token_header(), claims }
    }

    /// Sets a claim; `null` takes it away.
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        set(&mut self.claims, name, value);
        self
    }

    /// Sets a member of the header; `null` takes it away.
    pub fn header(mut self, name: &str, value: Value) -> Self {
        set(&mut self.header, name, value);
        self
    }

    /// Signed by the issuer.
    pub fn sign(&self) -> String {
        self.cloud.sign(&self.header, &self.claims)
    }

    /// Header and claims, not signed.
    pub fn unsigned(&self) -> String {
        format!("{}.{}", encoded(&self.header), encoded(&self.claims))
    }

    /// Signed with a key of somebody else's.
    pub fn sign_by(&self, algorithm: Algorithm, key: &EncodingKey) -> String {
        let message = self.unsigned();
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
        format!("{message}.{signature}")
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    let object = object.as_object_mut().unwrap();
    match value {
        Value::Null => object.remove(name),
        value => object.insert(name.to_owned(), value),
    };
}

pub fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
