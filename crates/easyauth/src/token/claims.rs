//! A token's claims, the rules for them, and the caller that they name.

use serde::Deserialize;

use super::error::TokenError;
use crate::{
    json,
    principal::{Principal, PrincipalKind, scopes_of},
};

/// Seconds by which the issuer's clock and this one may differ: a token is valid this long before `nbf` and after `exp`
/// (RFC 7519, section 4.1.4: "no more than a few minutes").
const LEEWAY_SECONDS: i64 = 60;

/// The claims that are read. A duplicate or one of another type is invalid. Source:
/// <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>.
#[derive(Deserialize)]
pub(super) struct Claims {
    /// One text: a token with a list of audiences would be for other services too.
    aud: String,
    iss: String,
    pub(super) exp: i64,
    nbf: Option<i64>,
    ver: Option<String>,
    tid: Option<String>,
    oid: Option<String>,
    sub: Option<String>,
    appid: Option<String>,
    azp: Option<String>,
    idtyp: Option<String>,
    scp: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    name: Option<String>,
    preferred_username: Option<String>,
    upn: Option<String>,
    unique_name: Option<String>,
    app_displayname: Option<String>,
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
    pub(super) fn read(json: &str) -> Result<Self, TokenError> {
        json::object(json).ok_or(TokenError::Claims)
    }

    /// The client application, by the claim of the token's version.
    fn client(&self) -> Option<&str> {
        let client = if self.ver.as_deref() == Some("1.0") { &self.appid } else { &self.azp };
        client.as_deref().filter(|id| !id.is_empty())
    }

    fn object_id(&self) -> Result<&str, TokenError> {
        let object_id = self.oid.as_deref().filter(|id| !id.is_empty());
        let object_id = object_id.ok_or(TokenError::MissingObjectId)?;
        Principal::is_id(object_id).then_some(object_id).ok_or(TokenError::InvalidObjectId)
    }

    /// The caller. Call it only for claims that were checked.
    pub(super) fn principal(&self) -> Result<Principal, TokenError> {
        let object_id = self.object_id()?;
        let (idtyp, subject) = (self.idtyp.as_deref(), self.sub.as_deref());
        let kind = PrincipalKind::of(idtyp, self.scp.is_some(), subject, object_id);
        let names = [
            &self.name,
            &self.preferred_username,
            &self.upn,
            &self.unique_name,
            &self.app_displayname,
        ];
        let mut names = names.into_iter().flatten().map(|name| name.trim());
        let name = names.find(|name| !name.is_empty());
        Ok(Principal::new(kind, object_id)
            .with_roles(self.roles.iter().map(String::as_str))
            .with_scopes(scopes_of(self.scp.as_deref().unwrap_or_default()))
            .with_optional(self.tid.as_deref(), self.client(), name))
    }
}

impl Rules {
    /// Checks everything that does not depend on the issuer's documents.
    pub(super) fn check(&self, claims: &Claims, now: i64) -> Result<(), TokenError> {
        let tenant = claims.tid.as_deref().unwrap_or_default();
        if !tenant.eq_ignore_ascii_case(&self.tenant_id) {
            return Err(TokenError::Tenant);
        }
        if !self.audiences.contains(&claims.aud) {
            return Err(TokenError::Audience);
        }
        if now >= claims.exp.saturating_add(LEEWAY_SECONDS) {
            return Err(TokenError::Expired);
        }
        if claims.nbf.is_some_and(|nbf| nbf > now.saturating_add(LEEWAY_SECONDS)) {
            return Err(TokenError::NotYetValid);
        }
        claims.object_id().map(drop)
    }

    /// Checks the issuer, that the token's version is the issuer's, and the client application.
    pub(super) fn check_issuer(&self, claims: &Claims, v2_issuer: &str) -> Result<(), TokenError> {
        let version = if self.v1_issuers.contains(&claims.iss) {
            "1.0"
        } else if claims.iss == v2_issuer {
            "2.0"
        } else {
            return Err(TokenError::Issuer);
        };
        if claims.ver.as_deref() != Some(version) {
            return Err(TokenError::Version);
        }
        let client = claims.client().ok_or(TokenError::MissingClient)?;
        if !self.allowed_clients.contains(&client.to_ascii_lowercase()) {
            return Err(TokenError::ClientNotAllowed);
        }
        Ok(())
    }
}
