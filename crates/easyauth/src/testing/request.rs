//! A request of the contract, and the service's response to it.

use std::fmt;

use axum::{
    Router,
    body::{Body, to_bytes},
};
use http::{
    Request, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, WWW_AUTHENTICATE},
};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{call::Call, gate::Header};

/// The most bytes of a response that are read.
const MAX_BYTES: usize = 1024 * 1024;

/// The service's response.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Answer {
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: String,
}

/// Sends a request with these headers to the service.
pub(super) async fn send(
    router: &Router,
    call: &Call,
    headers: &[Header],
) -> Result<Answer, String> {
    let mut request = Request::builder()
        .method(&call.method)
        .uri(&call.path)
        .header("host", "localhost")
        .header(ACCEPT, "application/json, text/event-stream");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let body = match &call.body {
        Some(json) => {
            request = request.header(CONTENT_TYPE, "application/json");
            Body::from(json.to_string())
        }
        None => Body::empty(),
    };
    let request = request.body(body).map_err(|error| error.to_string())?;
    let Ok(response) = router.clone().oneshot(request).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_BYTES).await.map_err(|error| error.to_string())?;
    let headers =
        parts.headers.iter().filter(|(name, _)| *name != "date" && *name != "x-request-id");
    Ok(Answer {
        status: parts.status,
        headers: headers
            .map(|(name, value)| {
                (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

impl Answer {
    /// Whether the operation was performed: the status is 2xx, and an MCP result is no error.
    pub(super) fn is_success(&self) -> bool {
        self.status.is_success() && !self.is_mcp_error()
    }

    /// Whether the operation was refused to an authenticated caller, or kept secret.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) || self.is_mcp_error()
    }

    /// Whether both differ in nothing but the path of their resource.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let shape = |answer: &Self| {
            let names: Vec<_> = answer.headers.iter().map(|(name, _)| name.clone()).collect();
            (answer.status, names)
        };
        shape(self) == shape(other)
    }

    /// A 401 with a challenge.
    pub(super) fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED && self.challenge().is_some()
    }

    /// A 403 that tells the client to request another scope or role.
    pub(super) fn is_insufficient_scope(&self) -> bool {
        let is_challenge = |it: &str| it.contains("error=\"insufficient_scope\"");
        self.status == StatusCode::FORBIDDEN && self.challenge().is_some_and(is_challenge)
    }

    fn challenge(&self) -> Option<&str> {
        let mut headers = self.headers.iter().filter(|(name, _)| WWW_AUTHENTICATE == **name);
        headers.next().map(|(_, value)| value.as_str())
    }

    /// An error of JSON-RPC or of a tool, as JSON or as one event.
    fn is_mcp_error(&self) -> bool {
        let data = self.body.lines().find_map(|line| line.strip_prefix("data:"));
        let json: Value = serde_json::from_str(data.unwrap_or(&self.body)).unwrap_or_default();
        json["jsonrpc"] == "2.0" && (json["error"].is_object() || json["result"]["isError"] == true)
    }
}

/// Status, headers and the start of the body.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body: String = self.body.chars().take(200).collect();
        write!(f, "{} {:?} {body}", self.status, self.headers)
    }
}
