//! An endpoint on a free port, and requests to it.

use std::sync::Arc;

use axum::{Extension, Router};
use reqwest::{Client, RequestBuilder, Response};
use restaurant_domain::{Actor, testing::InMemoryStore};
use restaurant_mcp::McpAdapter;
use serde_json::{Value, json};

/// Serves an adapter at `/mcp` for callers who may do everything; gives the URL.
pub(crate) async fn serve(adapter: McpAdapter) -> String {
    serve_router(adapter.router(&["/mcp"]).layer(Extension(Actor::unauthenticated()))).await
}

pub(crate) async fn serve_router(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/mcp")
}

/// An adapter over an empty store in memory.
pub(crate) fn adapter() -> McpAdapter {
    McpAdapter::new(Arc::new(InMemoryStore::default()))
}

/// A POST of a JSON body, as every client sends it.
pub(crate) fn post(url: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    let request = Client::new().post(url).header("content-type", "application/json");
    request.header("accept", "application/json, text/event-stream").body(body)
}

pub(crate) async fn json(response: Response) -> Value {
    assert_eq!(response.headers()["content-type"], "application/json");
    response.json().await.unwrap()
}

/// Sends a request without any handshake and gives what stands under `result`.
pub(crate) async fn result(url: &str, method: &str, params: Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
    let response = post(url, body.to_string()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let answer = json(response).await;
    assert_eq!(answer["id"], 7, "{answer}");
    answer["result"].clone()
}

/// Calls a tool and gives its result.
pub(crate) async fn call(url: &str, tool: &str, arguments: Value) -> Value {
    result(url, "tools/call", json!({"name": tool, "arguments": arguments})).await
}

/// Calls a tool that must fail, and gives the error's body.
pub(crate) async fn error(url: &str, tool: &str, arguments: Value) -> Value {
    let result = call(url, tool, arguments).await;
    assert_eq!(result["isError"], true, "{result}");
    let text = result["content"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), result["structuredContent"]);
    result["structuredContent"]["error"].clone()
}

/// Calls a tool that must work, and gives its structured content.
pub(crate) async fn ok(url: &str, tool: &str, arguments: Value) -> Value {
    let result = call(url, tool, arguments).await;
    assert_ne!(result["isError"], true, "{result}");
    let text = result["content"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), result["structuredContent"]);
    result["structuredContent"].clone()
}

/// Adds a restaurant and gives its id.
pub(crate) async fn add(url: &str, name: &str) -> i64 {
    let arguments =
        json!({"restaurant_name": name, "street_address": "1 Main Street", "description": "Soup"});
    ok(url, "create_restaurant_mcp", arguments).await["id"].as_i64().unwrap()
}
