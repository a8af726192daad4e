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
    error: Box<ErrorData>,
    id: Option<RequestId>,
}

impl Refusal {
    /// A refusal with this status.
    pub(super) fn new(status: StatusCode, error: ErrorData) -> Self {
        Self { status, error: error.into(), id: None }
    }

    /// An error of the client.
    pub(super) fn invalid(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, ErrorData::invalid_request(message.into(), None))
    }

    /// The refusal of the request with this id, where one is known.
    pub(super) fn to(self, id: Option<RequestId>) -> Self {
        Self { id, ..self }
    }

    /// The refusal as an answer.
    pub(super) fn answer(self) -> Response<Body> {
        let body = serde_json::to_vec(&JsonRpcError::new(self.id, *self.error)).unwrap_or_default();
        (self.status, [(CONTENT_TYPE, media_type::JSON)], body).into_response()
    }
}
