//! A thin layer before and behind rmcp's Streamable HTTP service, which mends what that leaves open:
//!
//! | A request | rmcp alone | with this layer |
//! |---|---|---|
//! | with any `Accept` that admits JSON | 406 unless it lists JSON and event streams | served |
//! | with another `Content-Type` | 415, plain text | 415, and says what to send |
//! | larger than the limit | 413 once so much was read, plain text | 413, at once where the length is known, and says the limit |
//! | whose body does not end in time | waits for it | 408 |
//! | whose body breaks off | 500, plain text | 400 |
//! | that is no UTF-8 or no JSON | 415, plain text | 400, -32700, with the request's id where it can be read |
//! | that holds half of a surrogate pair, or a number out of range | 415, plain text | 400, -32602, which names the argument |
//! | that is a batch or no message of MCP | 415, plain text | 400, -32600 |
//! | of an unknown protocol version, which only its header names | 400, plain text | 400, and lists the known ones |
//! | from a host or an origin that is not allowed | 403, plain text | 403, and the log says which setting |
//! | with another method than the service takes | 405, plain text | 405 |
//! | to a session that is no more | 404, plain text | 404 |
//! | whose JSON answer is larger than the limit | the answer | -32603, and the log says which setting |
//!
//! Every error has a JSON-RPC error as its body. This layer looks at the form of a request alone; it is rmcp that checks host and origin,
//! before anything is done. A list that is kept was checked when it was made, with the same host and origin. What rmcp answers in JSON passes as it is, and so does every event stream.

mod incoming;
pub(crate) mod message;
mod outgoing;
mod refusal;

use std::{
    convert::Infallible,
    mem,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
};
use futures_util::future::BoxFuture;
use http::{Request, Response};

use crate::{
    call_context::CallContext, kept_lists::KeptLists, origins::AllowedOrigins,
    unread_body::discard_unread_body,
};

/// Puts the guard of the transport around an rmcp service.
///
/// ```
/// use std::sync::Arc;
///
/// use rmcp_guard::TransportLayer;
/// use rmcp::transport::streamable_http_server::{
///     StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
/// };
/// use tower::Layer;
///
/// #[derive(Clone)]
/// struct Clock; // any handler of yours
/// impl rmcp::ServerHandler for Clock {}
///
/// let config = StreamableHttpServerConfig::default()
///     .with_legacy_session_mode(false)
///     .with_json_response(true);
/// let sessions = Arc::new(NeverSessionManager::default());
/// let rmcp = StreamableHttpService::new(|| Ok(Clock), sessions, config);
/// let app = axum::Router::new().route_service("/mcp", TransportLayer::new().layer(rmcp));
/// # let _: axum::Router = app;
/// ```
#[derive(Debug, Clone)]
pub struct TransportLayer {
    max_request_bytes: usize,
    max_response_bytes: usize,
    allowed_origins: Arc<AllowedOrigins>,
    body_timeout: Duration,
    hosts_setting: &'static str,
    origins_setting: &'static str,
    response_setting: &'static str,
}

impl Default for TransportLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl TransportLayer {
    /// Requests up to 64 KiB, which have 10 seconds to arrive; answers up to 256 KiB.
    #[must_use]
    pub fn new() -> Self {
        Self {
            max_request_bytes: 64 * 1024,
            max_response_bytes: 256 * 1024,
            allowed_origins: Arc::new(AllowedOrigins::loopback()),
            body_timeout: Duration::from_secs(10),
            hosts_setting: "StreamableHttpServerConfig::allowed_hosts",
            origins_setting: "StreamableHttpServerConfig::allowed_origins",
            response_setting: "TransportLayer::max_response_bytes",
        }
    }

    /// Sets the maximum size of a request's body, in bytes. A larger one is rejected with 413. rmcp has a limit of its own, 4 MiB
    /// unless told otherwise.
    ///
    /// ```
    /// # use rmcp_guard::TransportLayer;
    /// let layer = TransportLayer::new().max_request_bytes(16 * 1024);
    /// # drop(layer);
    /// ```
    #[must_use]
    pub fn max_request_bytes(self, bytes: usize) -> Self {
        Self { max_request_bytes: bytes, ..self }
    }

