//! The caller of Graph or ARM: the bearer token of a request, and its permissions.

use http::{HeaderMap, header::AUTHORIZATION};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::Cloud;

/// The holder of a good token of this tenant.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Their object id.
    pub(crate) object_id: Option<Uuid>,
    /// Whether a person acts through an application, or the application on its own.
    pub(crate) is_delegated: bool,
    /// App roles or scopes.
    permissions: Vec<String>,
}

/// Why a request has no caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unauthenticated {
    /// It brings no bearer token.
    Missing,
    /// Its token is not one of ours, or for another audience.
    Invalid,
}

impl Caller {
    /// The caller of a request to one of these audiences.
    pub(crate) fn of(
        cloud: &Cloud,
        headers: &HeaderMap,
        audiences: &[&str],
    ) -> Result<Self, Unauthenticated> {
        let token = bearer(headers).ok_or(Unauthenticated::Missing)?;
        let claims = cloud.verify(token).ok_or(Unauthenticated::Invalid)?;
        let audience = text(&claims, "aud").trim_end_matches('/');
        if !audiences.contains(&audience) {
            return Err(Unauthenticated::Invalid);
        }
        Ok(Self::from_claims(&claims))
    }

    fn from_claims(claims: &Map<String, Value>) -> Self {
        let scopes = text(claims, "scp").split_whitespace();
        let roles = claims.get("roles").and_then(Value::as_array).into_iter().flatten();
        let permissions = scopes.chain(roles.filter_map(Value::as_str)).map(str::to_owned);
        Self {
            object_id: text(claims, "oid").parse().ok(),
            is_delegated: claims.contains_key("scp"),
            permissions: permissions.collect(),
        }
    }

    /// Whether they have one of these permissions.
    pub(crate) fn has_one_of(&self, permissions: &[&str]) -> bool {
        self.permissions.iter().any(|held| permissions.contains(&held.as_str()))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> &'a str {
    claims.get(name).and_then(Value::as_str).unwrap_or_default()
}
