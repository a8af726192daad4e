//! The guarded handler as a router, as a tower service, or over a pair of streams.

use std::{
    convert::Infallible,
    io,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, Bytes},
};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use rmcp::{
    ServerHandler, ServiceExt,
    service::ServerInitializeError,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use tokio::io::{AsyncRead, AsyncWrite};
use tower::{Layer, util::BoxCloneSyncService};

use super::Guarded;
use crate::{call_context::CallContext, kept_lists::KeptLists, stdio::StdioTransport};

impl<H: ServerHandler> Guarded<H> {
    /// The server as a router that answers at exactly these paths: Streamable HTTP without sessions, one POST, one JSON response.
    ///
    /// # Panics
    /// As axum does when a path does not start with `/`, or is given twice.
    pub fn router(self, paths: &[&str]) -> Router {
        let service = self.into_service();
        paths.iter().fold(Router::new(), |router, path| router.route_service(path, service.clone()))
    }

    /// The server as a tower service, for a router of any kind.
    #[must_use]
    pub fn into_service(self) -> GuardedService {
        let transport = self.transport.clone().allowed_origins(self.allowed_origins.clone());
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_allowed_hosts(self.allowed_hosts.clone())
            .with_allowed_origins(self.allowed_origins.for_rmcp().to_vec())
            // The transport layer has counted them.
            .with_max_request_body_bytes(usize::MAX)
            .with_cancellation_token(self.cancellation_token.clone());
        let kept = self.lists_depend_on.clone();
        let kept = kept.map(|depend_on| {
            KeptLists::new(depend_on, self.cancellation_token.clone(), self.max_response_bytes)
        });
        let handler = Arc::new(self);
        let sessions = Arc::new(NeverSessionManager::default());
        let rmcp = StreamableHttpService::new(move || Ok(Arc::clone(&handler)), sessions, config);
        GuardedService(BoxCloneSyncService::new(transport.layer(Rmcp(Arc::new(rmcp))).keep(kept)))
    }

    /// Serves one client over a pair of streams, a message a line, until it closes its end: the transport that MCP calls stdio.
    /// Calls that write and have begun are finished before this returns. There is no HTTP request, so [`Self::visible`] gets empty
    /// extensions.
    ///
    /// ```no_run
    /// # #[derive(Clone)]
    /// # struct Books;
    /// # impl rmcp::ServerHandler for Books {}
    /// # async fn serve() -> std::io::Result<()> {
    /// rmcp_guard::Guarded::new(Books).serve_stdio(tokio::io::stdin(), tokio::io::stdout()).await
    /// # }
    /// ```
    ///
    /// # Errors
    /// The session cannot be opened, or the streams fail.
    pub async fn serve_stdio(
        self,
        input: impl AsyncRead + Send + Unpin + 'static,
        output: impl AsyncWrite + Send + Unpin + 'static,
    ) -> io::Result<()> {
        let transport = StdioTransport::new(input, output, self.max_request_bytes);
        let (token, tasks) = (self.cancellation_token.clone(), self.tasks.clone());
        // Boxed, since rmcp's futures are large.
        let service = match Box::pin(self.serve_with_ct(transport, token)).await {
            Ok(service) => service,
            Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
            Err(error) => return Err(io::Error::other(error)),
        };
        let ended = Box::pin(service.waiting()).await;
        tasks.close();
        tasks.wait().await;
        ended.map(drop).map_err(io::Error::other)
    }
}

/// A guarded handler as a tower service: give it to [`axum::Router::route_service`], or to anything that takes one. A clone is cheap.
///
/// The response to a `tools/call` has a [`CalledTool`](crate::CalledTool) in its extensions.
#[derive(Clone)]
pub struct GuardedService(BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>);

impl tower::Service<Request<Body>> for GuardedService {
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
            response.extensions_mut().extend(call.told());
            Ok(response)
        })
    }
}

/// rmcp's service behind a count: a clone of it would copy its whole configuration, and it clones itself on each call.
struct Rmcp<H>(Arc<StreamableHttpService<Arc<Guarded<H>>, NeverSessionManager>>);

impl<H> Clone for Rmcp<H> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<H: ServerHandler> tower::Service<Request<Body>> for Rmcp<H> {
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
