//! The context of a request, from the host application to the handler and back.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use rmcp::model::Extensions;
use tracing::{Span, field::Empty};

use crate::prepared::{self, Prepared};

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
        call.0.told.lock().unwrap_or_else(PoisonError::into_inner).insert(value);
    }
}

/// The context that accompanies a request into the task that rmcp makes of it: the way back to the host application, and the span.
#[derive(Clone)]
pub(crate) struct CallContext(Arc<Shared>);

struct Shared {
    told: Mutex<http::Extensions>,
    prepared: Mutex<Vec<Prepared>>,
    span: Span,
}

impl CallContext {
    /// For a request that arrives now.
    pub(crate) fn new() -> Self {
        let (told, prepared) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Shared { told, prepared, span: Span::current() }))
    }

    /// The span of a request, within the host application's.
    pub(crate) fn request_span(call: Option<&Self>, method: &'static str) -> Span {
        let parent = call.map_or_else(Span::current, |call| call.0.span.clone());
        tracing::info_span!(parent: parent, "mcp", method, tool = Empty, prompt = Empty, error_code = Empty)
    }

    /// What the host application is told.
    pub(crate) fn told(&self) -> http::Extensions {
        std::mem::take(&mut *self.0.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps a part of the response; returns its number.
    pub(crate) fn prepare(&self, part: Prepared) -> usize {
        let mut parts = self.0.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        parts.push(part);
        parts.len() - 1
    }

    /// How many bytes the prepared parts add to the response.
    pub(crate) fn prepared_len(&self) -> usize {
        let parts = self.0.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        parts.iter().map(Prepared::len).sum()
    }

    /// Puts the prepared parts into the bytes of the response.
    pub(crate) fn fill(&self, response: Bytes) -> Bytes {
        let parts = self.0.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        prepared::fill(&parts, response)
    }

    /// The context of a request over HTTP.
    pub(crate) fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<http::request::Parts>()?.extensions.get()
    }
}
