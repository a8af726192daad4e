//! The context of a request, from the host application to a tool and back.

use std::sync::{Arc, OnceLock};

use restaurant_domain::Permission;
use rmcp::model::Extensions;
use tracing::Span;

/// In the extensions of the HTTP response to a `tools/call`: the tool's name (known names only), for the log of the host application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalledTool(
    /// The name.
    pub &'static str,
);

/// In the extensions of the HTTP response to a request that was rejected because the caller lacks this permission: the host
/// application may respond with a challenge instead (RFC 6750, section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingPermission(
    /// The permission.
    pub Permission,
);

/// The context that accompanies a request into the task that rmcp makes of it: the return path of the tool's name and of a
/// missing permission, and the span.
#[derive(Clone)]
pub(crate) struct CallContext {
    called: Arc<OnceLock<&'static str>>,
    missing: Arc<OnceLock<Permission>>,
    span: Span,
}

impl CallContext {
    /// For a request that arrives now.
    pub(crate) fn new() -> Self {
        Self { called: Arc::default(), missing: Arc::default(), span: Span::current() }
    }

    /// Records which tool a request calls, and gives the host application's span of the request.
    pub(crate) fn record_tool(extensions: &Extensions, name: &'static str) -> Span {
        if let Some(call) = Self::of(extensions) {
            call.called.get_or_init(|| name);
        }
        Self::span(extensions)
    }

    /// Records which permission the caller of a request lacks.
    pub(crate) fn record_missing(extensions: &Extensions, permission: Permission) {
        if let Some(call) = Self::of(extensions) {
            call.missing.get_or_init(|| permission);
        }
    }

    /// The host application's span of a request.
    pub(crate) fn span(extensions: &Extensions) -> Span {
        Self::of(extensions).map_or_else(Span::current, |call| call.span.clone())
    }

    /// The tool that the request called.
    pub(crate) fn called(&self) -> Option<&'static str> {
        self.called.get().copied()
    }

    /// The permission that the caller lacks.
    pub(crate) fn missing(&self) -> Option<Permission> {
        self.missing.get().copied()
    }

    fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<http::request::Parts>()?.extensions.get()
    }
}
