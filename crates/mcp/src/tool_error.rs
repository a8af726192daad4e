//! What a tool answers when it cannot do what it was asked: words that a model can act on.

use restaurant_domain::{Forbidden, RestaurantId, StoreError, ValidationError, quoted};
use rmcp::model::{CallToolResult, JsonObject};
use serde::Serialize;

/// How many seconds a caller shall wait before it asks a busy store again.
const RETRY_AFTER_SECONDS: u32 = 2;

/// Why a tool call failed. Becomes a result with `isError`, in one place: [`ToolError::into_result`].
#[derive(Debug)]
pub(crate) enum ToolError {
    /// Arguments that break their limits.
    InvalidArguments(Vec<ArgumentProblem>),
    /// There is no restaurant with the id.
    NoSuchRestaurant(RestaurantId),
    /// The caller lacks the right.
    Forbidden(Forbidden),
    /// The host application did not say who calls.
    NoActor,
    /// The store failed.
    Store(StoreError),
    /// The time limit passed.
    TimedOut,
    /// The tool panicked.
    Panicked,
}

impl From<StoreError> for ToolError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Forbidden> for ToolError {
    fn from(error: Forbidden) -> Self {
        Self::Forbidden(error)
    }
}

/// What is wrong with one argument.
#[derive(Debug, Serialize)]
pub(crate) struct ArgumentProblem {
    /// The argument's name.
    pub(crate) field: String,
    code: &'static str,
    message: String,
}

impl From<&ValidationError> for ArgumentProblem {
    fn from(error: &ValidationError) -> Self {
        let (code, message) = (error.problem.code(), error.to_string());
        Self { field: error.field.to_owned(), code, message }
    }
}

impl ArgumentProblem {
    /// An argument that the tool does not take.
    pub(crate) fn unknown(name: &str, known: &JsonObject) -> Self {
        let names: Vec<_> = known.keys().map(String::as_str).collect();
        let field = quoted(name);
        let message = format!("{field} is not an argument: this tool takes {}", names.join(", "));
        Self { field, code: "unknown_argument", message }
    }
}

/// The wire form: `{"error": {…}}`.
#[derive(Debug, Serialize)]
struct Answer {
    error: Body,
}

#[derive(Debug, Serialize)]
struct Body {
    code: &'static str,
    message: String,
    next_step: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<ArgumentProblem>,
}

impl ToolError {
    /// The result for the caller. What only the operator may know goes to the log, here and nowhere else.
    pub(crate) fn into_result(self, tool: &'static str) -> CallToolResult {
        self.log(tool);
        let (code, message, next_step) = self.words();
        let problems = match self {
            Self::InvalidArguments(problems) => problems,
            _ => Vec::new(),
        };
        let answer = Answer { error: Body { code, message, next_step, problems } };
        CallToolResult::structured_error(serde_json::to_value(answer).unwrap_or_default())
    }

    fn log(&self, tool: &'static str) {
        match self {
            Self::Store(StoreError::Unavailable(error)) => {
                tracing::warn!(
                    tool,
                    error = &**error as &dyn std::error::Error,
                    "the store is not available"
                );
            }
            Self::Store(error) => {
                tracing::error!(tool, error = error as &dyn std::error::Error, "the store failed");
            }
            Self::NoActor => {
                tracing::error!(
                    tool,
                    "no Actor in the request's extensions: the call is refused; see McpAdapter"
                );
            }
            Self::TimedOut => tracing::warn!(tool, "the time limit of a call passed"),
            Self::Panicked => tracing::error!(tool, "the tool panicked"),
            Self::InvalidArguments(_) | Self::NoSuchRestaurant(_) | Self::Forbidden(_) => {}
        }
    }

    /// The code, what happened, and what the caller can do.
    fn words(&self) -> (&'static str, String, String) {
        match self {
            Self::InvalidArguments(problems) => {
                let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
                ("invalid_arguments", messages.join("; "), "Correct these arguments and call the tool again. Nothing was written.".to_owned())
            }
            Self::NoSuchRestaurant(id) => (
                "not_found",
                format!("restaurant_id is {id}: there is no restaurant with this id"),
                "Call list_restaurants_mcp and take an id from its answer.".to_owned(),
            ),
            Self::Forbidden(forbidden) => (
                "forbidden",
                forbidden.to_string(),
                "Do not try again: tell the user that this right must be granted first.".to_owned(),
            ),
            Self::Store(StoreError::Unavailable(_)) => (
                "unavailable",
                "the restaurants cannot be reached at the moment".to_owned(),
                format!("Try again in {RETRY_AFTER_SECONDS} seconds. A write may have happened: look before you repeat it."),
            ),
            Self::TimedOut => (
                "timed_out",
                "the call took too long".to_owned(),
                "Ask for less, or try again later. A write may have happened: look before you repeat it.".to_owned(),
            ),
            Self::NoActor | Self::Store(_) | Self::Panicked => (
                "internal",
                "the server failed".to_owned(),
                "Do not try again at once: tell the user; the server's operator finds the cause in the log.".to_owned(),
            ),
        }
    }
}
