//! The way in: a request is read whole and checked before rmcp sees it.

use axum::body::{Body, Bytes, HttpBody};
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{ACCEPT, HOST, ORIGIN},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use rmcp::{
    ErrorData,
    model::{ProtocolVersion, RequestId},
};

use super::{TransportLayer, message, refusal::Refusal};
use crate::media_type::{accepts_json, is_json};

/// The value of `Accept` that rmcp requires.
const ACCEPT_BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");
/// The header in which clients name the protocol version.
const VERSION_HEADER: &str = "mcp-protocol-version";

/// The parts of a request that an error may describe.
pub(super) struct Asked {
    pub(super) host: Option<HeaderValue>,
    pub(super) origin: Option<HeaderValue>,
    version: Option<HeaderValue>,
    body: Bytes,
}

impl Asked {
    fn new(headers: &HeaderMap, body: Bytes) -> Self {
        Self {
            host: headers.get(HOST).cloned(),
            origin: headers.get(ORIGIN).cloned(),
            version: headers.get(VERSION_HEADER).cloned(),
            body,
        }
    }

    /// The protocol version that was asked for, when it is none that is known.
    pub(super) fn unknown_version(&self) -> Option<&str> {
        let version = self.version.as_ref()?.to_str().ok()?;
        let known = ProtocolVersion::KNOWN_VERSIONS.iter().any(|known| known.as_str() == version);
        (!known).then_some(version)
    }

    /// The message; empty unless it is a POST.
    pub(super) fn message(&self) -> &[u8] {
        &self.body
    }

    /// The request's id, read only when it is needed.
    pub(super) fn id(&self) -> Option<RequestId> {
        message::id(&self.body)
    }

    /// Why rmcp cannot read the request.
    pub(super) fn fault(&self) -> ErrorData {
        message::fault(&self.body)
    }
}

impl TransportLayer {
    /// Brings a POST into the form that rmcp reads. Other methods are rmcp's to serve or to refuse.
    pub(super) async fn admit(
        &self,
        request: Request<Body>,
    ) -> Result<(Request<Body>, Asked), Refusal> {
        let asked = Asked::new(request.headers(), Bytes::new());
        if !self.allowed_origins.admits(asked.origin.as_ref()) {
            return Err(self.refusal(StatusCode::FORBIDDEN, &asked));
        }
        if request.method() != Method::POST {
            return Ok((request, asked));
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
        let bytes = self.read_in_time(body).await?;
        message::check(&bytes).map_err(|error| {
            Refusal::new(StatusCode::BAD_REQUEST, error).to(message::id(&bytes))
        })?;
        let asked = Asked { body: bytes.clone(), ..asked };
        Ok((Request::from_parts(parts, Body::from(bytes)), asked))
    }

    async fn read_in_time(&self, body: Body) -> Result<Bytes, Refusal> {
        let limit = self.body_timeout;
        tokio::time::timeout(limit, self.read(body)).await.unwrap_or_else(|_elapsed| {
            tracing::debug!(?limit, "gave up a request whose body did not end");
            let seconds = limit.as_secs_f64();
            let message = format!("the request's body did not end within {seconds} s");
            Err(Refusal::invalid(StatusCode::REQUEST_TIMEOUT, message))
        })
    }

    async fn read(&self, body: Body) -> Result<Bytes, Refusal> {
        // The declared length: nothing needs to be read of a body that says itself that it is too large.
        if body.size_hint().lower() > self.max_request_bytes as u64 {
            return Err(self.too_large());
        }
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
            return self.too_large();
        }
        Refusal::invalid(StatusCode::BAD_REQUEST, "the request's body broke off")
    }

    fn too_large(&self) -> Refusal {
        let limit = self.max_request_bytes;
        let message = format!("the request is too large: send at most {limit} bytes");
        Refusal::invalid(StatusCode::PAYLOAD_TOO_LARGE, message)
    }
}
