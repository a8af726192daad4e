//! On-behalf-of: an API that was called for a person gets a token for the next API, for the same person.

use uuid::Uuid;

use super::{client::Client, error::TokenError};
use crate::Cloud;

/// The person of the access token that a client was called with. It has to be valid, for this client, and for a person.
pub(super) fn user(cloud: &Cloud, client: &Client, assertion: &str) -> Result<Uuid, TokenError> {
    let claims = cloud.verify(assertion).ok_or(TokenError::UserAssertion)?;
    let text = |name: &str| claims.get(name).and_then(serde_json::Value::as_str);
    let audience = text("aud").ok_or(TokenError::UserAssertion)?;
    let application = &client.application;
    let is_for_client = application.app_id.to_string() == audience
        || application.identifier_uris.iter().any(|uri| uri == audience);
    if !is_for_client {
        return Err(TokenError::UserAssertionAudience);
    }
    // An ID token has no scopes, and the token of an application has no person.
    text("scp").ok_or(TokenError::UserAssertion)?;
    let user_id = text("oid").and_then(|id| id.parse().ok());
    let user_id = user_id.ok_or(TokenError::UserAssertion)?;
    let is_user = cloud.directory().users.iter().any(|user| user.id == user_id);
    is_user.then_some(user_id).ok_or(TokenError::UserAssertion)
}
