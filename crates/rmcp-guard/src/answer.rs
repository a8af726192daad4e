//! What the guard needs to know about each kind of response: its size, the code of its error, and how it tells of a failure.

use std::io;

use rmcp::{
    ErrorData,
    model::{
        CallToolResponse, CompleteResult, ContentBlock, CustomResult, DiscoverResult, ErrorCode,
        GetPromptResponse, GetSkillResult, GetTaskResult, InitializeResult, ListPromptsResult,
        ListResourceTemplatesResult, ListResourcesResult, ListSkillsResult, ListToolsResult,
        ReadResourceResponse,
    },
};
use serde::Serialize;
use serde_json::Value;

use crate::report::Report;

/// The maximum length of a code in the log.
const MAX_CODE_CHARS: usize = 40;

/// A response of a handler.
pub(crate) trait Answer: Sized + Send {
    /// Whether it takes more than so many bytes as JSON.
    fn exceeds(&self, limit: usize) -> bool;

    /// The code of the error that it tells of.
    fn error_code(&self) -> Option<String> {
        None
    }

    /// The response that tells of a failure.
    ///
    /// # Errors
    /// With a JSON-RPC error, where there is no other way.
    fn of_failure(report: Report) -> Result<Self, ErrorData> {
        Err(report.into_error(ErrorCode::INTERNAL_ERROR))
    }
}

macro_rules! answers {
    ($($answer:ty),* $(,)?) => {$(
        impl Answer for $answer {
            fn exceeds(&self, limit: usize) -> bool {
                exceeds(self, limit)
            }
        }
    )*};
}

answers!(
    (),
    CompleteResult,
    CustomResult,
    DiscoverResult,
    GetSkillResult,
    GetTaskResult,
    InitializeResult,
    ListPromptsResult,
    ListResourceTemplatesResult,
    ListResourcesResult,
    ListSkillsResult,
    ListToolsResult,
);

impl Answer for CallToolResponse {
    fn exceeds(&self, limit: usize) -> bool {
        match self {
            Self::Complete(result) => exceeds(result, limit),
            Self::InputRequired(result) => exceeds(result, limit),
            Self::Task(result) => exceeds(result, limit),
            _ => false,
        }
    }

    fn error_code(&self) -> Option<String> {
        let Self::Complete(result) = self else { return None };
        result.is_error.filter(|is_error| *is_error)?;
        let text = result.content.first().and_then(ContentBlock::as_text);
        let report = text.and_then(|text| serde_json::from_str::<Value>(&text.text).ok());
        Some(report.and_then(|report| code_in(&report)).unwrap_or_else(|| "tool_error".to_owned()))
    }

    fn of_failure(report: Report) -> Result<Self, ErrorData> {
        Ok(report.into_result().into())
    }
}

impl Answer for GetPromptResponse {
    fn exceeds(&self, limit: usize) -> bool {
        match self {
            Self::Complete(result) => exceeds(result, limit),
            Self::InputRequired(result) => exceeds(result, limit),
            _ => false,
        }
    }
}

impl Answer for ReadResourceResponse {
    fn exceeds(&self, limit: usize) -> bool {
        match self {
            Self::Complete(result) => exceeds(result, limit),
            Self::InputRequired(result) => exceeds(result, limit),
            _ => false,
        }
    }
}

/// The code of a JSON-RPC error for the log: that of its report, or else its number.
pub(crate) fn code_of(error: &ErrorData) -> String {
    error.data.as_ref().and_then(code_in).unwrap_or_else(|| error.code.0.to_string())
}

/// The `code` of a report, when it is a plain name.
fn code_in(report: &Value) -> Option<String> {
    let code = report.get("code")?.as_str()?;
    let is_plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_plain && code.len() <= MAX_CODE_CHARS).then(|| code.to_owned())
}

/// Counts bytes, up to a limit.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn exceeds(value: &impl Serialize, limit: usize) -> bool {
    serde_json::to_writer(Counter(limit), value).is_err_and(|error| error.is_io())
}
