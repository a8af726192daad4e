//! An answer on its way out: turned into JSON, and cut where it would be too large.

use restaurant_domain::AuditRecord;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::request_error::RequestError;

/// What is left of a response for JSON-RPC's frame around the answer, in bytes.
const FRAME_BYTES: usize = 1024;

/// What the repository answered, as clients may see it.
pub(crate) trait Answer {
    /// Its form on the wire.
    type View: Serialize + JsonSchema;

    /// It in that form.
    fn view(&self) -> Self::View;

    /// Leaves out the later half of its rows, for the next page; `false` when there is nothing to leave out.
    fn halve(&mut self) -> bool {
        false
    }

    /// Notes what was written.
    fn note(&self, _record: &mut AuditRecord) {}
}

/// An answer as JSON: the value, and the same as text.
pub(crate) struct Rendered {
    /// The value.
    pub(crate) value: Value,
    /// Its text.
    pub(crate) text: String,
}

/// Turns an answer into JSON. A page is cut until a response that holds it as a value and again as a text has at most so many bytes.
///
/// # Errors
/// When it has no JSON form: a defect.
pub(crate) fn render(
    mut answer: impl Answer,
    max_response_bytes: usize,
) -> Result<Rendered, RequestError> {
    loop {
        let value = serde_json::to_value(answer.view())
            .map_err(|_| RequestError::Defect("the answer has no JSON form"))?;
        let text = value.to_string();
        let bytes = FRAME_BYTES + text.len() + quoted_len(&text);
        if bytes <= max_response_bytes || !answer.halve() {
            return Ok(Rendered { value, text });
        }
    }
}

/// How many bytes a text of JSON takes as a string in JSON: quotes and backslashes double, control characters are gone already.
fn quoted_len(json: &str) -> usize {
    json.len() + json.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}
