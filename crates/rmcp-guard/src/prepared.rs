//! Parts of a response that are JSON text already: written once, and sent as they are.
//!
//! rmcp holds a result as a value and writes it when it is sent. A part that is written already is kept beside the request, and the
//! result has a placeholder in its place, which the transport replaces in the bytes of the response. A placeholder is found with its
//! key: inside a JSON string both would be escaped, so no text of a client or of a user is ever taken for one.

use std::sync::Arc;

use axum::body::Bytes;
use rmcp::model::{CallToolResult, ContentBlock, Extensions, Tool};
use serde::Serialize;
use serde_json::{Value, json};

use crate::call_context::CallContext;

/// The key and the text of placeholders.
const MARK: &str = "rmcp-guard/prepared";

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
        let json = serde_json::to_string(value)?;
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
    /// over HTTP the result holds placeholders, and the response the text itself.
    #[must_use]
    pub fn into_result(self, extensions: &Extensions) -> CallToolResult {
        let Some(call) = CallContext::of(extensions) else {
            let value = serde_json::from_str(&self.json).unwrap_or(Value::Null);
            let mut result = CallToolResult::success(vec![ContentBlock::text(self.into_string())]);
            result.structured_content = Some(value);
            return result;
        };
        let number = call.prepare(Prepared::Result(self));
        let mut result = CallToolResult::success(vec![ContentBlock::text(mark(number))]);
        result.structured_content = Some(json!({MARK: number}));
        result
    }
}

/// A part that is written already.
#[derive(Debug)]
pub(crate) enum Prepared {
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
            Self::Tools(tools) => tools.len(),
        }
    }

    /// Replaces the placeholders of this number in a response.
    fn fill(&self, number: usize, response: &str, out: &mut Vec<u8>) {
        match self {
            Self::Result(json) => {
                let text = format!(r#""text":"{}""#, mark(number));
                let value = format!(r#""structuredContent":{{"{MARK}":{number}}}"#);
                let rest = copy_until(response, &text, out, |out| {
                    out.extend_from_slice(br#""text":"#);
                    out.extend_from_slice(json.quoted.as_bytes());
                });
                let rest = copy_until(rest, &value, out, |out| {
                    out.extend_from_slice(br#""structuredContent":"#);
                    out.extend_from_slice(json.json.as_bytes());
                });
                out.extend_from_slice(rest.as_bytes());
            }
            Self::Tools(tools) => {
                let list = format!(r#""tools":[{{"name":"{}","inputSchema":{{}}}}]"#, mark(number));
                let rest = copy_until(response, &list, out, |out| {
                    out.extend_from_slice(br#""tools":"#);
                    out.extend_from_slice(tools.as_bytes());
                });
                out.extend_from_slice(rest.as_bytes());
            }
        }
    }
}

/// Replaces the placeholders in a response. A response without them, such as an error, stays as it is.
pub(crate) fn fill(parts: &[Prepared], mut response: Bytes) -> Bytes {
    for (number, part) in parts.iter().enumerate() {
        let Ok(text) = std::str::from_utf8(&response) else { return response };
        if !text.contains(MARK) {
            return response;
        }
        let mut out = Vec::with_capacity(text.len() + part.len());
        part.fill(number, text, &mut out);
        response = out.into();
    }
    response
}

fn mark(number: usize) -> String {
    format!("{MARK}/{number}")
}

/// Copies a text up to a placeholder, writes what stands for it, and returns the rest.
fn copy_until<'a>(
    text: &'a str,
    placeholder: &str,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>),
) -> &'a str {
    let Some((before, rest)) = text.split_once(placeholder) else { return text };
    out.extend_from_slice(before.as_bytes());
    write(out);
    rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rmcp::model::ListToolsResult;

    use super::*;

    fn filled(parts: &[Prepared], response: &str) -> String {
        String::from_utf8(fill(parts, Bytes::from(response.to_owned())).to_vec()).unwrap()
    }

    /// The bytes of a result with placeholders, for the context of a call over HTTP.
    fn over_http(json: &JsonText) -> (CallContext, String) {
        let call = CallContext::new();
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.extensions.insert(call.clone());
        let mut extensions = Extensions::new();
        extensions.insert(parts);
        let result = json.clone().into_result(&extensions);
        (call, serde_json::to_string(&result).unwrap())
    }

    proptest! {
        #[test]
        fn a_prepared_result_is_the_same_as_any_other(
            texts in proptest::collection::vec(".{0,40}", 0..5),
            number in any::<i64>(),
        ) {
            let value = json!({"texts": texts, "number": number, "of": "\"\\\n\u{1}é"});
            let json = JsonText::new(&value).unwrap();
            let plain = serde_json::to_string(&json.clone().into_result(&Extensions::new())).unwrap();
            let (call, response) = over_http(&json);
            prop_assert!(response.contains(MARK));
            let response = call.fill(response.into());
            prop_assert_eq!(std::str::from_utf8(&response).unwrap(), plain);
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
        let forged = format!(r#""text":"{}","structuredContent":{{"{MARK}":0}}"#, mark(0));
        for text in [forged, mark(0), MARK.to_owned()] {
            let response = json!({"id": text, "error": {"message": text}}).to_string();
            assert_eq!(filled(&parts, &response), response);
        }
    }
}
