//! One request: in its span, within its time, until the caller leaves.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, future::BoxFuture};
use rmcp::{ErrorData, RoleServer, ServerHandler, model::ErrorCode, service::RequestContext};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use super::Guarded;
use crate::{
    answer::{Answer, code_of},
    call_context::CallContext,
    report::Failure,
};

/// Why a request has no response.
pub(super) enum Stopped {
    /// The handler says so.
    Refused(ErrorData),
    /// The guard says so.
    Failed(Failure),
}

impl From<ErrorData> for Stopped {
    fn from(error: ErrorData) -> Self {
        Self::Refused(error)
    }
}

/// What stays of a request here while the handler has its context: a copy of that would copy the headers.
pub(super) struct Running {
    ended: CancellationToken,
    call: Option<CallContext>,
    span: Span,
}

impl Running {
    /// A request that is about to run, with a span within the host application's.
    pub(super) fn new(context: &RequestContext<RoleServer>, method: &'static str) -> Self {
        let call = CallContext::of(&context.extensions).cloned();
        let span = CallContext::request_span(call.as_ref(), method);
        #[cfg(feature = "opentelemetry")]
        crate::trace_context::link(&span, &context.meta);
        Self { ended: context.ct.clone(), call, span }
    }
}

impl<H: ServerHandler> Guarded<H> {
    /// Waits for the work of a request: within its time, in its span, until the caller leaves. A panic ends the request, not the
    /// server. The work is in a box, because rmcp moves the future of a request several times, and each has room for the largest.
    pub(super) async fn run<T: Answer>(
        &self,
        Running { ended, call, span }: Running,
        work: BoxFuture<'_, Result<T, Stopped>>,
    ) -> Result<T, ErrorData> {
        let limit = self.call_timeout;
        let work = async {
            let outcome = match ended.run_until_cancelled(timeout(limit, caught(work))).await {
                Some(Ok(outcome)) => outcome,
                Some(Err(_elapsed)) => Err(Stopped::Failed(Failure::TimedOut(limit))),
                None => Err(Stopped::Failed(Failure::Cancelled)),
            };
            self.settle(outcome, call.as_ref())
        };
        work.instrument(span).await
    }

    /// Turns an outcome into the response, and logs what the caller is not told.
    fn settle<T: Answer>(
        &self,
        outcome: Result<T, Stopped>,
        call: Option<&CallContext>,
    ) -> Result<T, ErrorData> {
        let bytes = self.max_response_bytes;
        let outcome = outcome.and_then(|answer| {
            let prepared = call.map_or(0, CallContext::prepared_len);
            let is_large = bytes.checked_sub(prepared).is_none_or(|bytes| answer.exceeds(bytes));
            if is_large { Err(Stopped::Failed(Failure::TooLarge(bytes))) } else { Ok(answer) }
        });
        let answer = match outcome {
            Ok(answer) => Ok(answer),
            Err(Stopped::Refused(error)) => Err(error),
            Err(Stopped::Failed(failure)) => {
                self.log(failure);
                let report = (self.explain)(&failure);
                match failure {
                    // As the transport layer says it of any response.
                    Failure::TooLarge(_) => Err(report.into_error(ErrorCode::INTERNAL_ERROR)),
                    _ => T::of_failure(report),
                }
            }
        };
        let code = answer.as_ref().map_or_else(|error| Some(code_of(error)), Answer::error_code);
        if let Some(code) = &code {
            Span::current().record("error_code", code);
        }
        tracing::debug!(outcome = code.as_deref().unwrap_or("ok"), "answered");
        answer
    }

    fn log(&self, failure: Failure) {
        match failure {
            Failure::TimedOut(limit) => tracing::error!(?limit, "request took too long"),
            Failure::Panicked => tracing::error!(what = "a panic", "request failed"),
            Failure::TooLarge(limit) => {
                let setting = self.transport.response_setting();
                tracing::error!(limit, setting, "kept back an answer that is too large");
            }
            Failure::Cancelled => {}
        }
    }

    /// Runs a call that writes to its end, from now on, in a task that the caller cannot cut short.
    pub(super) async fn finish<T: Send + 'static>(
        &self,
        call: impl Future<Output = Result<T, Stopped>> + Send + 'static,
    ) -> Result<T, Stopped> {
        let limit = self.call_timeout + self.write_grace;
        let call = async move {
            let in_time = timeout(limit, caught(call)).await;
            in_time.unwrap_or_else(|_elapsed| {
                tracing::error!(?limit, "gave up a call that writes: its outcome is unknown");
                Err(Stopped::Failed(Failure::TimedOut(limit)))
            })
        };
        let task = self.tasks.spawn(call.instrument(Span::current()));
        task.await.unwrap_or(Err(Stopped::Failed(Failure::Panicked)))
    }
}

/// Work whose panic is a failure. Nothing that it touched outlives it but the handler, which must stand the loss of a caller anyway.
pub(super) async fn caught<T>(
    work: impl Future<Output = Result<T, Stopped>>,
) -> Result<T, Stopped> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.unwrap_or(Err(Stopped::Failed(Failure::Panicked)))
}
