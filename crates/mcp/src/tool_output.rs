//! The output of a tool: written as JSON, and cut where it would be too large.

use restaurant_domain::AuditRecord;
use rmcp_guard::JsonText;
use schemars::JsonSchema;
use serde::Serialize;

use crate::request_error::RequestError;

/// The part of a response that JSON-RPC's frame around the output takes, in bytes.
const FRAME_BYTES: usize = 1024;

/// The result of a tool, in the form that clients see.
pub(crate) trait ToolOutput {
    /// The form on the wire.
    type View<'a>: Serialize + JsonSchema
    where
        Self: 'a;

    /// Converts the result into that form.
    fn view(&self) -> Self::View<'_>;

    /// Drops the second half of the rows, which the next page starts with; `false` when no row can be dropped.
    fn shrink(&mut self) -> bool {
        false
    }

    /// Records what was written.
    fn audit(&self, _record: &mut AuditRecord) {}
}

/// Writes an output as JSON. Drops rows until a response that holds it as a value and as a text has at most so many bytes.
///
/// # Errors
/// The output has no JSON form, which is a defect.
pub(crate) fn render(
    mut output: impl ToolOutput,
    max_response_bytes: usize,
) -> Result<JsonText, RequestError> {
    loop {
        let json = JsonText::new(&output.view())
            .map_err(|_| RequestError::Defect("the output has no JSON form"))?;
        let bytes = FRAME_BYTES + json.len_in_result();
        if bytes <= max_response_bytes || !output.shrink() {
            return Ok(json);
        }
    }
}
