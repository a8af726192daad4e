//! The one place that turns a failure into a page: handlers name it, a middleware logs and shows it.

mod wording;

use std::{any::Any, sync::Arc};

use axum::{
    extract::Request,
    response::{Html, IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, RETRY_AFTER},
};
use restaurant_domain::{
    Actor, AuditRecord, BudgetExhausted, CreateError, DeleteError, ErrorChain, Forbidden,
    StoreError, quoted,
};
use serde::Serialize;
use tower_http::request_id::RequestId;

use crate::{
    app_state::Site,
    page_context::PageContext,
    templates::{Page, Templates},
};

/// After how many seconds a caller may try again when the store or the time ran out.
pub(crate) const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    #[error("the request cannot be read: {0}")]
    BadRequest(&'static str),
    #[error("the field {} came more than once", quoted(.0))]
    Repeated(String),
    #[error("the field {} is not UTF-8", quoted(.0))]
    NotUtf8(String),
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error("another site sent the form")]
    CrossOrigin,
    #[error("there is no such page")]
    NotFound,
    #[error("there is no such post to take back or restore")]
    NoPost,
    #[error("the body is over the limit")]
    TooLarge,
    #[error("the body is no form")]
    NoForm,
    #[error("the body did not arrive in the time for the request")]
    SlowForm,
    #[error("the cursor does not belong to {0}")]
    BadCursor(&'static str),
    #[error(transparent)]
    BudgetExhausted(BudgetExhausted),
    #[error("it cannot be undone: {0}")]
    CannotUndo(DeleteError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a template failed")]
    Template(#[from] minijinja::Error),
    #[error("the request came without an actor: the service does not say who calls")]
    NoActor,
    #[error("a handler panicked: {0}")]
    Panicked(String),
    #[error("the time for the request ran out")]
    OutOfTime,
    /// An answer of the framework, of which nothing but the status is known.
    #[error("answered {0}")]
    Bare(StatusCode),
}

impl From<CreateError> for PageError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Store(error) => error.into(),
            CreateError::BudgetExhausted(exhausted) => Self::BudgetExhausted(exhausted),
            // Forms send no idempotency key.
            other => StoreError::failed(other).into(),
        }
    }
}

impl From<DeleteError> for PageError {
    fn from(error: DeleteError) -> Self {
        match error {
            DeleteError::NotFound => Self::NoPost,
            DeleteError::Store(error) => error.into(),
            other => Self::CannotUndo(other),
        }
    }
}

impl PageError {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::Repeated(_) | Self::NotUtf8(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden(_) | Self::CrossOrigin | Self::CannotUndo(DeleteError::NotOwn) => {
                StatusCode::FORBIDDEN
            }
            Self::CannotUndo(_) => StatusCode::CONFLICT,
            Self::NotFound | Self::NoPost => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::SlowForm => StatusCode::REQUEST_TIMEOUT,
            Self::BadCursor(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::BudgetExhausted(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Store(
                StoreError::Unavailable(_) | StoreError::ReadOnly(_) | StoreError::Unconfirmed(_),
            )
            | Self::OutOfTime => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(_) | Self::Template(_) | Self::NoActor | Self::Panicked(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Bare(status) => *status,
        }
    }

    /// A short stable name for the audit record: the same as over MCP, where there is one.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Forbidden(_) | Self::CannotUndo(DeleteError::NotOwn) => "forbidden",
            Self::CannotUndo(DeleteError::Reviewed) => "reviewed",
            Self::CannotUndo(_) => "too_late",
            Self::CrossOrigin => "cross_origin",
            Self::NotFound | Self::NoPost => "not_found",
            Self::BadCursor(_) => "invalid_arguments",
            Self::BudgetExhausted(_) => "budget_exhausted",
            Self::BadRequest(_)
            | Self::Repeated(_)
            | Self::NotUtf8(_)
            | Self::TooLarge
            | Self::NoForm
            | Self::SlowForm => "unreadable",
            Self::Store(StoreError::Unavailable(_) | StoreError::ReadOnly(_)) => "unavailable",
            Self::Store(StoreError::Unconfirmed(_)) | Self::OutOfTime => AuditRecord::UNKNOWN,
            Self::Store(_) | Self::Template(_) | Self::NoActor | Self::Panicked(_) => "internal",
            Self::Bare(_) => "refused",
        }
    }

