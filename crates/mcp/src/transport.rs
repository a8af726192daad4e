//! A thin layer before and behind rmcp's Streamable HTTP service, which mends what that leaves open:
//!
//! | A request | rmcp alone | with this layer |
//! |---|---|---|
//! | with any `Accept` that admits JSON | 406 unless it lists JSON and event streams | served |
//! | with another `Content-Type` | 415, plain text | 415, and says what to send |
//! | larger than the limit | 413, plain text | 413, and says the limit |
//! | that is no UTF-8 or no JSON | 415, plain text | 400, -32700 |
//! | that is a batch or no message of MCP | 415, plain text | 400, -32600 |
//! | of an unknown protocol version | 400, plain text | 400, and lists the known ones |
//! | from a host or an origin that is not allowed | 403, plain text | 403, and the log says which setting |
//!
//! Every error has a JSON-RPC error as its body. This layer looks at the form of a request alone; it is rmcp that checks host and origin,
//! before anything is done.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes},
    response::IntoResponse,
};
use futures_util::future::BoxFuture;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{ACCEPT, ALLOW, CONTENT_TYPE, HOST, ORIGIN},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use restaurant_domain::quoted;
use rmcp::{
    ErrorData,
    model::{ErrorCode, Extensions, JsonRpcError, ProtocolVersion},
    transport::streamable_http_server::{
        StreamableHttpService, session::never::NeverSessionManager,
    },
};
use serde::de::IgnoredAny;
use serde_json::json;
use tracing::Span;

use crate::{
    handler::Handler,
    media_type::{self, accepts_json, is_json},
};

/// What rmcp wants to read in `Accept`.
const ACCEPT_BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");
/// The header in which clients name the protocol version.
const VERSION_HEADER: &str = "mcp-protocol-version";

/// In the extensions of the HTTP response to a `tools/call`: the tool's name (known names only), for the log of the host application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalledTool(pub &'static str);

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

/// The MCP server as a tower service: give it to [`axum::Router::route_service`], or to anything that takes one. A clone is cheap.
#[derive(Clone)]
pub struct McpService {
    rmcp: Arc<StreamableHttpService<Handler, NeverSessionManager>>,
    max_request_bytes: usize,
}

impl tower::Service<Request<Body>> for McpService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
}

impl McpService {
    /// Puts the layer around rmcp's service.
    pub(crate) fn new(
        rmcp: StreamableHttpService<Handler, NeverSessionManager>,
        max_request_bytes: usize,
    ) -> Self {
        Self { rmcp: Arc::new(rmcp), max_request_bytes }
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let mut request = match self.admit(request).await {
            Ok(request) => request,
            Err(refusal) => return refusal.into_response(),
        };
        let asked = Asked::of(request.headers());
        let call = CallContext::new();
        request.extensions_mut().insert(call.clone());
        let mut response = mend(self.rmcp.handle(request).await.map(Body::new), &asked);
        if let Some(name) = call.called.get() {
            response.extensions_mut().insert(CalledTool(name));
        }
        response
    }

