//! Apps that authenticate the usual messages alone.

use restaurant_tests::fault_proxy::{Asked, Lie};
use serde_json::Value;

/// Whether it is a call, however the guard understands it.
fn calls(it: &Asked) -> bool {
    it.rpc() == "tools/call"
}

/// The message with another member, on a condition.
fn with(it: &Asked, condition: bool, name: &str, value: Value) -> Option<Value> {
    let mut message = it.message.clone();
    message.as_object_mut().filter(|_| condition)?.insert(name.to_owned(), value);
    Some(message)
}

pub(super) static MEANINGS: &[(Lie, &str)] = &[
    (Lie::bypass("a prompt", |it| it.same_if(it.rpc() == "prompts/get")), "B3"),
    (Lie::bypass("a subscription", |it| it.same_if(it.rpc() == "resources/subscribe")), "B3"),
    (Lie::bypass("tasks", |it| it.same_if(it.rpc() == "tasks/list")), "B3"),
    (
        Lie::bypass("calls of another tool", |it| it.same_if(it.tool() == "get_details_mcp")),
        "B3 D1",
    ),
    (
        Lie::bypass("calls of unknown tools", |it| {
            it.same_if(calls(it) && !it.tool().ends_with("_mcp"))
        }),
        "B3",
    ),
    (
        Lie::bypass("an old initialize", |it| {
            it.same_if(it.message["params"]["protocolVersion"] == "2024-11-05")
        }),
        "B3",
    ),
    (Lie::bypass("a cancellation", |it| it.same_if(it.rpc() == "notifications/cancelled")), "D23"),
    (
        Lie::bypass("a call without an id", |it| {
            it.at_endpoint_if(it.tool() == "list_restaurants_mcp" && it.message.get("id").is_none())
        }),
        "D23",
    ),
    (
        Lie::bypass("the id null", |it| {
            let is_null = it.message.get("id").is_some_and(Value::is_null);
            it.saying(&with(it, calls(it) && is_null, "id", 1.into())?)
        }),
        "D23",
    ),
    (
        Lie::bypass("a text as the id", |it| {
            it.at_endpoint_if(calls(it) && it.message["id"].is_string())
        }),
        "D23",
    ),
    (Lie::bypass("the id 0", |it| it.at_endpoint_if(calls(it) && it.message["id"] == 0)), "D23"),
    (
        Lie::bypass("no params", |it| {
            it.at_endpoint_if(it.rpc() == "tools/list" && it.message.get("params").is_none())
        }),
        "D23",
    ),
    (
        Lie::bypass("no version of JSON-RPC", |it| {
            let is_without = calls(it) && it.message.get("jsonrpc").is_none();
            it.saying(&with(it, is_without, "jsonrpc", "2.0".into())?)
        }),
        "D23",
    ),
    (
        Lie::bypass("the first of two methods is authenticated", |it| {
            it.at_endpoint_if(calls(it) && it.text().contains(r#""method":"ping""#))
        }),
        "D23",
    ),
    (
        Lie::bypass("an escaped method", |it| {
            it.at_endpoint_if(calls(it) && it.text().contains(r"tools\u002fcall"))
        }),
        "D23",
    ),
    (
        Lie::bypass("a method in capitals", |it| {
            let is_capital = it.rpc() == "Tools/Call";
            it.saying(&with(it, is_capital, "method", "tools/call".into())?)
        }),
        "D23",
    ),
    (
        Lie::bypass("a byte order mark", |it| {
            let message = serde_json::from_str(it.text().strip_prefix('\u{feff}')?).ok()?;
            it.saying(&message)
        }),
        "D23",
    ),
    (
        Lie::bypass("an empty line first", |it| {
            it.at_endpoint_if(calls(it) && it.text().starts_with("\r\n"))
        }),
        "D23",
    ),
    (
        Lie::bypass("the second of two lines", |it| {
            let message = serde_json::from_str(it.text().split_once('\n')?.1).ok()?;
            if it.message.is_null() { it.saying(&message) } else { None }
        }),
        "D23",
    ),
    (
        Lie::bypass("a batch by its first message", |it| {
            let batch = it.message.as_array()?;
            if batch.first()?["method"] == "ping" { it.saying(batch.last()?) } else { None }
        }),
        "D23",
    ),
    (
        Lie::bypass("any bearer with a batch", |it| {
            let message = it.message.as_array()?.last()?.clone();
            Asked { message, ..it.clone() }.past_if(!it.is_anonymous())
        }),
        "B4 B5 D2 D3 D4 D5 D6 D7 D8 D9 D11",
    ),
];

pub(super) static FORMS: &[(Lie, &str)] = &[
    (Lie::bypass("large messages", |it| it.at_endpoint_if(it.body.len() > 128 << 10)), "D23"),
    (
        Lie::bypass("compressed messages", |it| {
            let is_gzip =
                it.header("content-encoding") == "gzip" && it.body.starts_with(b"\x1f\x8b");
            let call = serde_json::json!({
                "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": {"name": "list_restaurants_mcp", "arguments": {}},
            });
            if is_gzip { it.saying(&call) } else { None }
        }),
        "D23",
    ),
    (
        Lie::bypass("messages in chunks", |it| {
            it.at_endpoint_if(calls(it) && it.header("transfer-encoding") == "chunked")
        }),
        "D23",
    ),
    (
        Lie::bypass("a message that waits", |it| {
            it.at_endpoint_if(it.header("expect") == "100-continue")
        }),
        "D23",
    ),
    (
        Lie::bypass("bytes", |it| {
            it.at_endpoint_if(it.header("content-type") == "application/octet-stream")
        }),
        "D23",
    ),
    (
        Lie::bypass("a form of parts", |it| {
            it.at_endpoint_if(it.header("content-type").starts_with("multipart/form-data"))
        }),
        "D23",
    ),
    (
        Lie::bypass("no type of content", |it| {
            it.at_endpoint_if(calls(it) && !it.headers.contains_key("content-type"))
        }),
        "D23",
    ),
    (
        Lie::bypass("a type in capitals", |it| {
            it.at_endpoint_if(it.header("content-type") == "APPLICATION/JSON")
        }),
        "D23",
    ),
    (
        Lie::bypass("streams alone", |it| {
            it.at_endpoint_if(calls(it) && it.header("accept") == "text/event-stream")
        }),
        "D23",
    ),
    (
        Lie::bypass("JSON alone", |it| {
            it.at_endpoint_if(calls(it) && it.header("accept") == "application/json")
        }),
        "D23",
    ),
    (
        Lie::bypass("a version between", |it| {
            it.at_endpoint_if(it.header("mcp-protocol-version") == "2025-06-18")
        }),
        "D23",
    ),
    (
        Lie::bypass("the header names another method", |it| {
            it.at_endpoint_if(calls(it) && it.header("mcp-method") == "ping")
        }),
        "D23",
    ),
    (
        Lie::bypass("HTTP/1.0", |it| {
            it.at_endpoint_if(calls(it) && format!("{:?}", it.version) == "HTTP/1.0")
        }),
        "D23",
    ),
    (Lie::bypass("an upgrade", |it| it.at_endpoint_if(it.header("upgrade") == "websocket")), "D23"),
    (
        Lie::bypass("a caller in the message", |it| {
            it.at_endpoint_if(it.message["params"]["_meta"]["roles"][0] == "MCP.Access")
        }),
        "D23",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_are_not_authenticated_turn_a_case_red() {
    assert_eq!(super::surprises(&[FORMS, MEANINGS], super::is_of_ways).await, [""; 0]);
}
