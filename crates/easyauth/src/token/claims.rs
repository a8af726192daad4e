//! A token's claims, the rules for them, and the caller that they name.

use serde::Deserialize;

use super::error::TokenError;
use crate::{json, principal::Principal};

/// Seconds by which the issuer's clock and this one may differ: a token is valid this long before `nbf` and after `exp`
/// (RFC 7519, section 4.1.4: "no more than a few minutes").
const LEEWAY_SECONDS: i64 = 60;

/// The claims of a token.
pub(super) struct Claims {
    pub(super) validity: Validity,
    caller: Principal,
    json: String,
}

/// The claims that decide whether a token is valid. A duplicate or one of another type is invalid. Source:
/// <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>.
#[derive(Deserialize)]
pub(super) struct Validity {
    /// One text: a token with a list of audiences would be for other services too.
    aud: String,
    iss: String,
    pub(super) exp: i64,
    nbf: Option<i64>,
    ver: Option<String>,
}

/// The configured values that the claims must have.
#[derive(Debug)]
pub(super) struct Rules {
    /// In lower case.
    pub(super) tenant_id: String,
    pub(super) v1_issuers: Vec<String>,
    pub(super) audiences: Vec<String>,
    /// In lower case.
    pub(super) allowed_clients: Vec<String>,
}

impl Claims {
    pub(super) fn read(json: String) -> Result<Self, TokenError> {
        let validity = json::object(&json).ok_or(TokenError::Claims)?;
        let caller = Principal::of_token_claims(&json)?;
        Ok(Self { validity, caller, json })
    }

    /// The caller with all claims. Call it only for claims that were checked.
    pub(super) fn principal(self) -> Result<Principal, TokenError> {
        Ok(self.caller.with_token_claims(&self.json)?)
    }
}

impl Rules {
    /// Checks everything that does not depend on the issuer's documents.
    pub(super) fn check(&self, claims: &Claims, now: i64) -> Result<(), TokenError> {
        let tenant = claims.caller.tenant_id().unwrap_or_default();
        if !tenant.eq_ignore_ascii_case(&self.tenant_id) {
            return Err(TokenError::Tenant);
        }
        let Validity { aud, exp, nbf, .. } = &claims.validity;
        if !self.audiences.contains(aud) {
            return Err(TokenError::Audience);
        }
        if now >= exp.saturating_add(LEEWAY_SECONDS) {
            return Err(TokenError::Expired);
        }
        if nbf.is_some_and(|nbf| nbf > now.saturating_add(LEEWAY_SECONDS)) {
            return Err(TokenError::NotYetValid);
        }
        Ok(())
    }

    /// Checks the issuer, that the token's version is the issuer's, and the client application.
    pub(super) fn check_issuer(&self, claims: &Claims, v2_issuer: &str) -> Result<(), TokenError> {
        let version = if self.v1_issuers.contains(&claims.validity.iss) {
            "1.0"
        } else if claims.validity.iss == v2_issuer {
            "2.0"
        } else {
            return Err(TokenError::Issuer);
        };
        if claims.validity.ver.as_deref() != Some(version) {
            return Err(TokenError::Version);
        }
        let client = claims.caller.client_id().ok_or(TokenError::MissingClient)?;
        if !self.allowed_clients.contains(&client.to_ascii_lowercase()) {
            return Err(TokenError::ClientNotAllowed);
        }
        Ok(())
    }
}
