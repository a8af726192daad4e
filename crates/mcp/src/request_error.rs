//! Why a request failed, in a form that a model can act on: the result of a tool, or a JSON-RPC error for everything else.
//!
//! A tool's goes out as text alone: clients hold `structuredContent` against the tool's output schema even when
//! `isError` is set, and would hide the error behind a schema violation.

use std::{slice, time::Duration};

use restaurant_domain::{
    AuditRecord, CreateError, ErrorChain, Forbidden, Permission, RestaurantId, StoreError,
};
use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock, ErrorCode},
};
use serde::Serialize;

use crate::{access::Denied, argument::FieldError, idempotency::IDEMPOTENCY_KEY};

/// After how many seconds a caller may try again what failed for a moment.
const RETRY_AFTER_SECONDS: u64 = 5;

/// Why a request failed.
#[derive(Debug)]
pub(crate) enum RequestError {
    /// Arguments that break their limits, at least one.
    InvalidArguments(Vec<FieldError>),
    /// There is no such restaurant.
    NotFound(RestaurantId),
    /// The caller gave the key of another create.
    KeyReused(Box<FieldError>),
    /// The caller may not do this.
    Denied(Denied),
    /// The store failed.
    Store(StoreError),
    /// The request took longer than it may.
    TimedOut(Duration),
    /// The caller disconnected and does not receive this.
    Cancelled,
    /// The server has a defect: it panicked, or its answer has no JSON form.
    Defect(&'static str),
}

impl From<Vec<FieldError>> for RequestError {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::InvalidArguments(errors)
    }
}

impl From<Denied> for RequestError {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<Forbidden> for RequestError {
    fn from(Forbidden(permission): Forbidden) -> Self {
        Self::Denied(Denied::Permission(permission))
    }
}

impl From<StoreError> for RequestError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<CreateError> for RequestError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::KeyReused => {
                let problem =
                    "belongs to another create of yours in the last 24 hours: nothing was written";
                Self::KeyReused(Box::new(FieldError::unresolved(
                    &IDEMPOTENCY_KEY,
                    "reused",
                    problem,
                )))
            }
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
    problems: &'a [FieldError],
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
        let next_step = "Wait that long, then call again. Repeat a create with the idempotency_key of the first time, if it had one; else look first whether it was done after all.";
        let report = Self::lasting(code, message, next_step);
        Self { retryable: true, retry_after_seconds: Some(RETRY_AFTER_SECONDS), ..report }
    }

    fn invalid_arguments(problems: &'a [FieldError]) -> Self {
        let messages: Vec<_> = problems.iter().map(FieldError::message).collect();
        let next_step = "Correct the arguments named in problems, and call again.";
        let report = Self::lasting("invalid_arguments", messages.join("; "), next_step);
        Self { problems, ..report }
    }
}

impl RequestError {
    /// A short stable name for programs and for the log.
    pub(crate) fn code(&self) -> &'static str {
        self.report().code
    }

    /// The permission that the caller lacks, if that is the reason.
    pub(crate) fn missing_permission(&self) -> Option<Permission> {
        match self {
            Self::Denied(Denied::Permission(permission)) => Some(*permission),
            _ => None,
        }
    }

    /// The outcome for the audit record: the code, unless it is not known whether a row was written.
    pub(crate) fn audit_outcome(&self) -> &'static str {
        match self {
            Self::Store(StoreError::Unconfirmed(_)) | Self::TimedOut(_) | Self::Cancelled => {
                AuditRecord::UNKNOWN
            }
            _ => self.code(),
        }
    }

    /// The result that tells the caller of a tool. Nothing of the inside is in it.
    pub(crate) fn into_result(self) -> CallToolResult {
        let json = serde_json::to_string(&self.report()).unwrap_or_default();
        CallToolResult::error(vec![ContentBlock::text(json)])
    }

    /// The JSON-RPC error that tells the caller of anything else: the same, as the error's data.
    pub(crate) fn into_error(self) -> ErrorData {
        let code = match self {
            Self::InvalidArguments(_) | Self::KeyReused(_) => ErrorCode::INVALID_PARAMS,
            Self::NotFound(_) => ErrorCode::RESOURCE_NOT_FOUND,
            Self::Denied(_) => ErrorCode::INVALID_REQUEST,
            Self::Store(_) | Self::TimedOut(_) | Self::Cancelled | Self::Defect(_) => {
                ErrorCode::INTERNAL_ERROR
            }
        };
        let report = self.report();
        ErrorData::new(code, report.message.clone(), serde_json::to_value(&report).ok())
    }

    /// Writes what the caller is not told into the log.
    pub(crate) fn log(&self) {
        match self {
            Self::InvalidArguments(_)
            | Self::NotFound(_)
            | Self::KeyReused(_)
            | Self::Cancelled => {}
            Self::Denied(denied) => tracing::warn!(why = %denied, "request refused"),
            Self::Store(StoreError::Unavailable(source)) => {
                tracing::warn!(error = %ErrorChain(&**source), "store unavailable");
            }
            Self::Store(StoreError::Unconfirmed(source)) => {
                tracing::warn!(error = %ErrorChain(&**source), "write not confirmed");
            }
            Self::Store(StoreError::ReadOnly(source)) => {
                tracing::warn!(error = %ErrorChain(&**source), "store read-only");
            }
            Self::Store(StoreError::Failed(source)) => {
                tracing::error!(error = %ErrorChain(&**source), "store failed");
            }
            Self::Store(error) => {
                tracing::error!(error = %ErrorChain(error), "store failed");
            }
            Self::TimedOut(limit) => tracing::error!(?limit, "request took too long"),
            Self::Defect(what) => tracing::error!(what, "request failed"),
        }
    }

    fn report(&self) -> Report<'_> {
        match self {
            Self::InvalidArguments(errors) => Report::invalid_arguments(errors),
            Self::NotFound(id) => Report::lasting(
                "not_found",
                format!("there is no restaurant with the id {id}"),
                "Call list_restaurants_mcp, and use the id of a restaurant that it returns.",
            ),
            Self::KeyReused(fault) => Report {
                problems: slice::from_ref(fault),
                ..Report::lasting(
                    "idempotency_key_reused",
                    fault.message().to_owned(),
                    "To repeat that create, send exactly the arguments that you sent with the key; for anything else make up a new key.",
                )
            },
            Self::Denied(denied) => Report::lasting(
                "forbidden",
                denied.to_string(),
                "Do not try again: ask whoever runs this server for the right.",
            ),
            Self::Store(StoreError::Unavailable(_) | StoreError::Unconfirmed(_)) => {
                Report::passing("unavailable", "the restaurants cannot be reached at the moment")
            }
            Self::Store(StoreError::ReadOnly(_)) => Report::passing(
                "unavailable",
                "the database is read-only at the moment: restaurants can be read and not added to, and nothing was written",
            ),
            Self::TimedOut(limit) => Report::passing(
                "timeout",
                &format!("the call was given up after {} s", limit.as_secs_f64()),
            ),
            Self::Cancelled => {
                Report::lasting("cancelled", "the caller hung up".to_owned(), "Call again.")
            }
            Self::Store(_) | Self::Defect(_) => Report::lasting(
                "internal",
                "the server failed; the arguments are not the cause".to_owned(),
                "Do not try again right away; if it goes on, tell whoever runs this server.",
            ),
        }
    }
}
