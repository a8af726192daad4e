//! A request to an operation of a service.

use http::Method;
use serde_json::{Value, json};

/// A request to an operation of a service, without credentials.
#[derive(Debug, Clone)]
#[must_use]
pub struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
}

impl Call {
    /// `GET` of a path.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None }
    }

    /// `POST` of JSON to a path.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, path: path.into(), body: Some(body) }
    }

    /// A call of an MCP tool at an endpoint without sessions.
    pub fn tool(path: impl Into<String>, name: &str, arguments: &Value) -> Self {
        let params = json!({ "name": name, "arguments": arguments });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        Self::post(path, body)
    }

    /// The same request with another method.
    pub(super) fn method(&self, method: Method) -> Self {
        Self { method, ..self.clone() }
    }

    /// The same request to another path.
    pub(super) fn path(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }
}
