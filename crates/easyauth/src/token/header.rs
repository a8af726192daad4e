//! A token's header (RFC 7515, section 4), of which only the key's id is used.

use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::{TokenError, object};

/// The most bytes of a key id.
const KID_BYTES: usize = 200;

/// Types that an access token may have (RFC 7519, section 5.1; RFC 9068, section 2.1).
const TYPES: [&str; 2] = ["jwt", "at+jwt"];

/// What a token says of its signature.
pub(super) struct Header {
    pub(super) kid: String,
}

/// Members that are not named here mean nothing to us. One that is there twice is refused.
#[derive(Deserialize)]
struct Members {
    alg: String,
    #[serde(default)]
    kid: String,
    typ: Option<String>,
    #[serde(default)]
    jwk: Present,
    #[serde(default)]
    jku: Present,
    #[serde(default)]
    x5u: Present,
    #[serde(default)]
    x5c: Present,
    #[serde(default)]
    crit: Present,
}

/// Whether a member is there, whatever its value is, `null` as well.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Present {
    #[default]
    No,
    Yes,
}

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self::Yes)
    }
}

impl Header {
    pub(super) fn read(json: &[u8]) -> Result<Self, TokenError> {
        let members: Members = object(json).ok_or(TokenError::Header)?;
        if members.alg != "RS256" {
            return Err(TokenError::Algorithm);
        }
        let brings = [
            ("jwk", members.jwk),
            ("jku", members.jku),
            ("x5u", members.x5u),
            ("x5c", members.x5c),
        ];
        if let Some((name, _)) = brings.into_iter().find(|(_, present)| *present == Present::Yes) {
            return Err(TokenError::EmbeddedKey(name));
        }
        if members.crit == Present::Yes {
            return Err(TokenError::CriticalExtension);
        }
        if members.typ.is_some_and(|typ| !TYPES.contains(&typ.to_ascii_lowercase().as_str())) {
            return Err(TokenError::Type);
        }
        if members.kid.is_empty() || members.kid.len() > KID_BYTES {
            return Err(TokenError::MissingKeyId);
        }
        Ok(Self { kid: members.kid })
    }
}
