//! The parts of a token: base64url without padding, two of them of JSON objects (RFC 7515, section 3.1).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::DeserializeOwned;

use super::error::TokenError;

pub(super) fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)
}

/// Decodes a JSON object. An array is invalid: serde would read its items as the members in order.
pub(super) fn decode_object<T: DeserializeOwned>(
    part: &str,
    invalid: TokenError,
) -> Result<T, TokenError> {
    let json = decode(part)?;
    let object = json.starts_with(b"{").then(|| serde_json::from_slice(&json).ok());
    object.flatten().ok_or(invalid)
}
