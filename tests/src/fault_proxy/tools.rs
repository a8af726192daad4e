//! Faults of single tools.

use axum::{
    body::Bytes,
    response::{IntoResponse, Json, Response},
};
use serde_json::{Value, json};

/// A call of another tool in place of the missing one, so that the app authenticates the caller first.
pub(super) fn without(name: &str, message: &Value, body: Bytes) -> Bytes {
    if message["params"]["name"] != *name {
        return body;
    }
    let mut message = message.clone();
    message["params"]["name"] = json!("missing");
    message.to_string().into()
}

/// Returns the result of a successful write.
pub(super) fn pretend(message: &Value) -> Response {
    let mut made = message["params"]["arguments"].clone();
    made["id"] = json!(9_999_999);
    made["name"] = made["restaurant_name"].clone();
    let text = json!([{"type": "text", "text": made.to_string()}]);
    let result = json!({"content": text, "structuredContent": made});
    Json(json!({"jsonrpc": "2.0", "id": message["id"], "result": result})).into_response()
}
