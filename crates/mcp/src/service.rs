//! The adapter as a tower service.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use rmcp::transport::streamable_http_server::{
    StreamableHttpService, session::never::NeverSessionManager,
};
use rmcp_guard::{Transport, TransportLayer};
use tower::Layer;

use crate::{
    call_context::{CallContext, CalledTool, MissingPermission},
    handler::Handler,
};

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
            if let Some(name) = call.called() {
                response.extensions_mut().insert(CalledTool(name));
            }
            if let Some(permission) = call.missing() {
                response.extensions_mut().insert(MissingPermission(permission));
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
