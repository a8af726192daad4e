//! Graph's error answers.

use std::fmt::Display;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// An error as Graph words it: the code that programs read, and what people read.
#[derive(Debug, Clone)]
pub(crate) struct GraphError {
    status: StatusCode,
    code: &'static str,
    message: String,
    detail: Option<(&'static str, &'static str)>,
}

impl GraphError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), detail: None }
    }

    /// With a finer code, and the property that it is about.
    pub(crate) fn detail(mut self, code: &'static str, target: &'static str) -> Self {
        self.detail = Some((code, target));
        self
    }

    /// `Request_BadRequest`, Graph's word for most mistakes.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request_BadRequest", message)
    }

    /// A property has a value that it cannot have.
    pub(crate) fn invalid_value(property: &str, resource: &str) -> Self {
        Self::bad_request(format!(
            "Invalid value specified for property '{property}' of resource '{resource}'."
        ))
    }

    /// A property is missing.
    pub(crate) fn value_required(property: &str, resource: &str) -> Self {
        Self::bad_request(format!(
            "A value is required for property '{property}' of resource '{resource}'."
        ))
    }

    /// Another object has that key.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "Request_MultipleObjectsWithSameKeyValue", message)
    }

    /// There is no such object, or it is not replicated yet.
    pub(crate) fn not_found(id: impl Display) -> Self {
        let message = format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );
        Self::new(StatusCode::NOT_FOUND, "Request_ResourceNotFound", message)
    }

    /// What people read.
    pub(crate) fn into_message(self) -> String {
        self.message
    }

    /// The answer to the request with these headers, made at `date`.
    pub(crate) fn answer(&self, headers: &HeaderMap, date: &str) -> Response {
        let request_id = Uuid::new_v4().to_string();
        let client_id = headers.get(CLIENT_REQUEST_ID).and_then(|id| id.to_str().ok());
        let client_id = client_id.unwrap_or(&request_id).to_owned();
        let inner =
            json!({ "date": date, "request-id": request_id, "client-request-id": client_id });
        let mut error = json!({ "code": self.code, "message": self.message, "innerError": inner });
        if let Some((code, target)) = self.detail {
            let detail = json!({ "code": code, "message": self.message, "target": target });
            error["details"] = Value::Array(vec![detail]);
        }
        let mut response = (self.status, Json(json!({ "error": error }))).into_response();
        for (name, id) in [(REQUEST_ID, request_id), (CLIENT_REQUEST_ID, client_id)] {
            if let Ok(id) = HeaderValue::try_from(id) {
                response.headers_mut().insert(name, id);
            }
        }
        response
    }
}

impl IntoResponse for GraphError {
    /// Carries the error outwards, to where the request's headers are at hand.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