    /// Sets the maximum size of a response's body, in bytes, event streams aside. A larger one is withheld: the caller gets a
    /// JSON-RPC error, and the log a line.
    ///
    /// ```
    /// # use rmcp_guard::TransportLayer;
    /// let layer = TransportLayer::new().max_response_bytes(64 * 1024);
    /// # drop(layer);
    /// ```
    #[must_use]
    pub fn max_response_bytes(self, bytes: usize) -> Self {
        Self { max_response_bytes: bytes, ..self }
    }

    /// Sets the time in which the body of a request must arrive. Then the response is 408.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use rmcp_guard::TransportLayer;
    /// let layer = TransportLayer::new().body_timeout(Duration::from_secs(2));
    /// # drop(layer);
    /// ```
    #[must_use]
    pub fn body_timeout(self, limit: Duration) -> Self {
        Self { body_timeout: limit, ..self }
    }

    /// Sets your names of the settings that allow hosts and origins, for the log line about a rejected request:
    /// the names of rmcp's unless told otherwise.
    ///
    /// ```
    /// # use rmcp_guard::TransportLayer;
    /// let layer = TransportLayer::new().settings_named("ALLOWED_HOSTS", "ALLOWED_ORIGINS");
    /// # drop(layer);
    /// ```
    #[must_use]
    pub fn settings_named(self, hosts: &'static str, origins: &'static str) -> Self {
        Self { hosts_setting: hosts, origins_setting: origins, ..self }
    }

    /// The origins that rmcp's configuration allows: the layer compares those whose schemes rmcp compares only in part.
    #[must_use]
    pub fn allowed_origins(self, origins: AllowedOrigins) -> Self {
        Self { allowed_origins: Arc::new(origins), ..self }
    }

    /// Sets your name of the setting that limits a response, for the log line about one that was too large.
    #[must_use]
    pub fn response_setting_named(self, name: &'static str) -> Self {
        Self { response_setting: name, ..self }
    }

    /// The name of the setting that limits a response.
    pub(crate) fn response_setting(&self) -> &'static str {
        self.response_setting
    }
}

impl<S> tower::Layer<S> for TransportLayer {
    type Service = Transport<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Transport { inner, layer: self.clone(), kept: None }
    }
}

/// An rmcp service behind the layer; [`TransportLayer`] makes it.
#[derive(Debug, Clone)]
pub struct Transport<S> {
    inner: S,
    layer: TransportLayer,
    kept: Option<Arc<KeptLists>>,
}

impl<S> Transport<S> {
    /// Answers requests for lists with those that are kept.
    pub(crate) fn keep(self, kept: Option<KeptLists>) -> Self {
        Self { kept: kept.map(Arc::new), ..self }
    }
}

impl<S, B> tower::Service<Request<Body>> for Transport<S>
where
    S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The one that was polled is the one that is ready.
        let next = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, next);
        let (layer, kept) = (self.layer.clone(), self.kept.clone());
        let call = request.extensions().get::<CallContext>().cloned();
        let request = discard_unread_body(request);
        Box::pin(async move {
            let (mut request, asked) = match layer.admit(request).await {
                Ok(admitted) => admitted,
                Err(refusal) => return Ok(refusal.answer()),
            };
            let kept = kept
                .as_deref()
                .and_then(|kept| Some((kept, kept.question(&mut request, asked.message())?)));
            if let Some((kept, question)) = &kept
                && let Some(response) = kept.response(question, call.as_ref())
            {
                return Ok(response);
            }
            let response = inner.call(request).await?;
            let response = layer.finish(response.map(Body::new), &asked, call).await;
            match kept {
                Some((kept, question)) => Ok(kept.keep(question, response).await),
                None => Ok(response),
            }
        })
    }
}
