//! The adapter over a pair of streams.

use std::{sync::Arc, time::Duration};

use restaurant_domain::{Actor, testing::InMemoryStore};
use restaurant_mcp::{CancellationToken, McpAdapter, TOOL_NAMES};
use rmcp::{
    ClientLifecycleMode, ClientServiceExt, ServiceExt,
    model::{CallToolRequestParams, ProtocolVersion},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf},
    task::JoinHandle,
    time::timeout,
};

use crate::log;

fn adapter() -> McpAdapter {
    McpAdapter::new(Arc::new(InMemoryStore::default())).default_actor(Actor::unauthenticated())
}

/// A server at the other end of a stream.
fn serve(adapter: McpAdapter) -> (DuplexStream, JoinHandle<std::io::Result<()>>) {
    log::install();
    let (ours, theirs) = tokio::io::duplex(1024 * 1024);
    let (input, output) = tokio::io::split(theirs);
    (ours, tokio::spawn(adapter.serve_stdio(input, output)))
}

/// A client that writes lines and reads lines.
struct Raw {
    input: WriteHalf<DuplexStream>,
    output: Lines<BufReader<ReadHalf<DuplexStream>>>,
}

impl Raw {
    fn new(stream: DuplexStream) -> Self {
        let (output, input) = tokio::io::split(stream);
        Self { input, output: BufReader::new(output).lines() }
    }

