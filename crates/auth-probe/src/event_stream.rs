//! The messages of an event stream.

use serde_json::Value;

/// Whether an event stream has brought the response already.
pub(crate) fn has_response(stream: &[u8]) -> bool {
    messages(&String::from_utf8_lossy(stream)).iter().any(is_response)
}

pub(crate) fn is_response(message: &Value) -> bool {
    message["id"] == 1 && (message.get("result").is_some() || message.get("error").is_some())
}

/// The JSON messages of an event stream.
pub(crate) fn messages(stream: &str) -> Vec<Value> {
    let stream = stream.replace("\r\n", "\n");
    let data = |event: &str| {
        let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
    };
    stream.split("\n\n").filter_map(|event| serde_json::from_str(&data(event)).ok()).collect()
}
