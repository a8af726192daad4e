//! An access token, read without trusting it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

/// A token's parts.
pub(super) struct Token<'a> {
    pub(super) header: Map<String, Value>,
    claims: Map<String, Value>,
    /// What is signed.
    pub(super) message: &'a str,
    pub(super) signature: &'a str,
}

impl<'a> Token<'a> {
    /// Reads a token in its compact form (RFC 7515, section 3.1).
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (message, signature) = text.trim().rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let part = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        Some(Self { header: part(header)?, claims: part(claims)?, message, signature })
    }

    /// A claim that is a text; empty if it is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The values of a claim, as the platform's header has them: a list is several, and what is no text is its JSON.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match self.claims.get(name) {
            Some(Value::Array(values)) => values.iter().map(text).collect(),
            value => value.map(text).into_iter().collect(),
        }
    }

    /// A time, in seconds since 1970.
    pub(super) fn time(&self, name: &str) -> Option<i64> {
        self.claims.get(name).and_then(Value::as_i64)
    }

    /// The client application: `appid` in tokens of version 1.0, `azp` in those of 2.0.
    pub(super) fn client(&self) -> &str {
        Some(self.text("appid")).filter(|id| !id.is_empty()).unwrap_or_else(|| self.text("azp"))
    }
}
