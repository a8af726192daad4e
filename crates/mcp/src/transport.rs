//! The thin layer between HTTP and the protocol library: what clients and the specification expect, and the library leaves open.
//!
//! - Any `Accept` that admits JSON works; the library wants both of its types named.
//! - A body that is no JSON, a batch, or nothing that is a message is answered by a JSON-RPC error with status 400, one too large with 413, and one of another type with 415.
//! - A refused `Host` or `Origin` is logged with the name of the setting that would admit it.
//! - The request's span and a place for the tool's name travel with the call.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    response::Response,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rmcp::transport::streamable_http_server::{
    StreamableHttpService, session::never::NeverSessionManager,
};
use serde_json::{Value, json};
use tower::ServiceExt;
use tracing::Span;

use crate::{handler::RestaurantHandler, tool::CallContext};

/// The protocol library's service over our handler.
pub(crate) type Library = StreamableHttpService<RestaurantHandler, NeverSessionManager>;

/// What the library wants to read in `Accept`.
const ACCEPT: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// Answers a request to the endpoint.
pub(crate) async fn answer(
    library: Library,
    limit: usize,
    request: Request,
) -> Result<Response, Infallible> {
    let call = CallContext { span: Span::current(), called: Arc::new(OnceLock::new()) };
    let request = match admit(request, limit).await {
        Ok(request) => request,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    let (mut parts, body) = request.into_parts();
    let (host, origin) =
        (parts.headers.get(header::HOST).cloned(), parts.headers.get(header::ORIGIN).cloned());
    parts.extensions.insert(call.clone());
    let mut response = library.oneshot(Request::from_parts(parts, body)).await?.map(Body::new);
    if response.status() == StatusCode::FORBIDDEN {
        tracing::warn!(
            ?host,
            ?origin,
            "refused: name the host in McpAdapter::allowed_hosts, or the origin in McpAdapter::allowed_origins, to admit it"
        );
    }
    if let Some(called) = call.called.get() {
        response.extensions_mut().insert(*called);
    }
    Ok(response)
}

/// Checks what the library would answer in a form of its own; other methods than POST it refuses itself.
async fn admit(request: Request, limit: usize) -> Result<Request, Refusal> {
    if request.method() != Method::POST {
        return Ok(request);
    }
    if !admits_json(request.headers()) {
        return Err(Refusal::NotAcceptable);
    }
    if !is_json(request.headers()) {
        return Err(Refusal::NotJson);
    }
    let (mut parts, body) = request.into_parts();
    parts.headers.insert(header::ACCEPT, ACCEPT);
    let bytes = to_bytes(body, limit).await.map_err(|_| Refusal::TooLarge { limit })?;
    check_message(&bytes)?;
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// Whether the client reads JSON: says so, says `*/*` or `application/*`, or says nothing.
fn admits_json(headers: &HeaderMap) -> bool {
    let mut accepts = headers.get_all(header::ACCEPT).iter().peekable();
    accepts.peek().is_none()
        || accepts.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(
            |range| {
                let range = range.split(';').next().unwrap_or_default().trim();
                ["application/json", "application/*", "*/*"]
                    .iter()
                    .any(|json| range.eq_ignore_ascii_case(json))
            },
        )
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Whether the body is one JSON-RPC message, as far as the library does not say it better.
fn check_message(bytes: &Bytes) -> Result<(), Refusal> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(message)) if message.get("jsonrpc") == Some(&json!("2.0")) => {
            let speaks =
                ["method", "result", "error"].iter().any(|name| message.contains_key(*name));
            speaks.then_some(()).ok_or(Refusal::NoMessage)
        }
        Ok(Value::Array(_)) => Err(Refusal::Batch),
        Ok(_) => Err(Refusal::NoMessage),
        Err(_) => Err(Refusal::Malformed),
    }
}

/// Why a request goes no further.
enum Refusal {
    NotAcceptable,
    NotJson,
    TooLarge { limit: usize },
    Malformed,
    Batch,
    NoMessage,
}

impl Refusal {
    /// The JSON-RPC error, in an HTTP response with its status.
    fn into_response(self) -> Response {
        let (status, code, message) = self.words();
        let error =
            json!({"jsonrpc": "2.0", "id": null, "error": {"code": code, "message": message}});
        let mut response = Response::new(Body::from(error.to_string()));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }

    fn words(&self) -> (StatusCode, i32, String) {
        const PARSE_ERROR: i32 = -32700;
        const INVALID_REQUEST: i32 = -32600;
        let (status, code, message) = match self {
            Self::NotAcceptable => (
                StatusCode::NOT_ACCEPTABLE,
                INVALID_REQUEST,
                "this endpoint answers application/json: accept it",
            ),
            Self::NotJson => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                INVALID_REQUEST,
                "send the message with Content-Type: application/json",
            ),
            Self::TooLarge { limit } => {
                let message = format!("the message is larger than {limit} bytes: send less");
                return (StatusCode::PAYLOAD_TOO_LARGE, INVALID_REQUEST, message);
            }
            Self::Malformed => {
                (StatusCode::BAD_REQUEST, PARSE_ERROR, "the body is not JSON in UTF-8")
            }
            Self::Batch => (
                StatusCode::BAD_REQUEST,
                INVALID_REQUEST,
                "batches are not supported: send one message a request",
            ),
            Self::NoMessage => {
                (StatusCode::BAD_REQUEST, INVALID_REQUEST, "the body is not a JSON-RPC 2.0 message")
            }
        };
        (status, code, message.to_owned())
    }
}