    /// Brings a POST into the form that rmcp reads. Other methods are rmcp's to refuse.
    async fn admit(&self, request: Request<Body>) -> Result<Request<Body>, Refusal> {
        if request.method() != Method::POST {
            return Ok(request);
        }
        let (mut parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            let message = "send the message as application/json, and say so in Content-Type";
            return Err(Refusal::invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        if !accepts_json(&parts.headers) {
            let message = "answers are application/json: admit it in Accept";
            return Err(Refusal::invalid(StatusCode::NOT_ACCEPTABLE, message));
        }
        parts.headers.insert(ACCEPT, ACCEPT_BOTH);
        let bytes = self.read(body).await?;
        check_message(&bytes)?;
        Ok(Request::from_parts(parts, Body::from(bytes)))
    }

    async fn read(&self, body: Body) -> Result<Bytes, Refusal> {
        let mut body = Limited::new(body, self.max_request_bytes);
        let mut whole = Vec::new();
        // Into one buffer: `collect` keeps one for each frame, and a frame may be a single byte.
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame.map_err(|error| self.unread(&*error))?.into_data() {
                whole.extend_from_slice(&data);
            }
        }
        Ok(whole.into())
    }

    fn unread(&self, error: &(dyn std::error::Error + Send + Sync + 'static)) -> Refusal {
        if error.is::<LengthLimitError>() {
            let limit = self.max_request_bytes;
            let message = format!("the request is too large: send at most {limit} bytes");
            return Refusal::invalid(StatusCode::PAYLOAD_TOO_LARGE, message);
        }
        Refusal::invalid(StatusCode::BAD_REQUEST, "the request's body broke off")
    }
}

/// Refuses what cannot be a single JSON-RPC message.
fn check_message(bytes: &[u8]) -> Result<(), Refusal> {
    let unreadable = |message: String| Refusal {
        status: StatusCode::BAD_REQUEST,
        error: ErrorData::parse_error(message, None),
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|error| unreadable(format!("the request is not UTF-8: {error}")))?;
    serde_json::from_str::<IgnoredAny>(text)
        .map_err(|error| unreadable(format!("the request is not JSON: {error}")))?;
    match text.trim_start().as_bytes().first() {
        Some(b'{') => Ok(()),
        Some(b'[') => Err(Refusal::invalid(
            StatusCode::BAD_REQUEST,
            "batches are not supported: send one message per request",
        )),
        _ => Err(Refusal::not_a_message()),
    }
}

/// What a refusal by rmcp may be about.
struct Asked {
    host: Option<HeaderValue>,
    origin: Option<HeaderValue>,
    version: Option<HeaderValue>,
}

impl Asked {
    fn of(headers: &HeaderMap) -> Self {
        Self {
            host: headers.get(HOST).cloned(),
            origin: headers.get(ORIGIN).cloned(),
            version: headers.get(VERSION_HEADER).cloned(),
        }
    }

    /// The protocol version that was asked for, when it is none that is known.
    fn unknown_version(&self) -> Option<&str> {
        let version = self.version.as_ref()?.to_str().ok()?;
        let known = ProtocolVersion::KNOWN_VERSIONS.iter().any(|known| known.as_str() == version);
        (!known).then_some(version)
    }
}

/// Gives rmcp's plain-text refusals a body that a client can read.
fn mend(response: Response<Body>, asked: &Asked) -> Response<Body> {
    let status = response.status();
    if status.is_success() || is_json(response.headers()) {
        return response;
    }
    match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            let refusal = Refusal::invalid(status, "this address takes POST alone");
            ([(ALLOW, "POST")], refusal).into_response()
        }
        StatusCode::FORBIDDEN => {
            tracing::warn!(
                host = ?asked.host,
                origin = ?asked.origin,
                "refused a request: if the host is yours, name it with McpAdapter::allowed_hosts; \
                 if the origin is, with McpAdapter::allowed_origins"
            );
            Refusal::invalid(status, "this Host or Origin is not allowed here").into_response()
        }
        // The content type was right, so it is the message that rmcp could not read.
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Refusal::not_a_message().into_response(),
        StatusCode::BAD_REQUEST => bad_request(asked).into_response(),
        _ => Refusal { status, error: ErrorData::internal_error("the server failed", None) }
            .into_response(),
    }
}

fn bad_request(asked: &Asked) -> Refusal {
    let status = StatusCode::BAD_REQUEST;
    if let Some(version) = asked.unknown_version() {
        let (message, version) = ("unsupported protocol version", quoted(version));
        let data = json!({"requested": version, "supported": ProtocolVersion::KNOWN_VERSIONS});
        let code = ErrorCode::UNSUPPORTED_PROTOCOL_VERSION;
        return Refusal { status, error: ErrorData::new(code, message, Some(data)) };
    }
    Refusal::invalid(status, "the Host or the MCP-Protocol-Version header is missing or malformed")
}

/// An HTTP status with a JSON-RPC error as its body. It has no id, since the request's was not read.
struct Refusal {
    status: StatusCode,
    error: ErrorData,
}

impl Refusal {
    fn invalid(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, error: ErrorData::invalid_request(message.into(), None) }
    }

    fn not_a_message() -> Self {
        let message =
            "the request is no message of MCP: send a JSON-RPC 2.0 request or notification";
        Self::invalid(StatusCode::BAD_REQUEST, message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        let body = serde_json::to_vec(&JsonRpcError::new(None, self.error)).unwrap_or_default();
        (self.status, [(CONTENT_TYPE, media_type::JSON)], body).into_response()
    }
}
