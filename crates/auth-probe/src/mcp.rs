//! MCP's messages as a client without a library sends and reads them: as JSON, or as an event stream.

use serde_json::{Value, json};

use crate::{
    event_stream::{is_response, messages},
    http_client::{Answer, Request},
};

/// The newest version of the protocol that opens with `initialize`.
const VERSION: &str = "2025-11-25";

/// A request with the id 1.
pub(crate) fn request(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

pub(crate) fn initialize() -> Value {
    json!({
        "protocolVersion": VERSION,
        "capabilities": {},
        // What the official Python client sends: an app must not recognize the command by it.
        "clientInfo": {"name": "mcp", "version": "0.1.0"},
    })
}

/// The version of the protocol that needs no `initialize`.
pub(crate) const STATELESS: &str = "2026-07-28";

/// The parameters of a request that stands alone.
pub(crate) fn stateless(mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": STATELESS,
        "io.modelcontextprotocol/clientInfo": {"name": "mcp", "version": "0.1.0"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    params
}

/// Adds the headers of a request that stands alone.
pub(crate) fn with_stateless_headers(
    request: Request,
    method: &str,
    tool: Option<&str>,
) -> Request {
    let request = request.header("mcp-protocol-version", STATELESS).header("mcp-method", method);
    match tool {
        Some(tool) => request.header("mcp-name", tool),
        None => request,
    }
}

/// The result of the request, or why there is none.
pub(crate) fn result(answer: &Answer) -> Result<Value, String> {
    let mut message = response(answer)?;
    if let Some(error) = message.get("error") {
        return Err(format!("the JSON-RPC error {}: {}", error["code"], error["message"]));
    }
    message.get_mut("result").map(Value::take).ok_or_else(|| "no result".to_owned())
}

/// The response to the request, with a result or an error, or why there is none.
pub(crate) fn response(answer: &Answer) -> Result<Value, String> {
    if answer.status != 200 {
        return Err("not the status 200".to_owned());
    }
    let kind = answer.content_type().split(';').next().unwrap_or_default().trim();
    let message = match kind.to_ascii_lowercase().as_str() {
        "application/json" => serde_json::from_str(&answer.body).ok(),
        "text/event-stream" => messages(&answer.body).into_iter().find(is_response),
        _ => return Err(format!("neither JSON nor an event stream but {kind:?}")),
    };
    let message: Value = message.ok_or("no JSON-RPC response")?;
    if message["jsonrpc"] != "2.0" || message["id"] != 1 {
        return Err("no JSON-RPC response to the request".to_owned());
    }
    Ok(message)
}

/// What a tool gives: its structured content, or the JSON in its text, or its text.
pub(crate) fn content(result: &Value) -> Result<Value, String> {
    let text = result["content"][0]["text"].as_str();
    if result["isError"] == true {
        return Err(format!("the tool failed: {}", text.unwrap_or("it does not say why")));
    }
    if let Some(content) = result.get("structuredContent").filter(|content| content.is_object()) {
        return Ok(content.clone());
    }
    let text = text.ok_or("neither structured content nor text")?;
    Ok(serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;
    use serde_json::json;

    use super::{Answer, content, result};
    use crate::event_stream::{EventStream, is_response};

    fn answer(kind: &'static str, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", kind.parse().unwrap());
        Answer { headers, body: body.to_owned(), ..Answer::default() }
    }

    #[test]
    fn both_forms_of_an_answer_are_read() {
        let message = r#"{"jsonrpc":"2.0","id":1,"result":{"a":1}}"#;
        let stream = format!(
            ": ping\r\n\r\nevent: message\r\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"x\"}}\r\n\r\nevent: message\r\ndata: {message}\r\n\r\n"
        );
        for answer in [
            answer("application/json; charset=utf-8", message),
            answer("text/event-stream", &stream),
        ] {
            assert_eq!(result(&answer), Ok(json!({"a": 1})));
        }
        let has_response = |bytes: &[u8]| {
            // Byte by byte, as a slow app sends it.
            let mut events = EventStream::default();
            bytes.chunks(1).any(|byte| events.push(byte).iter().any(is_response))
        };
        assert!(has_response(stream.as_bytes()));
        assert!(has_response(stream.replace("\r\n", "\r").as_bytes()));
        assert!(!has_response(b"event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"resu"));
    }

    #[test]
    fn what_is_no_result_is_none() {
        for (kind, body) in [
            ("text/html", "<html>"),
            ("application/json", "{}"),
            ("application/json", r#"{"jsonrpc":"2.0","id":2,"result":{}}"#),
            (
                "application/json",
                r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no"}}"#,
            ),
            ("text/event-stream", "data: {}\n\n"),
        ] {
            assert!(result(&answer(kind, body)).is_err(), "{body}");
        }
    }

    #[test]
    fn a_tool_may_answer_by_text_alone() {
        let text = json!({"content": [{"type": "text", "text": "{\"id\": 3}"}]});
        assert_eq!(content(&text).unwrap()["id"], 3);
        assert!(
            content(&json!({"isError": true, "content": [{"text": "no such restaurant"}]}))
                .unwrap_err()
                .contains("no such")
        );
        assert!(content(&json!({"content": []})).is_err());
    }
}
