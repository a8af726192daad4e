//! The context of a request, from the host application to the handler and back.

use std::sync::{Arc, OnceLock};

use rmcp::model::Extensions;
use tracing::Span;

/// In the extensions of the HTTP response to a `tools/call`: the name of the tool, for the log of the host application. It is always
/// the name of a tool that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalledTool(
    /// The name.
    pub Arc<str>,
);

/// The context that accompanies a request into the task that rmcp makes of it: the return path of the tool's name, and the span.
#[derive(Clone)]
pub(crate) struct CallContext {
    called: Arc<OnceLock<Arc<str>>>,
    span: Span,
}

impl CallContext {
    /// For a request that arrives now.
    pub(crate) fn new() -> Self {
        Self { called: Arc::default(), span: Span::current() }
    }

    /// Records which tool a request calls.
    pub(crate) fn record_tool(extensions: &Extensions, name: &Arc<str>) {
        if let Some(call) = Self::of(extensions) {
            call.called.get_or_init(|| Arc::clone(name));
        }
    }

    /// The host application's span of a request.
    pub(crate) fn span(extensions: &Extensions) -> Span {
        Self::of(extensions).map_or_else(Span::current, |call| call.span.clone())
    }

    /// The tool that the request called.
    pub(crate) fn called(&self) -> Option<CalledTool> {
        self.called.get().cloned().map(CalledTool)
    }

    fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<http::request::Parts>()?.extensions.get()
    }
}
