//! The audit record of the forms: one for each form that is sent, including forged and forbidden ones.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, request::Parts};
use restaurant_domain::{Actor, AuditChannel, AuditOperation, AuditRecord, AuditResource, Author};
use tokio::time::timeout;
use tracing::{Instrument, Span};

use crate::{
    app_state::AppState,
    error_page::PageError,
    pages::take_back::{Moved, PostPath},
};

/// How long the work of a form may take once its body is there: far longer than a store's own limits, so that nothing but
/// a store that never answers is given up. The outcome is unknown then.
const WORK_LIMIT: Duration = Duration::from_secs(60);

/// A route that writes.
#[derive(Clone)]
pub(crate) struct Audited {
    pub(crate) state: AppState,
    pub(crate) operation: AuditOperation,
}

/// Middleware: runs a form to its end, in a task that its sender cannot cut short, and writes the audit record.
pub(crate) async fn record(
    State(Audited { state, operation }): State<Audited>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let record = begin(&mut parts, operation).await;
    let limit = state.request_timeout + WORK_LIMIT;
    let work = async move {
        let response = timeout(limit, next.run(Request::from_parts(parts, body))).await;
        let response = response.unwrap_or_else(|_| PageError::OutOfTime.into_response());
        end(record, &response);
        response
    };
    let response = state.tasks.spawn(work.in_current_span()).await;
    response.unwrap_or_else(|_| PageError::OutOfTime.into_response())
}

/// Begins the record of a form.
async fn begin(parts: &mut Parts, operation: AuditOperation) -> AuditRecord {
    let author = parts.extensions.get::<Actor>().map(|actor| actor.author().clone());
    let author = author.unwrap_or_else(Author::anonymous);
    let mut record = AuditRecord::new(&author, AuditChannel::Page, operation, Span::current());
    if let Ok(PostPath(post)) = PostPath::from_request_parts(parts, &()).await {
        record.resource(post.into());
    }
    record
}

/// Records the outcome that the response states.
fn end(mut record: AuditRecord, response: &Response) {
    let extensions = response.extensions();
    if let Some(written) = extensions.get::<AuditResource>() {
        record.resource(*written);
        record.outcome(AuditRecord::CREATED);
    } else if extensions.get::<Moved>().is_some() {
        record.outcome(AuditRecord::DONE);
    } else if let Some(error) = extensions.get::<Arc<PageError>>() {
        record.outcome(error.code());
    } else if response.status() == StatusCode::UNPROCESSABLE_ENTITY {
        record.outcome("invalid_arguments");
    }
}
