//! Why a request failed, in a form that a model can act on.

use std::{borrow::Cow, time::Duration};

use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock, ErrorCode, JsonObject},
};
use serde::Serialize;
use serde_json::Value;

use crate::quoted::quoted;

/// The number of seconds after which a caller may repeat a call that ran out of time.
const RETRY_AFTER_SECONDS: u64 = 5;

/// A failure that the guard itself finds, whatever the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The request exceeded its time limit, which is given.
    TimedOut(Duration),
    /// The handler panicked. The log has the panic's message.
    Panicked,
    /// The caller disconnected or cancelled the request; it does not receive the report.
    Cancelled,
    /// The response is larger than so many bytes.
    TooLarge(usize),
}

/// An error for a caller: what is wrong, whether to try again, and the next step.
///
/// A tool's report is a result with `isError`, whose text is the report as JSON. It has no structured content, because clients
/// validate that against the tool's output schema even in an error. Every other report is a JSON-RPC error with the report as its `data`.
///
/// ```
/// use rmcp_guard::Report;
///
/// let report = Report::lasting("not_found", "there is no book with the id 7", "Call list_books.");
/// let result = report.into_result();
/// assert_eq!(result.is_error, Some(true));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<FieldError>,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
    next_step: Cow<'static, str>,
}

impl Report {
    /// A failure that the same call meets again. `code` is a short stable name.
    #[must_use]
    pub fn lasting(
        code: &'static str,
        message: impl Into<String>,
        next_step: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (message, next_step) = (message.into(), next_step.into());
        let problems = Vec::new();
        Self { code, message, problems, retryable: false, retry_after_seconds: None, next_step }
    }

    /// A transient failure. The message ends with the time to wait, in seconds.
    #[must_use]
    pub fn passing(
        code: &'static str,
        message: &str,
        retry_after_seconds: u64,
        next_step: impl Into<Cow<'static, str>>,
    ) -> Self {
        let message = format!("{message}: try again in {retry_after_seconds} s");
        let report = Self::lasting(code, message, next_step);
        Self { retryable: true, retry_after_seconds: Some(retry_after_seconds), ..report }
    }

    /// Arguments that break their limits: all of them, at least one.
    #[must_use]
    pub fn invalid_arguments(problems: Vec<FieldError>) -> Self {
        let messages: Vec<_> = problems.iter().map(FieldError::message).collect();
        let next_step = "Correct the arguments named in problems, and call again.";
        Self::lasting("invalid_arguments", messages.join("; "), next_step).problems(problems)
    }

    /// Sets the faults of single arguments.
    #[must_use]
    pub fn problems(self, problems: Vec<FieldError>) -> Self {
        Self { problems, ..self }
    }

    /// The short stable name of the failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The report as the result of a tool.
    #[must_use]
    pub fn into_result(self) -> CallToolResult {
        let json = serde_json::to_string(&self).unwrap_or_default();
        CallToolResult::error(vec![ContentBlock::text(json)])
    }

    /// The report as a JSON-RPC error.
    #[must_use]
    pub fn into_error(self, code: ErrorCode) -> ErrorData {
        let data = serde_json::to_value(&self).ok();
        ErrorData::new(code, self.message, data)
    }
}

impl From<&Failure> for Report {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::TimedOut(limit) => Self::passing(
                "timeout",
                &format!("the call was given up after {} s", limit.as_secs_f64()),
                RETRY_AFTER_SECONDS,
                "Wait that long, then call again. If the call changes something, look first whether it was done after all.",
            ),
            Failure::Panicked => Self::lasting(
                "internal",
                "the server failed; the arguments are not the cause",
                "Do not try again right away; if it goes on, tell whoever runs this server.",
            ),
            Failure::Cancelled => Self::lasting("cancelled", "the caller hung up", "Call again."),
            Failure::TooLarge(limit) => Self::lasting(
                "too_large",
                format!("the answer is larger than {limit} bytes: ask for less"),
                "Call again with arguments that select less: a smaller page, or a narrower search.",
            ),
        }
    }
}

/// An error about one argument, for the model to correct.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldError {
    field: String,
    code: Cow<'static, str>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    given: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<JsonObject>,
}

impl FieldError {
    /// An error about the argument `field`. `code` is a short stable name; the message names the fault and its correction.
    #[must_use]
    pub fn new(
        field: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        let (field, code, message) = (field.into(), code.into(), message.into());
        Self { field, code, message, given: None, limit: None }
    }

    /// Sets the received value, as [`describe`] shortens it.
    #[must_use]
    pub fn given(self, value: &Value) -> Self {
        Self { given: Some(describe(value)), ..self }
    }

    /// Sets the accepted values, as the tool's schema has them.
    #[must_use]
    pub fn limit(self, schema: JsonObject) -> Self {
        Self { limit: Some(schema), ..self }
    }

    /// The argument, as in `authors[0].name`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The fault and its correction.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Describes a received value for a message: at most 40 characters of a text, quoted, so that it cannot be taken for part of the message.
#[must_use]
pub fn describe(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text {}", quoted(text)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        scalar => scalar.to_string(),
    }
}
