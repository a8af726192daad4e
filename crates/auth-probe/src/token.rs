//! Access tokens: read without checking, and never shown.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::Target;

/// How long a token may be, in bytes.
const MAX_BYTES: usize = 32 << 10;

/// An access token. It is a secret: no way of printing it shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

/// A text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no access token: three parts of base64url with dots between, and nothing else")]
pub struct NotToken;

impl AccessToken {
    /// Takes a token in its compact form (RFC 7515, section 3.1); white space around it is dropped.
    ///
    /// # Errors
    /// When it is none, or longer than 32 KiB.
    pub fn new(text: &str) -> Result<Self, NotToken> {
        let text = text.trim();
        let is_part = |part: &str| {
            part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        let parts: Vec<_> = text.split('.').collect();
        let is_token = parts.len() == 3 && parts.iter().all(|part| is_part(part));
        if !is_token || text.len() > MAX_BYTES || parts[1].is_empty() {
            return Err(NotToken);
        }
        Ok(Self(text.to_owned()))
    }

    /// The token itself, for whoever sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its header, as whoever made the token wrote it.
    pub(crate) fn header(&self) -> Map<String, Value> {
        self.part(0)
    }

    /// Its claims, as whoever made the token wrote them.
    pub(crate) fn claims(&self) -> Claims {
        Claims(self.part(1))
    }

    /// The token with other claims under its signature, which is not theirs.
    pub(crate) fn with_claims(
        &self,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<Self, String> {
        let mut claims = self.part(1);
        change(&mut claims);
        let claims = URL_SAFE_NO_PAD.encode(Value::Object(claims).to_string());
        self.with_parts(|[header, _, signature]| format!("{header}.{claims}.{signature}"))
    }

    /// The token with one character of its signature changed.
    pub(crate) fn with_broken_signature(&self) -> Result<Self, String> {
        self.with_parts(|[header, claims, signature]| {
            // In the middle: the last character may hold bits that nothing reads.
            let (start, end) = signature.split_at(signature.len() / 2);
            let other = if end.starts_with('A') { "B" } else { "A" };
            format!("{header}.{claims}.{start}{other}{}", end.get(1..).unwrap_or_default())
        })
    }

    /// The token without its signature.
    pub(crate) fn without_signature(&self) -> Result<Self, String> {
        self.with_parts(|[header, claims, _]| format!("{header}.{claims}."))
    }

    fn with_parts(&self, join: impl FnOnce([&str; 3]) -> String) -> Result<Self, String> {
        let parts: Vec<_> = self.0.split('.').collect();
        let [header, claims, signature] = parts[..] else { return Err(NotToken.to_string()) };
        Self::new(&join([header, claims, signature])).map_err(|error| error.to_string())
    }

    fn part(&self, index: usize) -> Map<String, Value> {
        let part = self.0.split('.').nth(index).unwrap_or_default();
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken([redacted])")
    }
}

/// What a token says, unproven.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims(pub(crate) Map<String, Value>);

impl Claims {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// The client application, by the version 1.0 name or the version 2.0 one.
    pub(crate) fn client(&self) -> Option<&str> {
        self.text("appid").or_else(|| self.text("azp"))
    }

    pub(crate) fn has_role(&self, role: &str) -> bool {
        let roles = self.0.get("roles").and_then(Value::as_array);
        roles.is_some_and(|roles| roles.iter().any(|it| it == role))
    }

    fn has_similar_role(&self, role: &str) -> bool {
        let roles = self.0.get("roles").and_then(Value::as_array);
        let mut roles = roles.into_iter().flatten().filter_map(Value::as_str);
        roles.any(|it| it.to_lowercase().starts_with(&role.to_lowercase()))
    }

    pub(crate) fn is_delegated(&self) -> bool {
        self.0.contains_key("scp")
    }

    pub(crate) fn seconds(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }
}

/// What a token is good for in the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// One that lets its bearer in.
    Good,
    /// A real one for another API.
    WrongAudience,
    /// A real one of a program that has not the app role.
    Roleless,
    /// A real one of a program that has the role, and is no allowed client.
    UnlistedClient,
    /// A good one that has expired.
    Expired,
    /// A good one whose time has not come.
    NotYetValid,
    /// One of another tenant, for the app.
    OtherTenant,
    /// A good one of version 1.0.
    V1,
    /// A good one of version 2.0.
    V2,
    /// A good one of a program that acts for a person.
    Delegated,
    /// One of a program that acts for a person, without the scope.
    Scopeless,
    /// An ID token of a user, for the app: it identifies the user, and gives no access.
    IdToken,
    /// A good one without `aud`.
    WithoutAudience,
    /// A good one without `exp`.
    WithoutExpiry,
    /// A good one whose `aud` contains the app's client ID, and more.
    NearAudience,
    /// A good one whose role differs from the app role by case, or by more at its end.
    NearRole,
}

impl TokenKind {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Good,
        Self::WrongAudience,
        Self::Roleless,
        Self::UnlistedClient,
        Self::Expired,
        Self::NotYetValid,
        Self::OtherTenant,
        Self::V1,
        Self::V2,
        Self::Delegated,
        Self::Scopeless,
        Self::IdToken,
        Self::WithoutAudience,
        Self::WithoutExpiry,
        Self::NearAudience,
        Self::NearRole,
    ];

