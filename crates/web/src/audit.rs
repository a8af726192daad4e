//! The audit record of the forms: one for each that is sent, whatever becomes of it, a forged or forbidden one among them.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{FromRequestParts, MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, request::Parts};
use restaurant_domain::{Actor, AuditChannel, AuditOperation, AuditRecord, AuditResource, Author};
use tokio::time::timeout;
use tracing::{Instrument, Span};

use crate::{error_page::PageError, pages::RestaurantPath, router::Site};

/// How long the work of a form may take once its body is there: far longer than a store's own limits, so that nothing but
/// a store that never answers is given up. The outcome is unknown then.
const WORK_LIMIT: Duration = Duration::from_mins(1);

/// Middleware: runs a form to its end, in a task that its sender cannot cut short, and writes the record of what became of it.
pub(crate) async fn record(State(site): State<Site>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Some(record) = begin(&mut parts).await else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    let limit = site.request_timeout + WORK_LIMIT;
    let work = async move {
        let response = timeout(limit, next.run(Request::from_parts(parts, body))).await;
        let response = response.unwrap_or_else(|_| PageError::OutOfTime.into_response());
        end(record, &response);
        response
    };
    let response = site.tasks.spawn(work.in_current_span()).await;
    response.unwrap_or_else(|_| PageError::OutOfTime.into_response())
}

/// The record of a form; `None` for a request that writes nothing.
async fn begin(parts: &mut Parts) -> Option<AuditRecord> {
    let operation = operation(parts)?;
    let author = parts.extensions.get::<Actor>().map(|actor| actor.author().clone());
    let author = author.unwrap_or_else(Author::anonymous);
    let mut record = AuditRecord::new(&author, AuditChannel::Page, operation, Span::current());
    if let Ok(RestaurantPath(id)) = RestaurantPath::from_request_parts(parts, &()).await {
        record.resource(AuditResource { restaurant: Some(id), review: None });
    }
    Some(record)
}

fn operation(parts: &Parts) -> Option<AuditOperation> {
    let path = parts.extensions.get::<MatchedPath>().filter(|_| parts.method == Method::POST)?;
    match path.as_str() {
        "/add" => Some(AuditOperation::CreateRestaurant),
        "/review/{id}" => Some(AuditOperation::CreateReview),
        _ => None,
    }
}

/// Notes what the answer says.
fn end(mut record: AuditRecord, response: &Response) {
    let extensions = response.extensions();
    if let Some(written) = extensions.get::<AuditResource>() {
        record.resource(*written);
        record.outcome(AuditRecord::CREATED);
    } else if let Some(error) = extensions.get::<Arc<PageError>>() {
        record.outcome(error.code());
    } else if response.status() == StatusCode::UNPROCESSABLE_ENTITY {
        record.outcome("invalid_arguments");
    }
}
