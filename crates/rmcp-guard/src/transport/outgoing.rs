//! The way out: rmcp's plain-text refusals get a body that a client can read, and answers stay within their limit.

use axum::body::{Body, Bytes};
use http::{HeaderValue, Response, StatusCode, header::ALLOW};
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};
use rmcp::{
    ErrorData,
    model::{ErrorCode, ProtocolVersion},
};
use serde_json::json;

use super::{TransportLayer, incoming::Asked, refusal::Refusal};
use crate::{
    call_context::CallContext,
    error_chain::ErrorChain,
    media_type::{is_event_stream, is_json},
    quoted::quoted,
};

/// The number of characters of an unknown protocol version that an error repeats.
const MAX_VERSION_CHARS: usize = 40;

impl TransportLayer {
    /// Makes an answer of rmcp's one that any client can take.
    pub(super) async fn finish(
        &self,
        response: Response<Body>,
        asked: &Asked,
        call: Option<CallContext>,
    ) -> Response<Body> {
        let status = response.status();
        if is_event_stream(response.headers()) {
            return match call {
                Some(call) => response.map(|body| filled_stream(body, call)),
                None => response,
            };
        }
        if status.is_success() || is_json(response.headers()) {
            return self.bound(response, asked, call).await;
        }
        let allow = response.headers().get(ALLOW).cloned();
        let mut refusal = self.refusal(status, asked).to(asked.id()).answer();
        if let Some(allow) = allow {
            refusal.headers_mut().insert(ALLOW, allow);
        }
        refusal
    }

    /// The last check of the limit: a response that exceeds it is not sent.
    async fn bound(
        &self,
        response: Response<Body>,
        asked: &Asked,
        call: Option<CallContext>,
    ) -> Response<Body> {
        let (parts, body) = response.into_parts();
        let limit = self.max_response_bytes;
        let whole = Limited::new(body, limit).collect().await.map(Collected::to_bytes);
        let error = match whole.map(|whole| filled(whole, call.as_ref())) {
            Ok(whole) if whole.len() <= limit => {
                return Response::from_parts(parts, Body::from(whole));
            }
            Ok(_) => None,
            Err(error) => Some(error).filter(|error| !error.is::<LengthLimitError>()),
        };
        let message = if let Some(error) = error {
            tracing::error!(error = %ErrorChain(&*error), "an answer broke off");
            "the server failed".to_owned()
        } else {
            tracing::error!(
                limit,
                setting = self.response_setting,
                "kept back an answer that is too large"
            );
            format!("the answer is larger than {limit} bytes: ask for less")
        };
        // In a 200, as every JSON-RPC error that a request led to: with another status clients do not read it.
        Refusal::new(StatusCode::OK, ErrorData::internal_error(message, None))
            .to(asked.id())
            .answer()
    }

    /// The refusal that a status of rmcp's stands for.
    pub(super) fn refusal(&self, status: StatusCode, asked: &Asked) -> Refusal {
        match status {
            StatusCode::FORBIDDEN => {
                tracing::warn!(
                    host = asked.host.as_ref().map(shown),
                    origin = asked.origin.as_ref().map(shown),
                    "refused a request: if the host is yours, name it with {}; if the origin is, with {}",
                    self.hosts_setting,
                    self.origins_setting,
                );
                Refusal::invalid(status, "this Host or Origin is not allowed here")
            }
            // The content type was right, so it is the message that rmcp could not read.
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Refusal::new(StatusCode::BAD_REQUEST, asked.fault())
            }
            StatusCode::BAD_REQUEST => bad_request(asked),
            StatusCode::METHOD_NOT_ALLOWED => {
                Refusal::invalid(status, "this address does not take that method")
            }
            StatusCode::NOT_FOUND => {
                Refusal::invalid(status, "there is no such session: initialize again")
            }
            _ if status.is_client_error() => {
                let reason = status.canonical_reason().unwrap_or("a fault of the request");
                Refusal::invalid(status, format!("the request was refused: {reason}"))
            }
            _ => Refusal::new(status, ErrorData::internal_error("the server failed", None)),
        }
    }
}

/// A response with its prepared parts.
fn filled(response: Bytes, call: Option<&CallContext>) -> Bytes {
    match call {
        Some(call) => call.fill(response),
        None => response,
    }
}

/// An event stream with its prepared parts: each of its frames is a whole event.
fn filled_stream(body: Body, call: CallContext) -> Body {
    Body::new(body.map_frame(move |frame| frame.map_data(|event| call.fill(event))))
}

fn bad_request(asked: &Asked) -> Refusal {
    let status = StatusCode::BAD_REQUEST;
    if let Some(version) = asked.unknown_version() {
        let message = "unsupported protocol version";
        let requested: String = version.chars().take(MAX_VERSION_CHARS).collect();
        let data = json!({"requested": requested, "supported": ProtocolVersion::KNOWN_VERSIONS});
        let code = ErrorCode::UNSUPPORTED_PROTOCOL_VERSION;
        return Refusal::new(status, ErrorData::new(code, message, Some(data)));
    }
    Refusal::invalid(
        status,
        "the Host, MCP-Protocol-Version or Mcp-Session-Id header is missing or malformed",
    )
}

/// A header's value for the log, cut short.
fn shown(value: &HeaderValue) -> String {
    quoted(&String::from_utf8_lossy(value.as_bytes()))
}
