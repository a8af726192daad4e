//! The fields that a browser sends, in an address or in a body.

use std::{collections::HashMap, error::Error};

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
};
use http::{
    HeaderMap,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
    request::Parts,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::percent_decode;
use tokio::time::timeout;

use crate::{error_page::PageError, router::Site, time_limit::AwaitsBody};

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

impl FromRequest<Site> for FormFields {
    type Rejection = PageError;

    async fn from_request(mut request: Request, site: &Site) -> Result<Self, PageError> {
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
        if !essence.trim().eq_ignore_ascii_case(FORM_TYPE) {
            return Err(PageError::NoForm);
        }
        if announced(request.headers()).is_some_and(|bytes| bytes > site.body_limit) {
            return Err(PageError::TooLarge);
        }
        let awaits_body: AwaitsBody = request.extensions_mut().remove().unwrap_or_default();
        awaits_body.set(true);
        let whole = timeout(site.request_timeout, read(request.into_body(), site.body_limit)).await;
        let whole = whole.unwrap_or(Err(PageError::SlowForm))?;
        awaits_body.set(false);
        Fields::parse(&whole).map(Self)
    }
}

/// The size that the body will have, if the client says it; what no memory holds counts as the largest.
fn announced(headers: &HeaderMap) -> Option<usize> {
    let bytes: u64 = headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()?;
    Some(usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// The body, of at most `limit` bytes. Into one buffer: a frame may be a single byte, and axum's `Bytes` keeps one for each.
async fn read(body: Body, limit: usize) -> Result<Vec<u8>, PageError> {
    let mut body = Limited::new(body, limit);
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|error| unread(&*error))?.into_data() {
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole)
}

fn unread(error: &(dyn Error + Send + Sync + 'static)) -> PageError {
    if error.is::<LengthLimitError>() {
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
