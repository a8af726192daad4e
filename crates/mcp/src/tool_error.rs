//! Why a tool call failed, in a form that a model can act on.
//!
//! The JSON goes out as text alone: clients hold `structuredContent` against the tool's output schema even when
//! `isError` is set, and would hide the error behind a schema violation.

use std::time::Duration;

use restaurant_domain::{CreateError, Forbidden, Permission, RestaurantId, StoreError};
use rmcp::model::{CallToolResult, ContentBlock};
use serde::Serialize;

use crate::argument::Fault;

/// After how many seconds a caller may try again what failed for a moment.
const RETRY_AFTER_SECONDS: u64 = 5;

/// Why a tool call failed.
#[derive(Debug)]
pub(crate) enum ToolError {
    /// Arguments that break their limits, at least one.
    InvalidArguments(Vec<Fault>),
    /// There is no such restaurant.
    NotFound(RestaurantId),
    /// The caller lacks the right.
    Forbidden(Forbidden),
    /// The store failed.
    Store(StoreError),
    /// The call took longer than it may.
    TimedOut(Duration),
    /// The tool has a defect: it panicked, or its result has no JSON form.
    Defect(&'static str),
}

impl From<Forbidden> for ToolError {
    fn from(error: Forbidden) -> Self {
        Self::Forbidden(error)
    }
}

impl From<StoreError> for ToolError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<CreateError> for ToolError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Store(error) => error.into(),
            other => StoreError::failed(other).into(),
        }
    }
}

/// The error as the caller gets it.
#[derive(Serialize)]
struct Report<'a> {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    problems: &'a [Fault],
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
    next_step: &'static str,
}

impl<'a> Report<'a> {
    fn lasting(code: &'static str, message: String, next_step: &'static str) -> Self {
        Self {
            code,
            message,
            problems: &[],
            retryable: false,
            retry_after_seconds: None,
            next_step,
        }
    }

    fn passing(code: &'static str, message: &str) -> Self {
        let message = format!("{message}: try again in {RETRY_AFTER_SECONDS} s");
        let next_step = "Wait that long, then call the tool again; before you repeat a create, look whether the first one was done after all.";
        let report = Self::lasting(code, message, next_step);
        Self { retryable: true, retry_after_seconds: Some(RETRY_AFTER_SECONDS), ..report }
    }

    fn invalid_arguments(problems: &'a [Fault]) -> Self {
        let messages: Vec<_> = problems.iter().map(Fault::message).collect();
        let next_step = "Correct the arguments named in problems, and call the tool again.";
        let report = Self::lasting("invalid_arguments", messages.join("; "), next_step);
        Self { problems, ..report }
    }
}

impl ToolError {
    /// A short stable name for programs and for the log.
    pub(crate) fn code(&self) -> &'static str {
        self.report().code
    }

    /// The result that tells the caller. Nothing of the inside is in it.
    pub(crate) fn into_result(self) -> CallToolResult {
        let json = serde_json::to_string(&self.report()).unwrap_or_default();
        CallToolResult::error(vec![ContentBlock::text(json)])
    }

    /// Writes what the caller is not told into the log.
    pub(crate) fn log(&self) {
        match self {
            Self::InvalidArguments(_) | Self::NotFound(_) => {}
            Self::Forbidden(error) => tracing::warn!(%error, "tool call refused"),
            Self::Store(StoreError::Unavailable(source)) => {
                tracing::warn!(error = &**source as &dyn std::error::Error, "store unavailable");
            }
            Self::Store(StoreError::Failed(source)) => {
                tracing::error!(error = &**source as &dyn std::error::Error, "store failed");
            }
            Self::Store(error) => {
                tracing::error!(error = error as &dyn std::error::Error, "store failed");
            }
            Self::TimedOut(limit) => tracing::error!(?limit, "tool call took too long"),
            Self::Defect(what) => tracing::error!(what, "tool call failed"),
        }
    }

    fn report(&self) -> Report<'_> {
        match self {
            Self::InvalidArguments(faults) => Report::invalid_arguments(faults),
            Self::NotFound(id) => Report::lasting(
                "not_found",
                format!("there is no restaurant with the id {id}"),
                "Call list_restaurants_mcp, and use the id of a restaurant that it returns.",
            ),
            Self::Forbidden(Forbidden(permission)) => Report::lasting(
                "forbidden",
                format!("you may not {}", right(*permission)),
                "Do not try again: ask whoever runs this server for the right.",
            ),
            Self::Store(StoreError::Unavailable(_)) => {
                Report::passing("unavailable", "the restaurants cannot be reached at the moment")
            }
            Self::TimedOut(limit) => Report::passing(
                "timeout",
                &format!("the call was given up after {} s", limit.as_secs_f64()),
            ),
            Self::Store(_) | Self::Defect(_) => Report::lasting(
                "internal",
                "the server failed; the arguments are not the cause".to_owned(),
                "Do not try again right away; if it goes on, tell whoever runs this server.",
            ),
        }
    }
}

/// What a right lets its holder do.
fn right(permission: Permission) -> &'static str {
    match permission {
        Permission::Read => "read restaurants and reviews",
        Permission::Write => "add restaurants or reviews",
        _ => "do this",
    }
}
