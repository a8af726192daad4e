//! A token's claims, what they have to be, and the principal that they make.

use serde::Deserialize;

use super::{EntraTokenValidator, Rules, TokenError, object};
use crate::{Principal, PrincipalKind};

/// The claims that mean something to us; one that is there twice, or has another type, is refused. Source:
/// <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>.
#[derive(Deserialize)]
pub(super) struct Claims {
    /// One text: a list of audiences would be a token for others as well.
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

impl Claims {
    pub(super) fn read(json: &[u8]) -> Result<Self, TokenError> {
        object(json).ok_or(TokenError::Claims)
    }

    /// The client application, under the name that the token's version has for it.
    fn client(&self, version: &str) -> Option<&str> {
        let client = if version == "1.0" { &self.appid } else { &self.azp };
        client.as_deref().filter(|id| !id.is_empty())
    }

    fn object_id(&self) -> Result<&str, TokenError> {
        let object_id = self.oid.as_deref().filter(|id| !id.is_empty());
        let object_id = object_id.ok_or(TokenError::MissingObjectId)?;
        Principal::is_id(object_id).then_some(object_id).ok_or(TokenError::InvalidObjectId)
    }

    /// The caller; it is for who has checked the claims.
    pub(super) fn principal(&self) -> Result<Principal, TokenError> {
        let object_id = self.object_id()?;
        let scopes = self.scp.as_deref().unwrap_or_default();
        let kind = PrincipalKind::of(
            self.idtyp.as_deref(),
            self.scp.is_some(),
            self.sub.as_deref(),
            object_id,
        );
        let mut principal = Principal::new(kind, object_id)
            .with_roles(self.roles.iter().map(String::as_str))
            .with_scopes(scopes.split(' ').filter(|scope| !scope.is_empty()));
        if let Some(tenant) = &self.tid {
            principal = principal.with_tenant_id(tenant);
        }
        if let Some(client) = self.client(self.ver.as_deref().unwrap_or_default()) {
            principal = principal.with_client_id(client);
        }
        let names = [
            &self.name,
            &self.preferred_username,
            &self.upn,
            &self.unique_name,
            &self.app_displayname,
        ];
        let mut names = names.into_iter().flatten().map(|name| name.trim());
        if let Some(name) = names.find(|name| !name.is_empty()) {
            principal = principal.with_name(name);
        }
        Ok(principal)
    }
}

impl Rules {
    /// Checks what needs no word of the issuer's.
    pub(super) fn check(&self, claims: &Claims, now: i64) -> Result<(), TokenError> {
        let of_tenant =
            claims.tid.as_ref().is_some_and(|id| id.eq_ignore_ascii_case(&self.tenant_id));
        if !of_tenant {
            return Err(TokenError::Tenant);
        }
        if !self.audiences.contains(&claims.aud) {
            return Err(TokenError::Audience);
        }
        if now >= claims.exp.saturating_add(EntraTokenValidator::LEEWAY_SECONDS) {
            return Err(TokenError::Expired);
        }
        if claims
            .nbf
            .is_some_and(|nbf| nbf > now.saturating_add(EntraTokenValidator::LEEWAY_SECONDS))
        {
            return Err(TokenError::NotYetValid);
        }
        claims.object_id().map(drop)
    }

    /// Checks the issuer, of either version, that the version is its own, and the client by the version's name for it.
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
        let client = claims.client(version).ok_or(TokenError::MissingClient)?;
        if !self.allowed_clients.contains(&client.to_ascii_lowercase()) {
            return Err(TokenError::ClientNotAllowed);
        }
        Ok(())
    }
}
