//! Why a request failed, in a form that a model can act on: the result of a tool, or a JSON-RPC error for everything else.
//!
//! A tool's goes out as text alone: clients hold `structuredContent` against the tool's output schema even when
//! `isError` is set, and would hide the error behind a schema violation.

use chrono::SecondsFormat;
use restaurant_domain::{
    AuditRecord, BudgetExhausted, CreateError, ErrorChain, Forbidden, RestaurantId, StoreError,
};
use rmcp::{
    ErrorData,
    model::{CallToolResult, ErrorCode, Extensions},
};
use rmcp_guard::{Failure, FieldError, Report, tell_host};

use crate::{
    access::{Denied, MissingPermission},
    argument::unresolved,
    idempotency::IDEMPOTENCY_KEY,
};

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
    /// The caller has written as much as it may for now.
    BudgetExhausted(BudgetExhausted),
    /// The person who was asked did not confirm it.
    NotConfirmed,
    /// A person must confirm it, and the client cannot ask one.
    ConfirmationRequired,
    /// The caller may not do this.
    Denied(Denied),
    /// The store failed.
    Store(StoreError),
    /// The server has a defect: its answer has no JSON form.
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
                Self::KeyReused(Box::new(unresolved(&IDEMPOTENCY_KEY, "reused", problem)))
            }
            CreateError::BudgetExhausted(exhausted) => Self::BudgetExhausted(exhausted),
            CreateError::Store(error) => error.into(),
            other => StoreError::failed(other).into(),
        }
    }
}

/// A transient failure, with the next step that suits tools which create something.
fn passing(code: &'static str, message: &str) -> Report {
    let next_step = "Wait that long, then call again. Repeat a create with the idempotency_key of the first time, if it had one; else look first whether it was done after all.";
    Report::passing(code, message, RETRY_AFTER_SECONDS, next_step)
}

/// The limit, and when it frees.
fn budget_exhausted(exhausted: &BudgetExhausted) -> Report {
    let BudgetExhausted { limit, period, frees_at, retry_after } = exhausted;
    let frees_at = frees_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let period = period.as_str();
    let message = format!(
        "you may write {limit} times per {period}, and have done so; nothing was written, and you may write again at {frees_at}"
    );
    let next_step = "Do not write before then. You can go on reading. To repeat a create that was done, send its idempotency_key: repeats are not counted.";
    Report::passing("budget_exhausted", &message, *retry_after, next_step)
}

/// Words a failure that the guard found.
pub(crate) fn explain(failure: &Failure) -> Report {
    match failure {
        Failure::TimedOut(limit) => {
            passing("timeout", &format!("the call was given up after {} s", limit.as_secs_f64()))
        }
        other => other.into(),
    }
}

impl RequestError {
    /// A short stable name for programs and for the log.
    pub(crate) fn code(&self) -> &'static str {
        self.report().code()
    }

    /// The outcome for the audit record: the code, unless it is not known whether a row was written.
    pub(crate) fn audit_outcome(&self) -> &'static str {
        match self {
            Self::Store(StoreError::Unconfirmed(_)) => AuditRecord::UNKNOWN,
            _ => self.code(),
        }
    }

    /// The result that tells the caller of a tool, with nothing of the inside in it. That is logged here.
    pub(crate) fn into_result(self, request: &Extensions) -> CallToolResult {
        self.tell(request);
        self.report().into_result()
    }

    /// The JSON-RPC error that tells the caller of anything else: the same, as the error's data.
    pub(crate) fn into_error(self, request: &Extensions) -> ErrorData {
        self.tell(request);
        let code = match self {
            Self::InvalidArguments(_) | Self::KeyReused(_) => ErrorCode::INVALID_PARAMS,
            Self::NotFound(_) => ErrorCode::RESOURCE_NOT_FOUND,
            Self::Denied(_)
            | Self::BudgetExhausted(_)
            | Self::NotConfirmed
            | Self::ConfirmationRequired => ErrorCode::INVALID_REQUEST,
            Self::Store(_) | Self::Defect(_) => ErrorCode::INTERNAL_ERROR,
        };
        self.report().into_error(code)
    }

    /// Tells the host application what the caller is not told: the log, and the permission that is missing.
    fn tell(&self, request: &Extensions) {
        self.log();
        if let Self::Denied(Denied::Permission(permission)) = self {
            tell_host(request, MissingPermission(*permission));
        }
    }

    /// Writes what the caller is not told into the log.
    fn log(&self) {
        match self {
            Self::InvalidArguments(_)
            | Self::NotFound(_)
            | Self::KeyReused(_)
            | Self::NotConfirmed
            | Self::ConfirmationRequired => {}
            Self::BudgetExhausted(exhausted) => tracing::warn!(why = %exhausted, "write refused"),
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
            Self::Defect(what) => tracing::error!(what, "request failed"),
        }
    }

    fn report(&self) -> Report {
        match self {
            Self::InvalidArguments(errors) => Report::invalid_arguments(errors.clone()),
            Self::NotFound(id) => Report::lasting(
                "not_found",
                format!("there is no restaurant with the id {id}"),
                "Call list_restaurants_mcp, and use the id of a restaurant that it returns.",
            ),
            Self::KeyReused(fault) => Report::lasting(
                "idempotency_key_reused",
                fault.message(),
                "To repeat that create, send exactly the arguments that you sent with the key; for anything else make up a new key.",
            )
            .problems(vec![*fault.clone()]),
            Self::BudgetExhausted(exhausted) => budget_exhausted(exhausted),
            Self::NotConfirmed => Report::lasting(
                "not_confirmed",
                "the person who was asked did not confirm it; nothing was written",
                "Do not try again unless the person asks for it.",
            ),
            Self::ConfirmationRequired => Report::lasting(
                "confirmation_required",
                "a person must confirm what is written here, and this client did not declare that it can ask one (elicitation); nothing was written",
                "Do not try again with this client: the person can write it on the website, or with a client that can ask.",
            ),
            Self::Denied(denied) => Report::lasting(
                "forbidden",
                denied.to_string(),
                "Do not try again: ask whoever runs this server for the right.",
            ),
            Self::Store(StoreError::Unavailable(_) | StoreError::Unconfirmed(_)) => {
                passing("unavailable", "the restaurants cannot be reached at the moment")
            }
            Self::Store(StoreError::ReadOnly(_)) => passing(
                "unavailable",
                "the database is read-only at the moment: restaurants can be read and not added to, and nothing was written",
            ),
            // As the guard words a panic: the caller can do the same about both.
            Self::Store(_) | Self::Defect(_) => (&Failure::Panicked).into(),
        }
    }
}
