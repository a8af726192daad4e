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
}

impl Refusal {
    /// A refusal with this status.
    pub(super) fn new(status: StatusCode, error: ErrorData) -> Self {
        Self { status, error }
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

    /// The refusal as an answer to the request with this id, where one is known.
    pub(super) fn answer(self, id: Option<RequestId>) -> Response<Body> {
        let body = serde_json::to_vec(&JsonRpcError::new(id, self.error)).unwrap_or_default();
        (self.status, [(CONTENT_TYPE, media_type::JSON)], body).into_response()
    }
}
