//! A token's header (RFC 7515, section 4), of which only the key id is used.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::error::TokenError;
use crate::json;

/// The longest key id, in bytes.
const KID_BYTES: usize = 200;

/// Types that an access token may have (RFC 7519, section 5.1; RFC 9068, section 2.1).
const TYPES: [&str; 2] = ["jwt", "at+jwt"];

/// Members that contain a key or its address (RFC 8725, section 3.10).
const KEYS: [&str; 4] = ["jwk", "jku", "x5u", "x5c"];

/// The header. A duplicate of a named member is invalid.
#[derive(Deserialize)]
pub(super) struct Header {
    alg: String,
    #[serde(default)]
    pub(super) kid: String,
    typ: Option<String>,
    #[serde(flatten)]
    others: HashMap<String, Value>,
}

impl Header {
    pub(super) fn read(json: &str) -> Result<Self, TokenError> {
        let header: Self = json::object(json).ok_or(TokenError::Header)?;
        if header.alg != "RS256" {
            return Err(TokenError::Algorithm);
        }
        if let Some(name) = KEYS.into_iter().find(|name| header.others.contains_key(*name)) {
            return Err(TokenError::EmbeddedKey(name));
        }
        if header.others.contains_key("crit") {
            return Err(TokenError::CriticalExtension);
        }
        let typ = header.typ.as_deref().map(str::to_ascii_lowercase);
        if typ.is_some_and(|typ| !TYPES.contains(&&*typ)) {
            return Err(TokenError::Type);
        }
        if !(1..=KID_BYTES).contains(&header.kid.len()) {
            return Err(TokenError::MissingKeyId);
        }
        Ok(header)
    }
}
