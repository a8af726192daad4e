//! Parts of a response that are JSON text already: written once, and sent as they are.
//!
//! rmcp holds a result as a value and writes it when it is sent. A part that is written already is kept beside the request, and the
//! result has a placeholder in its place, which the transport replaces in the bytes of the response. A placeholder holds a number
//! that each process draws, so no text of a client or of a user is ever taken for one.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, LazyLock},
};

use axum::body::Bytes;
use memchr::memmem::Finder;
use rmcp::model::{CallToolResult, ContentBlock, Extensions, MetaObject, Tool};
use serde::Serialize;
use serde_json::{Value, json};

use crate::call_context::CallContext;

/// The key and the text of placeholders.
static MARK: LazyLock<String> =
    LazyLock::new(|| format!("rmcp-guard/{:016x}", RandomState::new().hash_one("prepared")));

/// A value as JSON text: the structured result of a tool, written once.
///
/// The output must fit the tool's output schema, and hold no null: the guard does not look into it.
///
/// ```
/// use rmcp_guard::JsonText;
///
/// let json = JsonText::new(&["a"]).unwrap();
/// assert_eq!(json.as_str(), r#"["a"]"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonText {
    json: Arc<str>,
    /// The text as a string in JSON.
    quoted: Arc<str>,
}

impl JsonText {
    /// Writes a value.
    ///
    /// # Errors
    /// The value has no JSON form, such as a map whose keys are not texts.
    pub fn new(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        let mut json = serde_json::to_string(value)?;
        // Written by hand, which an event stream cannot hold.
        if json.contains(['\n', '\r']) {
            json = serde_json::from_str::<Value>(&json)?.to_string();
        }
        let quoted = serde_json::to_string(&json)?;
        Ok(Self { json: json.into(), quoted: quoted.into() })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.json
    }

    /// The text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.json.as_ref().to_owned()
    }

    /// The size of the value in a result, in bytes: as structured content, and as text for clients without it.
    #[must_use]
    pub fn len_in_result(&self) -> usize {
        self.json.len() + self.quoted.len()
    }

    /// The successful result with this value as structured content and as text. The extensions are those of the request's context:
    /// over HTTP the result holds placeholders, and the response to this very request the text itself.
    #[must_use]
    pub fn into_result(self, extensions: &Extensions) -> CallToolResult {
        // What is no object is rmcp's to leave out for older clients.
        let Some(call) = CallContext::of(extensions).filter(|_| self.json.starts_with('{')) else {
            let value = serde_json::from_str(&self.json).unwrap_or(Value::Null);
            let mut result = CallToolResult::success(vec![ContentBlock::text(self.into_string())]);
            result.structured_content = Some(value);
            return result;
        };
        let number = call.prepare(Prepared::Result(self));
        let mut result = CallToolResult::success(vec![ContentBlock::text(mark(number))]);
        result.structured_content = Some(json!({MARK.as_str(): number}));
        result
    }
}

/// What results say in `_meta`, written once.
#[derive(Debug, Clone)]
pub struct MetaText {
    meta: Arc<MetaObject>,
    /// Its members as JSON, without braces.
    members: Arc<str>,
}

impl MetaText {
    /// Writes it.
    #[must_use]
    pub fn new(meta: MetaObject) -> Self {
        let json = serde_json::to_string(&meta).unwrap_or_default();
        let members = json.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        Self { meta: Arc::new(meta), members: members.unwrap_or_default().into() }
    }

    /// Puts it into a result, in place of what that says. The extensions are those of the request's context, as in
    /// [`JsonText::into_result`].
    pub fn put_into(&self, result: &mut CallToolResult, extensions: &Extensions) {
        let call = CallContext::of(extensions).filter(|_| !self.members.is_empty());
        result.meta = Some(call.map_or_else(
            || self.meta.as_ref().clone(),
            |call| {
                let number = call.prepare(Prepared::Meta(Arc::clone(&self.members)));
                MetaObject(rmcp::model::object(json!({MARK.as_str(): mark(number)})))
            },
        ));
    }
}

