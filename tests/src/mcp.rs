//! Messages of the Model Context Protocol over plain HTTP.

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// A request with the id 1.
#[must_use]
pub fn request(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

/// A `tools/call` request with the id 1.
#[must_use]
pub fn tool_call(tool: &str, arguments: &Value) -> Value {
    request("tools/call", &json!({"name": tool, "arguments": arguments}))
}

/// Posts a message to an endpoint, with the `Accept` header that the specification demands.
pub fn post(client: &Client, url: impl reqwest::IntoUrl, message: &Value) -> RequestBuilder {
    client.post(url).header("accept", "application/json, text/event-stream").json(message)
}
