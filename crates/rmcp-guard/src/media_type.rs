//! Which media types a request sends and admits: JSON, in every spelling that HTTP allows.

use http::{
    HeaderMap,
    header::{ACCEPT, CONTENT_TYPE},
};

/// The media type of every message.
pub(crate) const JSON: &str = "application/json";

/// The media type of a stream of messages.
const EVENT_STREAM: &str = "text/event-stream";

/// Whether the body is declared as JSON. Parameters (`charset=utf-8`) do not matter.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    is_a(JSON, headers)
}

/// Whether the body is declared as a stream of messages.
pub(crate) fn is_event_stream(headers: &HeaderMap) -> bool {
    is_a(EVENT_STREAM, headers)
}

fn is_a(media_type: &str, headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
}

/// Whether an answer in JSON is welcome: no `Accept` at all, `*/*`, `application/*` or the type itself.
/// The most specific range decides, so `application/json;q=0, */*` declines.
pub(crate) fn accepts_json(headers: &HeaderMap) -> bool {
    let mut ranges = headers.get_all(ACCEPT).iter().peekable();
    if ranges.peek().is_none() {
        return true;
    }
    ranges
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| Some((precision(range)?, is_welcome(range))))
        .max()
        .is_some_and(|(_, welcome)| welcome)
}

/// The precision with which a media range names JSON; `None` when it does not admit JSON.
fn precision(range: &str) -> Option<u8> {
    let essence = range.split(';').next()?.trim();
    ["*/*", "application/*", JSON]
        .iter()
        .zip(0..)
        .find_map(|(known, precision)| known.eq_ignore_ascii_case(essence).then_some(precision))
}

/// Whether a media range has a weight above zero; an unreadable weight counts as one.
fn is_welcome(range: &str) -> bool {
    let weight = range.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().ok())?
    });
    weight.is_none_or(|weight| weight > 0.0)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn accept(values: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, HeaderValue::from_static(value));
        }
        accepts_json(&headers)
    }

    #[test]
    fn every_accept_that_admits_json_is_served() {
        assert!(accept(&[]));
        for value in [
            "*/*",
            "application/*",
            "application/json",
            "APPLICATION/JSON",
            "application/json, text/event-stream",
            "text/event-stream;q=0.9, application/json;q=0.1",
            "application/json; charset=utf-8; q=nonsense",
            "text/html, */*;q=0.001",
        ] {
            assert!(accept(&[value]), "{value}");
        }
        assert!(accept(&["text/event-stream", "application/json"]));
    }

    #[test]
    fn an_accept_without_json_is_declined() {
        for value in [
            "",
            "text/event-stream",
            "application/jsonp",
            "application/json;q=0",
            "application/json; q=0.000, */*",
            "*/*, application/*;q=0",
        ] {
            assert!(!accept(&[value]), "{value}");
        }
    }
}