/// A part that is written already.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// Members of a result's `_meta`, beside which rmcp may put others.
    Meta(Arc<str>),
    /// The structured content of a tool's result.
    Result(JsonText),
    /// A list of tools.
    Tools(Arc<str>),
}

impl Prepared {
    /// A list of tools: the list in which a placeholder stands for all of them.
    pub(crate) fn list(tools: Arc<str>, call: &CallContext) -> Vec<Tool> {
        let number = call.prepare(Self::Tools(tools));
        vec![Tool::new_with_raw(mark(number), None, Arc::default())]
    }

    /// How many bytes it takes in a response.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Result(json) => json.len_in_result(),
            Self::Meta(text) | Self::Tools(text) => text.len(),
        }
    }

    /// What stands for the part of this number in a response.
    fn placeholders(&self, number: usize) -> Vec<Placeholder<'_>> {
        let of = |key: &'static str, opening: &str, ending: &str, json| Placeholder {
            text: format!("{key}{opening}{}{ending}", *MARK),
            mark_at: key.len() + opening.len(),
            key,
            json,
        };
        match self {
            Self::Meta(members) => {
                vec![of("", "\"", &format!(r#"":"{}""#, mark(number)), members)]
            }
            Self::Result(json) => vec![
                of(r#""text":"#, "\"", &format!(r#"/{number}""#), &json.quoted),
                of(r#""structuredContent":"#, "{\"", &format!(r#"":{number}}}"#), &json.json),
            ],
            Self::Tools(tools) => {
                let ending = format!(r#"/{number}","inputSchema":{{}}}}]"#);
                vec![of(r#""tools":"#, r#"[{"name":""#, &ending, tools)]
            }
        }
    }
}

/// A placeholder, with its key, and the part as JSON.
struct Placeholder<'a> {
    text: String,
    /// Where [`MARK`] is in the text.
    mark_at: usize,
    key: &'static str,
    json: &'a str,
}

/// Finds [`MARK`]. To prepare the search takes longer than to look through a response.
static MARKS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(MARK.as_str()));

/// Replaces the placeholders in a response. A response without them, such as an error, stays as it is.
pub(crate) fn fill(parts: &[Prepared], response: Bytes) -> Bytes {
    if parts.is_empty() {
        return response;
    }
    let placeholders = parts.iter().enumerate().flat_map(|(n, part)| part.placeholders(n));
    let mut placeholders: Vec<_> = placeholders.collect();
    let len = response.len() + parts.iter().map(Prepared::len).sum::<usize>();
    let (mut filled, mut copied) = (Vec::with_capacity(len), 0);
    for mark in MARKS.find_iter(&response) {
        let start_of = |placeholder: &Placeholder<'_>| {
            let start = mark.checked_sub(placeholder.mark_at).filter(|start| *start >= copied)?;
            response[start..].starts_with(placeholder.text.as_bytes()).then_some(start)
        };
        let found = placeholders.iter().enumerate().find_map(|(n, it)| Some((n, start_of(it)?)));
        let Some((number, start)) = found else { continue };
        let Placeholder { text, key, json, .. } = placeholders.swap_remove(number);
        filled.extend_from_slice(&response[copied..start]);
        filled.extend_from_slice(key.as_bytes());
        filled.extend_from_slice(json.as_bytes());
        copied = start + text.len();
    }
    if copied == 0 {
        return response;
    }
    filled.extend_from_slice(&response[copied..]);
    filled.into()
}

fn mark(number: usize) -> String {
    format!("{}/{number}", *MARK)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rmcp::model::ListToolsResult;
    use serde_json::value::RawValue;

    use super::*;

    fn filled(parts: &[Prepared], response: &str) -> String {
        String::from_utf8(fill(parts, Bytes::from(response.to_owned())).to_vec()).unwrap()
    }

    /// A result, with a member of its `_meta` beside.
    fn result(json: &JsonText, meta: &MetaText, extensions: &Extensions) -> String {
        let mut result = json.clone().into_result(extensions);
        meta.put_into(&mut result, extensions);
        result.meta.as_mut().unwrap().insert("beside".to_owned(), json!(1));
        serde_json::to_string(&result).unwrap()
    }

    /// The bytes of a result with placeholders, for the context of a call over HTTP.
    fn over_http(json: &JsonText, meta: &MetaText) -> (CallContext, String) {
        let call = CallContext::new();
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.extensions.insert(call.clone());
        let mut extensions = Extensions::new();
        extensions.insert(parts);
        (call, result(json, meta, &extensions))
    }

    proptest! {
        #[test]
        fn a_prepared_result_is_the_same_as_any_other(
            texts in proptest::collection::vec(".{0,40}", 0..5),
            number in any::<i64>(),
            key in "[a-z/]{0,9}",
        ) {
            let value = json!({"texts": texts, "number": number, "of": "\"\\\n\u{1}é"});
            let json = JsonText::new(&value).unwrap();
            let meta = if key.is_empty() { json!({}) } else { json!({key: texts}) };
            let meta = MetaText::new(MetaObject(rmcp::model::object(meta)));
            let plain = result(&json, &meta, &Extensions::new());
            let (call, response) = over_http(&json, &meta);
            prop_assert!(response.contains(MARK.as_str()));
            let response = call.fill(response.into());
            let [response, plain] = [&*response, plain.as_bytes()].map(serde_json::from_slice::<Value>);
            prop_assert_eq!(response.unwrap(), plain.unwrap());
        }
    }

    #[test]
    fn a_list_of_tools_takes_the_place_of_its_placeholder() {
        let call = CallContext::new();
        let tools = Prepared::list(r#"[{"name":"a"}]"#.into(), &call);
        let result = ListToolsResult::with_all_items(tools).with_ttl_ms(5);
        let response = call.fill(serde_json::to_string(&result).unwrap().into());
        let response: Value = serde_json::from_slice(&response).unwrap();
        let expected = json!({"resultType": "complete", "ttlMs": 5, "tools": [{"name": "a"}]});
        assert_eq!(response, expected);
    }

    #[test]
    fn a_text_is_never_taken_for_a_placeholder() {
        let parts = [Prepared::Result(JsonText::new(&json!({"a": 1})).unwrap())];
        let forged =
            format!(r#""text":"{}","structuredContent":{{"{}":0}}"#, mark(0), MARK.as_str());
        for text in [forged, mark(0), MARK.clone()] {
            let response = json!({"id": text, "error": {"message": text}}).to_string();
            assert_eq!(filled(&parts, &response), response);
        }
    }

    #[test]
    fn each_placeholder_is_replaced_once() {
        let parts = [Prepared::Result(JsonText::new(&json!({"a": 1})).unwrap())];
        let text = format!(r#""text":"{}""#, mark(0));
        let expected = format!(r#"{{"text":"{{\"a\":1}}",{text}}}"#);
        assert_eq!(filled(&parts, &format!("{{{text},{text}}}")), expected);
    }

    #[test]
    fn what_is_no_object_has_no_placeholder() {
        let json = JsonText::new(&["a"]).unwrap();
        let (_, response) = over_http(&json, &MetaText::new(MetaObject::default()));
        assert!(response.contains(r#""structuredContent":["a"]"#), "{response}");
    }

    #[test]
    fn text_that_was_written_by_hand_is_one_line() {
        let raw = RawValue::from_string("{\n\"a\":\r\n1}".to_owned()).unwrap();
        assert_eq!(JsonText::new(&raw).unwrap().as_str(), r#"{"a":1}"#);
    }
}
