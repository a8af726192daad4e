//! The adapter over a pair of streams.

use std::{sync::Arc, time::Duration};

use restaurant_domain::{Actor, testing::InMemoryStore};
use restaurant_mcp::{CancellationToken, McpAdapter};
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
    assert_eq!(client.list_all_tools().await.unwrap().len(), 4);
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
async fn lines_that_are_no_messages_do_not_end_the_session() {
    let (stream, _server) = serve(adapter().max_request_bytes(2000));
    let mut client = Raw::new(stream);
    client.initialize().await;
    // Within the limit this would be answered.
    let long =
        json!({"jsonrpc": "2.0", "id": 6, "method": "ping", "params": {"x": "x".repeat(2000)}});
    for line in ["{", "", "\u{7f}", "[]", &long.to_string()] {
        client.send(line).await;
    }
    client.request(7, "tools/list", json!({})).await;
    loop {
        let answer = client.receive().await;
        if answer["id"] == 7 {
            assert_eq!(answer["result"]["tools"].as_array().unwrap().len(), 4);
            break;
        }
        assert!(answer["error"]["code"].is_number() && answer["id"].is_null(), "{answer}");
    }
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
