//! The caller that the claims of an access token name.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    json,
    principal::{Principal, PrincipalKind, scopes_of},
};

/// The claims that identify the caller and the caller's permissions. A duplicate or one of another type is invalid. Source:
/// <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>.
#[derive(Deserialize)]
struct CallerClaims {
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

impl Principal {
    /// The caller of an access token that something else has validated, such as a sidecar: `claims` is the JSON object of the
    /// token's claims. It keeps all claims ([`Self::claim`]).
    ///
    /// This function checks no signature, issuer, audience or time.
    ///
    /// # Errors
    /// When the claims are not a JSON object, when one that is read has another type or occurs twice, or when `oid` is
    /// missing or invalid.
    pub fn from_token_claims(claims: &str) -> Result<Self, TokenClaimsError> {
        Self::of_token_claims(claims)?.with_token_claims(claims)
    }

    /// The caller without further claims.
    pub(crate) fn of_token_claims(claims: &str) -> Result<Self, TokenClaimsError> {
        json::object::<CallerClaims>(claims).ok_or(TokenClaimsError::Json)?.principal()
    }

    /// The caller with all claims.
    pub(crate) fn with_token_claims(self, claims: &str) -> Result<Self, TokenClaimsError> {
        let all: BTreeMap<String, Value> = json::object(claims).ok_or(TokenClaimsError::Json)?;
        Ok(self.with_claims(all.into_iter().map(|(name, value)| (name, texts(value)))))
    }
}

impl CallerClaims {
    fn principal(&self) -> Result<Principal, TokenClaimsError> {
        let object_id = self.oid.as_deref().filter(|id| !id.is_empty());
        let object_id = object_id.ok_or(TokenClaimsError::MissingObjectId)?;
        if !Principal::is_id(object_id) {
            return Err(TokenClaimsError::InvalidObjectId);
        }
        let (idtyp, subject) = (self.idtyp.as_deref(), self.sub.as_deref());
        let kind = PrincipalKind::of(idtyp, self.scp.is_some(), subject, object_id);
        Ok(Principal::new(kind, object_id)
            .with_roles(self.roles.iter().map(String::as_str))
            .with_scopes(scopes_of(self.scp.as_deref().unwrap_or_default()))
            .with_optional(self.tid.as_deref(), self.client(), self.name()))
    }

    /// The client application, by the claim of the token's version.
    fn client(&self) -> Option<&str> {
        let client = if self.ver.as_deref() == Some("1.0") { &self.appid } else { &self.azp };
        client.as_deref().filter(|id| !id.is_empty())
    }

    fn name(&self) -> Option<&str> {
        let names = [
            &self.name,
            &self.preferred_username,
            &self.upn,
            &self.unique_name,
            &self.app_displayname,
        ];
        let mut names = names.into_iter().flatten().map(|name| name.trim());
        names.find(|name| !name.is_empty())
    }
}

/// The texts of a claim's value: a list is several, and anything else is one.
fn texts(value: Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.into_iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}

/// The reason why the claims of a token name no caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenClaimsError {
    /// They are not a JSON object with the claims of an access token, or have one twice.
    #[error("the claims are not those of an access token")]
    Json,
    /// `oid` is missing.
    #[error("the claims have no object id")]
    MissingObjectId,
    /// `oid` is longer than [`Principal::MAX_ID_BYTES`], or has characters other than visible ASCII.
    #[error("the object id in the claims is invalid")]
    InvalidObjectId,
}
