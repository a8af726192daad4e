//! The fields that a browser sends, in an address or in a body.

use std::collections::HashMap;

use axum::{
    RequestExt,
    extract::{FromRequest, FromRequestParts, Request},
};
use http::{header::CONTENT_TYPE, request::Parts};
use http_body_util::{BodyExt, LengthLimitError};
use percent_encoding::percent_decode;

use crate::error_page::PageError;

const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// Fields by name, as they were typed.
#[derive(Debug)]
pub(crate) struct Fields(HashMap<String, String>);

impl Fields {
    /// Reads `a=1&b=2`. Stricter than the URL standard, which would keep something else than what was sent:
    /// a name that comes twice and bytes that are no UTF-8 are errors.
    fn parse(raw: &[u8]) -> Result<Self, PageError> {
        let mut fields = HashMap::new();
        for pair in raw.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if fields.insert(name, value).is_some() {
                return Err(PageError::BadRequest("A field of the form came twice."));
            }
        }
        Ok(Self(fields))
    }

    /// Takes a field out; one that did not come counts as left empty.
    pub(crate) fn take(&mut self, name: &str) -> String {
        self.0.remove(name).unwrap_or_default()
    }
}

fn decode(raw: &[u8]) -> Result<String, PageError> {
    let spaced: Vec<u8> = raw.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    match percent_decode(&spaced).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(PageError::BadRequest("The request holds a text that is not UTF-8.")),
    }
}

/// The fields in the address.
pub(crate) struct QueryFields(pub(crate) Fields);

impl<S: Sync> FromRequestParts<S> for QueryFields {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        Fields::parse(parts.uri.query().unwrap_or_default().as_bytes()).map(Self)
    }
}

/// The fields in the body.
pub(crate) struct FormFields(pub(crate) Fields);

impl<S: Send + Sync> FromRequest<S> for FormFields {
    type Rejection = PageError;

    async fn from_request(request: Request, _: &S) -> Result<Self, PageError> {
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
        if !essence.trim().eq_ignore_ascii_case(FORM_TYPE) {
            return Err(PageError::NoForm);
        }
        Fields::parse(&read(request).await?).map(Self)
    }
}

/// The body, within the router's limit. Into one buffer: a frame may be a single byte, and axum's `Bytes` keeps one for each.
async fn read(request: Request) -> Result<Vec<u8>, PageError> {
    let mut body = request.into_limited_body();
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(unread)?.into_data() {
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole)
}

fn unread(error: axum::Error) -> PageError {
    if error.into_inner().is::<LengthLimitError>() {
        return PageError::TooLarge;
    }
    PageError::BadRequest("The form did not arrive whole.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_once() {
        let mut fields = Fields::parse(b"a=1+%2B%3D%26%C3%A9&&b&=x&c=%2541&d=%zz").unwrap();
        let taken = ["a", "b", "c", "d", "e", ""].map(|name| fields.take(name));
        assert_eq!(taken, ["1 +=&é", "", "%41", "%zz", "", "x"]);
    }

    #[test]
    fn what_cannot_be_kept_as_it_came_is_refused() {
        for raw in ["a=1&a=2", "a=1&%61=2", "a=%FF", "%C3=1", "a=%ED%A0%80"] {
            assert!(
                matches!(Fields::parse(raw.as_bytes()), Err(PageError::BadRequest(_))),
                "{raw}"
            );
        }
    }
}
