//! The header's JSON document, decoded from base64.

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

use super::error::{ClientPrincipalError, MAX_CLAIMS};

/// The platform pads, but not on every host. Only canonical encodings are accepted, so that one identity has one spelling.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The platform's document. A duplicate member is rejected, and an unknown one ignored.
#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) auth_typ: String,
    claims: Vec<Object<Claim>>,
    pub(super) name_typ: Option<String>,
    pub(super) role_typ: Option<String>,
}

/// One claim.
#[derive(Deserialize)]
struct Claim {
    typ: String,
    /// A string; another type is rejected only in the claims that are read.
    val: Value,
}

impl Document {
    pub(super) fn decode(value: &[u8]) -> Result<Self, ClientPrincipalError> {
        let json = BASE64.decode(value).map_err(|_| ClientPrincipalError::Base64)?;
        let json = String::from_utf8(json).map_err(|_| ClientPrincipalError::Utf8)?;
        let Object(document): Object<Self> =
            serde_json::from_str(&json).map_err(|_| ClientPrincipalError::Json)?;
        if document.claims.len() > MAX_CLAIMS {
            return Err(ClientPrincipalError::TooManyClaims);
        }
        Ok(document)
    }

    /// The values of the claims whose type is wanted; `None` is a value that is not text.
    pub(super) fn values(
        &self,
        is_wanted: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = Option<&str>> {
        let claims = self.claims.iter().filter(move |Object(claim)| is_wanted(&claim.typ));
        claims.map(|Object(claim)| claim.val.as_str())
    }
}

/// A JSON object. Serde would also read a struct from an array, whose items have no names.
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
