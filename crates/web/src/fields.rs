//! The fields that a browser sends, in an address or in a body.

use std::{collections::HashSet, convert::Infallible, error::Error};

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

use crate::{app_state::AppState, error_page::PageError, time_limit::AwaitsBody};

const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// Fields as they were sent. Each is read when a page takes it: what no page asks for is ignored, whatever it holds.
#[derive(Debug)]
pub(crate) struct Fields(Vec<(Vec<u8>, Vec<u8>)>);

impl Fields {
    /// Reads `a=1&b=2`, in which names and values are percent-encoded.
    pub(crate) fn parse(raw: &[u8]) -> Self {
        let pairs = raw.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=').map(decode);
            (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
        });
        Self(decoded.collect())
    }

    /// Takes a field out; one that was not sent counts as left empty.
    ///
    /// # Errors
    /// When the field was sent twice, or is not UTF-8. The URL standard would keep something else than what was sent.
    pub(crate) fn take(&mut self, name: &'static str) -> Result<String, PageError> {
        let mut values = self.0.extract_if(.., |(sent, _)| sent == name.as_bytes());
        let first = values.next();
        if values.next().is_some() {
            return Err(PageError::Repeated(name.to_owned()));
        }
        let value = first.map(|(_, value)| value).unwrap_or_default();
        String::from_utf8(value).map_err(|_| PageError::NotUtf8(name.to_owned()))
    }

    /// Refuses a field that was sent twice or is not UTF-8, also one that no page asks for: our own forms send no such field.
    fn strict(self) -> Result<Self, PageError> {
        let mut names = HashSet::new();
        for (name, value) in &self.0 {
            let shown = || String::from_utf8_lossy(name).into_owned();
            if str::from_utf8(name).is_err() || str::from_utf8(value).is_err() {
                return Err(PageError::NotUtf8(shown()));
            }
            if !names.insert(name) {
                return Err(PageError::Repeated(shown()));
            }
        }
        Ok(self)
    }
}

fn decode(raw: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = raw.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

/// The fields in the address.
pub(crate) struct QueryFields(pub(crate) Fields);

impl<S: Sync> FromRequestParts<S> for QueryFields {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Fields::parse(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

/// The fields in the body.
pub(crate) struct FormFields(pub(crate) Fields);

impl FromRequest<AppState> for FormFields {
    type Rejection = PageError;

    async fn from_request(mut request: Request, state: &AppState) -> Result<Self, PageError> {
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
        if !essence.trim().eq_ignore_ascii_case(FORM_TYPE) {
            return Err(PageError::NoForm);
        }
        if announced(request.headers()).is_some_and(|bytes| bytes > state.body_limit) {
            return Err(PageError::TooLarge);
        }
        let awaits_body: AwaitsBody = request.extensions_mut().remove().unwrap_or_default();
        awaits_body.set(true);
        let whole =
            timeout(state.request_timeout, read(request.into_body(), state.body_limit)).await;
        let whole = whole.unwrap_or(Err(PageError::SlowForm))?;
        awaits_body.set(false);
        Fields::parse(&whole).strict().map(Self)
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
        let mut fields = Fields::parse(b"a=1+%2B%3D%26%C3%A9&&b&=x&c=%2541&d=%zz");
        let taken = ["a", "b", "c", "d", "e", ""].map(|name| fields.take(name).unwrap());
        assert_eq!(taken, ["1 +=&é", "", "%41", "%zz", "", "x"]);
    }

    #[test]
    fn a_field_that_cannot_be_kept_as_it_was_sent_is_refused_by_name() {
        for raw in ["a=1&a=2", "a=1&%61=2", "a=1&a=1&a=1"] {
            let taken = Fields::parse(raw.as_bytes()).take("a");
            assert!(matches!(taken, Err(PageError::Repeated(name)) if name == "a"), "{raw}");
            let form = Fields::parse(raw.as_bytes()).strict();
            assert!(matches!(form, Err(PageError::Repeated(name)) if name == "a"), "{raw}");
        }
        for raw in ["a=%FF", "a=%ED%A0%80", "b=1&a=%C3"] {
            let taken = Fields::parse(raw.as_bytes()).take("a");
            assert!(matches!(taken, Err(PageError::NotUtf8(name)) if name == "a"), "{raw}");
            let form = Fields::parse(raw.as_bytes()).strict();
            assert!(matches!(form, Err(PageError::NotUtf8(name)) if name == "a"), "{raw}");
        }
    }

    #[test]
    fn what_no_page_asks_for_is_ignored() {
        for raw in ["b=1&a=x&b=2", "%C3=1&a=x", "b=%FF&a=x&%FF=%FF", "a=x&A=y"] {
            assert_eq!(Fields::parse(raw.as_bytes()).take("a").unwrap(), "x", "{raw}");
        }
    }
}