    /// Its name, as options and reports have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::WrongAudience => "wrong-audience",
            Self::Roleless => "roleless",
            Self::UnlistedClient => "unlisted-client",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::OtherTenant => "other-tenant",
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::Delegated => "delegated",
            Self::Scopeless => "scopeless",
            Self::IdToken => "id-token",
            Self::WithoutAudience => "without-audience",
            Self::WithoutExpiry => "without-expiry",
            Self::NearAudience => "near-audience",
            Self::NearRole => "near-role",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether a token is of this kind in all that can be read, so that a refusal of it proves what it shall: an expired
    /// token that is also for another app proves nothing about expiry.
    ///
    /// `now` is in seconds since 1970.
    ///
    /// # Errors
    /// What is not as it should be.
    pub(crate) fn check(self, claims: &Claims, target: &Target, now: f64) -> Result<(), String> {
        let (expires, begins) = (claims.seconds("exp"), claims.seconds("nbf"));
        let in_time = match self {
            Self::Expired => expires.is_some_and(|at| at < now - CLOCK_SKEW_SECONDS),
            Self::NotYetValid => begins.is_some_and(|at| at > now + CLOCK_SKEW_SECONDS),
            Self::WithoutExpiry => expires.is_none() && begins.is_none_or(|at| at <= now),
            _ => expires.is_some_and(|at| at > now) && begins.is_none_or(|at| at <= now),
        };
        let rules = [
            (in_time, "its times (nbf, exp) are not those of such a token"),
            (self.has_audience(claims, target), "its audience (aud) is not that of such a token"),
            (
                (claims.text("tid") == Some(&target.tenant_id.to_string()))
                    != (self == Self::OtherTenant),
                "its tenant (tid) is not that of such a token",
            ),
            (self.has_rights(claims, target), "its roles or scopes are not those of such a token"),
            (self.has_version(claims), "its version (ver) is another"),
        ];
        rules
            .into_iter()
            .find(|(holds, _)| !holds)
            .map_or(Ok(()), |(_, fault)| Err(fault.to_owned()))
    }

    fn has_audience(self, claims: &Claims, target: &Target) -> bool {
        let audience = claims.text("aud");
        let is_ours = audience.is_some_and(|it| target.is_audience(it));
        match self {
            Self::WrongAudience => !is_ours,
            Self::WithoutAudience => !claims.0.contains_key("aud"),
            Self::NearAudience => {
                let client = target.client_id.to_string();
                !is_ours && audience.is_some_and(|it| it.to_ascii_lowercase().contains(&client))
            }
            _ => is_ours,
        }
    }

