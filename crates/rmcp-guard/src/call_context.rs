//! The context of a request, from the host application to the handler and back.

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::Extensions;
use tracing::Span;

/// In the extensions of the HTTP response to a `tools/call`: the name of the tool, for the log of the host application. It is always
/// the name of a tool that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalledTool(
    /// The name.
    pub Arc<str>,
);

/// Puts a value into the extensions of the HTTP response to the request with these extensions, for a layer of the host application.
/// Over stdio there is no such layer, and nothing happens.
pub fn tell_host<T: Clone + Send + Sync + 'static>(extensions: &Extensions, value: T) {
    if let Some(call) = CallContext::of(extensions) {
        call.told.lock().unwrap_or_else(PoisonError::into_inner).insert(value);
    }
}

/// The context that accompanies a request into the task that rmcp makes of it: the way back to the host application, and the span.
#[derive(Clone)]
pub(crate) struct CallContext {
    told: Arc<Mutex<http::Extensions>>,
    span: Span,
}

impl CallContext {
    /// For a request that arrives now.
    pub(crate) fn new() -> Self {
        Self { told: Arc::default(), span: Span::current() }
    }

    /// The host application's span of a request.
    pub(crate) fn span(extensions: &Extensions) -> Span {
        Self::of(extensions).map_or_else(Span::current, |call| call.span.clone())
    }

    /// What the host application is told.
    pub(crate) fn told(&self) -> http::Extensions {
        std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<http::request::Parts>()?.extensions.get()
    }
}
