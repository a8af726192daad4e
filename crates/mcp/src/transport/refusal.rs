//! An answer that the layer gives itself.

use axum::{body::Body, response::IntoResponse};
use http::{Response, StatusCode, header::CONTENT_TYPE};
use rmcp::{
    ErrorData,
    model::{JsonRpcError, RequestId},
};

use crate::media_type;

/// An HTTP status with a JSON-RPC error as its body.
pub(super) struct Refusal {
    status: StatusCode,
    error: ErrorData,
    id: Option<RequestId>,
}

impl Refusal {
    /// A refusal of a request whose id is not known.
    pub(super) fn new(status: StatusCode, error: ErrorData) -> Self {
        Self { status, error, id: None }
    }

    /// It is the request's fault.
    pub(super) fn invalid(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, ErrorData::invalid_request(message.into(), None))
    }

    /// It is JSON, and nothing that MCP knows.
    pub(super) fn not_a_message() -> Self {
        let message =
            "the request is no message of MCP: send a JSON-RPC 2.0 request or notification";
        Self::invalid(StatusCode::BAD_REQUEST, message)
    }

    /// Names the request that is answered.
    pub(super) fn with_id(self, id: Option<RequestId>) -> Self {
        Self { id, ..self }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        let body = serde_json::to_vec(&JsonRpcError::new(self.id, self.error)).unwrap_or_default();
        (self.status, [(CONTENT_TYPE, media_type::JSON)], body).into_response()
    }
}
