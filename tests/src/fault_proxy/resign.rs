//! Simulates a validator without one check: corrects the claim that the check is about, and signs the token again.

use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use easyauth_emulator::{Cloud, sample};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};

use super::Check;

/// Returns the `ver` claim of a request's token.
pub(super) fn version(headers: &HeaderMap) -> Option<String> {
    claims(token(headers)?)?["ver"].as_str().map(str::to_owned)
}

/// Replaces the token of a request by one that passes the check.
pub(super) fn resign(cloud: &Cloud, check: Check, headers: &mut HeaderMap) {
    let Some(resigned) = token(headers).and_then(|token| mended(cloud, check, token)) else {
        return;
    };
    if let Ok(value) = HeaderValue::try_from(format!("Bearer {resigned}")) {
        headers.insert(AUTHORIZATION, value);
    }
}

fn mended(cloud: &Cloud, check: Check, token: &str) -> Option<String> {
    if check != Check::Signature && !is_signed(cloud, token) {
        return None;
    }
    let mut claims = claims(token)?;
    let now = cloud.app_claims(sample::AGENT, sample::API)?["iat"].as_i64()?;
    match check {
        Check::Signature => {}
        Check::Audience => claims["aud"] = json!(format!("api://{}", sample::API)),
        Check::Expiry => claims["exp"] = json!(now + 600),
        Check::NotBefore => claims["nbf"] = json!(now - 600),
        Check::Tenant => {
            claims["tid"] = json!(sample::TENANT_ID);
            claims["iss"] = json!(cloud.v1_issuer());
        }
        Check::Client => claims["appid"] = json!(sample::AGENT),
        Check::Permissions if claims["scp"].is_string() => {
            claims["scp"] = json!("user_impersonation");
        }
        Check::Permissions => claims["roles"] = json!(["MCP.Access"]),
    }
    Some(cloud.sign(&cloud.token_header(), &claims))
}

fn token(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn claims(token: &str) -> Option<Value> {
    let part = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// Returns whether the issuer signed the token.
pub(super) fn is_signed(cloud: &Cloud, token: &str) -> bool {
    let Ok(key) = DecodingKey::from_rsa_pem(cloud.public_key_pem().as_bytes()) else {
        return false;
    };
    let Some((message, signature)) = token.rsplit_once('.') else { return false };
    let rs256 = Algorithm::RS256;
    jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, rs256).unwrap_or(false)
        && header_says_rs256(token)
}

fn header_says_rs256(token: &str) -> bool {
    let part = token.split('.').next().and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let header: Value =
        part.and_then(|part| serde_json::from_slice(&part).ok()).unwrap_or_default();
    header["alg"] == "RS256"
}
