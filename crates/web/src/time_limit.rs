//! The time limit of a request, and the status when it takes longer: the client's fault or the server's.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::timeout;

use crate::error_page::PageError;

/// Set in a request's extensions while its body is awaited: time that runs out then is the client's doing.
#[derive(Clone, Default)]
pub(crate) struct AwaitsBody(Arc<AtomicBool>);

impl AwaitsBody {
    pub(crate) fn set(&self, awaits: bool) {
        self.0.store(awaits, Ordering::Relaxed);
    }
}

/// Waits for an answer as long as a request may take, then answers 408 if its body is still on the way, and 503
/// if it is us who are late. A form is written all the same.
pub(crate) async fn limit(limit: Duration, mut request: Request, next: Next) -> Response {
    let awaits_body = AwaitsBody::default();
    request.extensions_mut().insert(awaits_body.clone());
    match timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) if awaits_body.0.load(Ordering::Relaxed) => PageError::SlowForm.into_response(),
        Err(_) => PageError::OutOfTime.into_response(),
    }
}
