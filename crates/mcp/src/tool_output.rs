//! The output of a tool: converted into JSON, and cut where it would be too large.

use restaurant_domain::AuditRecord;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::request_error::RequestError;

/// The part of a response that JSON-RPC's frame around the output takes, in bytes.
const FRAME_BYTES: usize = 1024;

/// The result of a tool, in the form that clients see.
pub(crate) trait ToolOutput {
    /// The form on the wire.
    type View: Serialize + JsonSchema;

    /// Converts the result into that form.
    fn view(&self) -> Self::View;

    /// Drops the second half of the rows, which the next page starts with; `false` when no row can be dropped.
    fn shrink(&mut self) -> bool {
        false
    }

    /// Records what was written.
    fn audit(&self, _record: &mut AuditRecord) {}
}

/// An output as JSON: the value, and the same as text.
pub(crate) struct Rendered {
    /// The value.
    pub(crate) value: Value,
    /// Its text.
    pub(crate) text: String,
}

/// Converts an output into JSON. Drops rows until a response that holds it as a value and as a text has at most so many bytes.
///
/// # Errors
/// The output has no JSON form, which is a defect.
pub(crate) fn render(
    mut output: impl ToolOutput,
    max_response_bytes: usize,
) -> Result<Rendered, RequestError> {
    loop {
        let value = serde_json::to_value(output.view())
            .map_err(|_| RequestError::Defect("the output has no JSON form"))?;
        let text = value.to_string();
        let bytes = FRAME_BYTES + text.len() + quoted_len(&text);
        if bytes <= max_response_bytes || !output.shrink() {
            return Ok(Rendered { value, text });
        }
    }
}

/// The length of a JSON text as a string in JSON: quotes and backslashes are escaped; control characters are escaped already.
fn quoted_len(json: &str) -> usize {
    json.len() + json.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}
