//! The adapter's service, and what goes along with a request from the host application to a tool and back.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use rmcp::{
    model::Extensions,
    transport::streamable_http_server::{
        StreamableHttpService, session::never::NeverSessionManager,
    },
};
use rmcp_guard::{Transport, TransportLayer};
use tower::Layer;
use tracing::Span;

use crate::handler::Handler;

/// The MCP server as a tower service: give it to [`axum::Router::route_service`], or to anything that takes one. A clone is cheap.
#[derive(Clone)]
pub struct McpService(Transport<Rmcp>);

impl McpService {
    /// Puts the transport layer around rmcp's service.
    pub(crate) fn new(
        rmcp: StreamableHttpService<Handler, NeverSessionManager>,
        transport: &TransportLayer,
    ) -> Self {
        Self(transport.layer(Rmcp(Arc::new(rmcp))))
    }
}

impl tower::Service<Request<Body>> for McpService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let call = CallContext::new();
        request.extensions_mut().insert(call.clone());
        let response = self.0.call(request);
        Box::pin(async move {
            let mut response = response.await?;
            if let Some(name) = call.called.get() {
                response.extensions_mut().insert(CalledTool(name));
            }
            Ok(response)
        })
    }
}

/// rmcp's service behind a count: a clone of it would copy its whole configuration, and it clones itself on each call.
#[derive(Clone)]
struct Rmcp(Arc<StreamableHttpService<Handler, NeverSessionManager>>);

impl tower::Service<Request<Body>> for Rmcp {
    type Response = Response<BoxBody<Bytes, Infallible>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let rmcp = Arc::clone(&self.0);
        Box::pin(async move { Ok(rmcp.handle(request).await) })
    }
}

/// In the extensions of the HTTP response to a `tools/call`: the tool's name (known names only), for the log of the host application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalledTool(
    /// The name.
    pub &'static str,
);

/// What goes with a request into the task that rmcp makes of it: the way back for the tool's name, and the span to log in.
#[derive(Clone)]
pub(crate) struct CallContext {
    called: Arc<OnceLock<&'static str>>,
    span: Span,
}

impl CallContext {
    /// For a request that comes in now.
    fn new() -> Self {
        Self { called: Arc::default(), span: Span::current() }
    }

    /// Notes which tool a request calls, and gives the host application's span of the request.
    pub(crate) fn note(extensions: &Extensions, name: &'static str) -> Span {
        if let Some(call) = Self::of(extensions) {
            call.called.get_or_init(|| name);
        }
        Self::span(extensions)
    }

    /// The host application's span of a request.
    pub(crate) fn span(extensions: &Extensions) -> Span {
        Self::of(extensions).map_or_else(Span::current, |call| call.span.clone())
    }

    fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<http::request::Parts>()?.extensions.get()
    }
}