    async fn send(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn receive(&mut self) -> Value {
        let line = timeout(Duration::from_secs(10), self.output.next_line()).await.unwrap();
        serde_json::from_str(&line.unwrap().unwrap()).unwrap()
    }

    async fn initialize(&mut self) {
        let client = json!({"name": "test", "version": "1"});
        let params =
            json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
        self.request(0, "initialize", params).await;
        assert_eq!(self.receive().await["result"]["protocolVersion"], "2025-11-25");
        self.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
    }

    async fn request(&mut self, id: i64, method: &str, params: Value) {
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.send(&message.to_string()).await;
    }
}

#[tokio::test]
async fn a_real_client_is_served_until_it_leaves() {
    let (stream, server) = serve(adapter());
    let client = ().serve(stream).await.unwrap();
    assert_eq!(client.list_all_tools().await.unwrap().len(), TOOL_NAMES.len());
    let arguments =
        json!({"restaurant_name": "Anchor", "street_address": "1 Quay", "description": "Fish"});
    let call = CallToolRequestParams::new("create_restaurant_mcp");
    let call = call.with_arguments(rmcp::model::object(arguments));
    assert_eq!(client.call_tool(call).await.unwrap().structured_content.unwrap()["id"], 1);
    assert_eq!(client.list_all_resources().await.unwrap().len(), 1);
    assert_eq!(client.list_all_prompts().await.unwrap().len(), 2);
    client.cancel().await.unwrap();
    timeout(Duration::from_secs(10), server).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_client_without_a_handshake_is_served_too() {
    let (stream, _server) = serve(adapter());
    let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
    let mode = ClientLifecycleMode::Discover { preferred_versions };
    let client = ().serve_with_lifecycle(stream, mode).await.unwrap();
    let version = client.peer_info().unwrap().protocol_version.as_str().to_owned();
    assert_eq!(version, "2026-07-28");
    let call = CallToolRequestParams::new("list_restaurants_mcp");
    assert_eq!(client.call_tool(call).await.unwrap().structured_content.unwrap()["total"], 0);
}

#[tokio::test]
async fn nobody_may_do_anything_without_a_default_actor() {
    let (stream, _server) = serve(McpAdapter::new(Arc::new(InMemoryStore::default())));
    let client = ().serve(stream).await.unwrap();
    assert_eq!(client.list_all_tools().await.unwrap().len(), 0);
}

#[tokio::test]
async fn lines_that_are_no_messages_are_answered_and_do_not_end_the_session() {
    let (stream, _server) = serve(adapter().max_request_bytes(2000));
    let mut client = Raw::new(stream);
    // Once before the session has begun, and once after.
    for _ in 0..2 {
        for (line, id, code, says) in faulty_lines() {
            client.input.write_all(&[&*line, b"\n"].concat()).await.unwrap();
            let answer = client.receive().await;
            let shown = String::from_utf8_lossy(&line[..line.len().min(100)]).into_owned();
            let answer_id = answer.as_object().unwrap().get("id");
            assert_eq!(answer_id, Some(&id), "{shown}: {answer}");
            assert_eq!(answer["error"]["code"], code, "{shown}: {answer}");
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(message.contains(says), "{shown}: {answer}");
        }
        client.send("").await;
        client.send("\u{feff} \r").await;
        client.initialize().await;
        client.request(7, "tools/list", json!({})).await;
        assert_eq!(
            client.receive().await["result"]["tools"].as_array().unwrap().len(),
            TOOL_NAMES.len()
        );
    }
}

/// Lines that are refused, with the id, the code and a part of the message of their answers.
fn faulty_lines() -> Vec<(Vec<u8>, Value, i64, &'static str)> {
    let long = "x".repeat(2000);
    let call = |id: &str, arguments: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"list_restaurants_mcp","arguments":{{{arguments}}}}}}}"#
        )
        .into_bytes()
    };
    let text = |text: &str| text.as_bytes().to_vec();
    let python = format!(r#"{{"method":"ping","params":{{"x":"{long}"}},"jsonrpc":"2.0","id":9}}"#);
    let mut latin = call("6", r#""search":"Z?rich""#);
    let place = latin.iter().position(|byte| *byte == b'?').unwrap();
    latin[place] = 0xfc;
    vec![
        (text("{"), json!(null), -32700, "not JSON"),
        (text("\u{7f}"), json!(null), -32700, "not JSON"),
        (text(r#"{"jsonrpc":"2.0","id":5,"method":"ping""#), json!(5), -32700, "not JSON"),
        (text("[]"), json!(null), -32600, "batches"),
        (text("5"), json!(null), -32600, "no message"),
        (text(r#"{"foo":"bar"}"#), json!(null), -32600, "no message"),
        (text(r#"{"id":5,"method":"ping"}"#), json!(5), -32600, "no message"),
        (text(r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#), json!(null), -32600, "id"),
        (call("99999999999999999999", ""), json!(null), -32600, "id"),
        (call("1", &format!(r#""search":"{long}""#)), json!(1), -32600, "2000 bytes"),
        (python.into_bytes(), json!(9), -32600, "2000 bytes"),
        (latin, json!(6), -32700, "UTF-8"),
        (call("\"a\"", r#""search":"pizza \ud83c""#), json!("a"), -32602, "surrogate"),
        (call("2", r#""search":"\udf55 pizza""#), json!(2), -32602, "params.arguments.search"),
        (call("3", r#""limit":1e999"#), json!(3), -32602, "number out of range"),
        (
            text(r#"{"jsonrpc":"2.0","id":4,"method":"initialize","params":[]}"#),
            json!(4),
            -32602,
            "",
        ),
        (
            text(r#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":"x"}"#),
            json!(4),
            -32602,
            "",
        ),
        (
            text(r#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":5}}"#),
            json!(4),
            -32602,
            "",
        ),
    ]
}

#[tokio::test]
async fn what_wants_no_answer_gets_none() {
    let (stream, _server) = serve(adapter());
    let mut client = Raw::new(stream);
    for begun in [false, true] {
        for line in [
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":5}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/made/up","params":{}}"#,
            r#"{"jsonrpc":"2.0","method":"textDocument/didOpen"}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":5}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"unknown"}}"#,
        ] {
            client.send(line).await;
        }
        client.request(8, "ping", json!({})).await;
        assert_eq!(client.receive().await["id"], 8, "{begun}");
        client.initialize().await;
    }
}

#[tokio::test]
async fn the_last_line_needs_no_end() {
    let (stream, _server) = serve(adapter());
    let mut client = Raw::new(stream);
    client.initialize().await;
    client.input.write_all(br#"{"jsonrpc":"2.0","id":3,"method":"ping"}"#).await.unwrap();
    client.input.shutdown().await.unwrap();
    assert_eq!(client.receive().await["id"], 3);
}

#[tokio::test]
async fn what_was_asked_before_the_end_is_answered() {
    let (stream, server) = serve(adapter());
    let mut client = Raw::new(stream);
    client.initialize().await;
    client.request(1, "tools/call", json!({"name": "list_restaurants_mcp"})).await;
    client.input.shutdown().await.unwrap();
    assert_eq!(client.receive().await["result"]["structuredContent"]["total"], 0);
    timeout(Duration::from_secs(10), server).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn the_hosts_token_ends_the_session() {
    let token = CancellationToken::new();
    let (stream, server) = serve(adapter().cancellation_token(token.clone()));
    let mut client = Raw::new(stream);
    client.initialize().await;
    token.cancel();
    timeout(Duration::from_secs(10), server).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_leaves_at_once_is_no_error() {
    let (stream, server) = serve(adapter());
    drop(stream);
    timeout(Duration::from_secs(10), server).await.unwrap().unwrap().unwrap();
}
