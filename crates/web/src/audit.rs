//! The audit record of the forms: one for each that is sent, whatever becomes of it, a forged or forbidden one among them.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::{Method, StatusCode, request::Parts};
use restaurant_domain::{Actor, AuditDoor, AuditOperation, AuditRecord, AuditResource, Author};
use tracing::Span;

use crate::{error_page::PageError, pages::RestaurantPath};

/// Middleware: writes the record of a form, when its answer is known or when its sender goes away.
pub(crate) async fn record(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let record = begin(&mut parts).await;
    let response = next.run(Request::from_parts(parts, body)).await;
    if let Some(record) = record {
        end(record, &response);
    }
    response
}

/// The record of a form; `None` for a request that writes nothing.
async fn begin(parts: &mut Parts) -> Option<AuditRecord> {
    let operation = operation(parts)?;
    let author = parts.extensions.get::<Actor>().map(|actor| actor.author().clone());
    let author = author.unwrap_or_else(Author::anonymous);
    let mut record = AuditRecord::new(&author, AuditDoor::Page, operation, Span::current());
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
