//! The header's JSON document, decoded from base64.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::error::{ClientPrincipalError, MAX_CLAIMS};
use crate::json;

/// The platform pads, but not on every host. Only canonical encodings are accepted, so that one identity has one spelling.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The platform's document. A duplicate member is rejected, and an unknown one ignored.
#[derive(Deserialize)]
pub(super) struct Document<C = Vec<Claim>> {
    pub(super) auth_typ: String,
    claims: C,
    pub(super) name_typ: Option<String>,
    pub(super) role_typ: Option<String>,
}

/// One claim.
#[derive(Deserialize)]
pub(super) struct Claim {
    typ: String,
    /// A string; another type is rejected only in the claims that are read.
    val: Value,
}

impl Document {
    pub(super) fn decode(value: &[u8]) -> Result<Self, ClientPrincipalError> {
        let json = BASE64.decode(value).map_err(|_| ClientPrincipalError::Base64)?;
        let json = String::from_utf8(json).map_err(|_| ClientPrincipalError::Utf8)?;
        let raw = json::object(&json).ok_or(ClientPrincipalError::Json)?;
        let Document::<Vec<&RawValue>> { auth_typ, claims, name_typ, role_typ } = raw;
        if claims.len() > MAX_CLAIMS {
            return Err(ClientPrincipalError::TooManyClaims);
        }
        let claims = claims.into_iter().map(|claim| json::object(claim.get()));
        let claims = claims.collect::<Option<_>>().ok_or(ClientPrincipalError::Json)?;
        Ok(Self { auth_typ, claims, name_typ, role_typ })
    }

    /// The types and values of the claims whose value is text.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.claims.iter().filter_map(|claim| Some((claim.typ.as_str(), claim.val.as_str()?)))
    }

    /// The values of the claims whose type is wanted; `None` is a value that is not text.
    pub(super) fn values(
        &self,
        is_wanted: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = Option<&str>> {
        let claims = self.claims.iter().filter(move |claim| is_wanted(&claim.typ));
        claims.map(|claim| claim.val.as_str())
    }
}