    fn has_rights(self, claims: &Claims, target: &Target) -> bool {
        let role = claims.has_role(&target.role);
        let wanted = target.profile.access.scope.as_str();
        let has_scope = |scopes: &str| scopes.split(' ').any(|scope| scope == wanted);
        match self {
            Self::WrongAudience | Self::OtherTenant => true,
            Self::Roleless => !role && !claims.is_delegated(),
            Self::Delegated => claims.is_delegated(),
            Self::IdToken => claims.client().is_none() && !claims.is_delegated(),
            Self::NearRole => {
                !role && !claims.is_delegated() && claims.has_similar_role(&target.role)
            }
            Self::Scopeless => !role && claims.text("scp").is_none_or(|scopes| !has_scope(scopes)),
            _ => role || claims.text("scp").is_some_and(has_scope),
        }
    }

    fn has_version(self, claims: &Claims) -> bool {
        match self {
            Self::V1 => claims.text("ver") == Some("1.0"),
            Self::V2 => claims.text("ver") == Some("2.0"),
            _ => true,
        }
    }
}

/// Seconds by which clocks may differ, for both sides of a comparison.
const CLOCK_SKEW_SECONDS: f64 = 300.0;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::{AccessToken, Claims, Target, TokenKind};

    const NOW: f64 = 1_000_000.0;

    fn target() -> Target {
        Target::new("https://app.example", Uuid::from_u128(1), Uuid::from_u128(2)).unwrap()
    }

    fn check(kind: TokenKind, change: &Value) -> Result<(), String> {
        let mut claims = json!({
            "aud": Uuid::from_u128(2), "tid": Uuid::from_u128(1), "ver": "2.0",
            "nbf": 999_000, "exp": 1_003_000, "roles": ["MCP.Access"],
        });
        for (name, value) in change.as_object().unwrap() {
            match value {
                Value::Null => claims.as_object_mut().unwrap().remove(name),
                value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        kind.check(&Claims(claims.as_object().unwrap().clone()), &target(), NOW)
    }

    #[test]
    fn a_token_that_proves_something_else_is_told() {
        let expired = json!({"nbf": 1, "exp": 900_000});
        assert_eq!(check(TokenKind::Expired, &expired), Ok(()));
        assert!(check(TokenKind::Expired, &json!({})).unwrap_err().contains("exp"));
        let elsewhere = json!({"nbf": 1, "exp": 900_000, "aud": "another"});
        assert!(check(TokenKind::Expired, &elsewhere).unwrap_err().contains("aud"));
        assert_eq!(check(TokenKind::WrongAudience, &json!({"aud": "another"})), Ok(()));
        assert!(check(TokenKind::WrongAudience, &json!({})).unwrap_err().contains("aud"));
        assert!(
            check(TokenKind::WrongAudience, &json!({"aud": "x", "exp": 5}))
                .unwrap_err()
                .contains("exp")
        );
        assert_eq!(check(TokenKind::Roleless, &json!({"roles": null})), Ok(()));
        assert!(check(TokenKind::Roleless, &json!({})).is_err());
        assert!(check(TokenKind::Roleless, &json!({"roles": null, "scp": "x"})).is_err());
        assert_eq!(check(TokenKind::OtherTenant, &json!({"tid": "another"})), Ok(()));
        assert!(check(TokenKind::OtherTenant, &json!({})).is_err());
        assert!(check(TokenKind::V1, &json!({})).unwrap_err().contains("ver"));
        assert_eq!(check(TokenKind::NotYetValid, &json!({"nbf": 1_002_000})), Ok(()));
        assert!(check(TokenKind::UnlistedClient, &json!({"roles": []})).is_err());
        let person = json!({"roles": null, "scp": "Other user_impersonation"});
        assert_eq!(check(TokenKind::Delegated, &person), Ok(()));
        assert!(check(TokenKind::Scopeless, &person).is_err());
    }

    #[test]
    fn a_token_is_never_printed() {
        let token = AccessToken::new(" abc.def.ghi\n").unwrap();
        assert_eq!(format!("{token:?}"), "AccessToken([redacted])");
        for text in ["", "a.b", "a.b.c.d", "a..c", "a b.c.d", "a.b.c\r\nX: y", "a.b.c+"] {
            assert!(AccessToken::new(text).is_err(), "{text}");
        }
    }
}
