//! The context of a request, from the host application to a tool and back.

use std::sync::{Arc, OnceLock};

use rmcp::model::Extensions;
use tracing::Span;

/// In the extensions of the HTTP response to a `tools/call`: the tool's name (known names only), for the log of the host application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalledTool(
    /// The name.
    pub &'static str,
);

/// The context that accompanies a request into the task that rmcp makes of it: the return path of the tool's name, and the span.
#[derive(Clone)]
pub(crate) struct CallContext {
    called: Arc<OnceLock<&'static str>>,
    span: Span,
}

impl CallContext {
    /// For a request that arrives now.
    pub(crate) fn new() -> Self {
        Self { called: Arc::default(), span: Span::current() }
    }

    /// Records which tool a request calls, and gives the host application's span of the request.
    pub(crate) fn record_tool(extensions: &Extensions, name: &'static str) -> Span {
        if let Some(call) = Self::of(extensions) {
            call.called.get_or_init(|| name);
        }
        Self::span(extensions)
    }

    /// The host application's span of a request.
    pub(crate) fn span(extensions: &Extensions) -> Span {
        Self::of(extensions).map_or_else(Span::current, |call| call.span.clone())
    }

    /// The tool that the request called.
    pub(crate) fn called(&self) -> Option<&'static str> {
        self.called.get().copied()
    }

    fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<http::request::Parts>()?.extensions.get()
    }
}
