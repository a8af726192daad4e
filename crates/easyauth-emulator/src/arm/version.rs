//! The version of a settings document (`ETag`), and writes that are for one version alone (`If-Match`).

use axum::{
    Json,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{
    HeaderValue, StatusCode,
    header::{ETAG, IF_MATCH},
    request::Parts,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::error::ArmError;
use crate::Cloud;

/// For which versions a write is; nothing where it is for any.
#[derive(Debug, Clone)]
pub(super) struct IfMatch(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ArmError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ArmError> {
        let unreadable = |_| ArmError::bad_request("The header If-Match has an invalid value.");
        let value = parts.headers.get(IF_MATCH).map(|value| value.to_str().map(str::to_owned));
        Ok(Self(value.transpose().map_err(unreadable)?))
    }
}

impl IfMatch {
    /// Refuses a write that is for another version than that of the document as it is now.
    pub(super) fn check(&self, cloud: &Cloud, now: &Value) -> Result<(), ArmError> {
        let wanted = self.0.as_deref().filter(|_| cloud.options().arm.conditional_writes);
        let version = version(now);
        let fits = |list: &str| list.split(',').any(|it| ["*", &*version].contains(&it.trim()));
        if wanted.is_none_or(fits) {
            return Ok(());
        }
        let message = "The resource was changed since it was read (If-Match).";
        Err(ArmError::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", message))
    }
}

/// The answer with the version of the document that is in it.
pub(super) fn versioned(cloud: &Cloud, document: &Value, answer: Json<Value>) -> Response {
    let mut response = answer.into_response();
    if cloud.options().arm.conditional_writes
        && let Ok(version) = HeaderValue::try_from(version(document))
    {
        response.headers_mut().insert(ETAG, version);
    }
    response
}

fn version(document: &Value) -> String {
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(document.to_string())))
}