    fn log(&self, status: StatusCode) {
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), error = %ErrorChain(self), "page failed");
        } else {
            tracing::debug!(status = status.as_u16(), error = %ErrorChain(self), "page refused");
        }
    }
}

impl IntoResponse for PageError {
    /// A response without a body, with the error aside: [`show`] makes the page of it.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Marks an error response that is complete, and not to be replaced by an error page.
#[derive(Clone)]
pub(crate) struct Complete;

/// Makes the page of a panic; a middleware calls it.
pub(crate) fn after_panic(payload: Box<dyn Any + Send + 'static>) -> Response {
    let text = match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => other.downcast_ref::<&str>().unwrap_or(&"no text").to_string(),
    };
    PageError::Panicked(text).into_response()
}

/// Puts the error page into an answer that is an error and has none yet.
pub(crate) async fn show(
    site: &Site,
    request: Request,
    answer: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let request_id = request.extensions().get::<RequestId>().cloned();
    let path = request.uri().path().to_owned();
    let context = request.extensions().get::<Actor>().map(|actor| PageContext::of(actor, site));
    let mut response = answer(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error())
        || response.extensions().get::<Complete>().is_some()
    {
        return response;
    }
    let error = response.extensions_mut().remove::<Arc<PageError>>();
    let error = error.unwrap_or_else(|| Arc::new(PageError::Bare(status)));
    let request_id = request_id.as_ref().and_then(|id| id.header_value().to_str().ok());
    error.log(status);
    render(site, &error, &path, context.unwrap_or_default(), request_id)
}

fn render(
    site: &Site,
    error: &PageError,
    path: &str,
    context: PageContext,
    request_id: Option<&str>,
) -> Response {
    let status = error.status();
    let (heading, explanation) = error.wording(site, &context);
    let reason = status.canonical_reason().unwrap_or("Error");
    let view = ErrorPage {
        context,
        status: status.as_u16(),
        reason,
        heading,
        explanation: &explanation,
        first: matches!(error, PageError::BadCursor(_)).then_some(path),
        sign_in: None,
        request_id,
    };
    let mut response = respond(&site.templates, &view, status);
    let retry_after = match error {
        PageError::BudgetExhausted(exhausted) => Some(HeaderValue::from(exhausted.retry_after)),
        _ => (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_SECONDS),
    };
    if let Some(retry_after) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, retry_after);
    }
    response
}

/// The page of a 401: the address is the one to see after the sign-in.
pub(crate) fn sign_in(
    site: &Site,
    address: &str,
    is_form: bool,
    request_id: Option<&str>,
) -> Response {
    let status = StatusCode::UNAUTHORIZED;
    let (heading, explanation) = if is_form {
        (
            "Your session has ended",
            "Nothing was saved, and your text is not lost. Sign in in a new tab, then come back and reload this page: your browser sends the form again. It cannot be posted twice.",
        )
    } else {
        ("Sign in to see this page", "You have not signed in yet, or your session has ended.")
    };
    let view = ErrorPage {
        context: PageContext::default(),
        status: status.as_u16(),
        reason: status.canonical_reason().unwrap_or("Error"),
        heading,
        explanation,
        first: None,
        sign_in: Some(SignIn { path: site.path_after_sign_in(address), is_apart: is_form }),
        request_id,
    };
    respond(&site.templates, &view, status)
}

fn respond(templates: &Templates, view: &ErrorPage<'_>, status: StatusCode) -> Response {
    let body = templates.render(view).unwrap_or_else(|failure| {
        tracing::error!(error = %ErrorChain(&failure), "the error page failed");
        view.heading.to_owned()
    });
    let mut response = (status, Html(body)).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The way to the sign-in.
#[derive(Serialize)]
struct SignIn {
    path: String,
    /// Whether it opens in a tab of its own.
    is_apart: bool,
}

/// What the template shows.
#[derive(Serialize)]
struct ErrorPage<'a> {
    context: PageContext,
    status: u16,
    reason: &'a str,
    heading: &'a str,
    explanation: &'a str,
    /// The path of the list whose page does not exist.
    first: Option<&'a str>,
    /// `None`: the page leads back to the list.
    sign_in: Option<SignIn>,
    request_id: Option<&'a str>,
}

impl Page for ErrorPage<'_> {
    const TEMPLATE: &'static str = "error.html";
}
