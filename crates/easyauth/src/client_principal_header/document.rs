//! From the header's bytes to the platform's JSON: base64, UTF-8, JSON.

use std::{fmt, marker::PhantomData};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

use super::{ClientPrincipalError, ClientPrincipalHeader};

/// The platform pads, but not on every host. Only what an encoder would have written is taken, so one identity has one spelling.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the platform writes. A member that is there twice is refused; members that we do not know are none of our business.
#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) auth_typ: String,
    claims: Vec<Object<Claim>>,
    pub(super) name_typ: Option<String>,
    pub(super) role_typ: Option<String>,
}

/// One claim of a token, as the platform names it.
#[derive(Deserialize)]
pub(super) struct Claim {
    pub(super) typ: String,
    /// A string; whether it is one matters only for the claims that are read.
    pub(super) val: Value,
}

impl Document {
    pub(super) fn decode(value: &[u8]) -> Result<Self, ClientPrincipalError> {
        let json = BASE64.decode(value).map_err(|_| ClientPrincipalError::Base64)?;
        let json = String::from_utf8(json).map_err(|_| ClientPrincipalError::Utf8)?;
        let Object(document): Object<Self> =
            serde_json::from_str(&json).map_err(|_| ClientPrincipalError::Json)?;
        if document.claims.len() > ClientPrincipalHeader::MAX_CLAIMS {
            return Err(ClientPrincipalError::TooManyClaims);
        }
        Ok(document)
    }

    pub(super) fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.claims.iter().map(|Object(claim)| claim)
    }
}

/// A JSON object and nothing else: serde would also make a struct of an array, and a position is no name.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}
