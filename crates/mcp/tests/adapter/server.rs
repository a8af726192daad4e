//! A running server and the plainest of clients.

use std::{sync::Arc, time::Duration};

use axum::Extension;
use reqwest::{RequestBuilder, Response, StatusCode};
use restaurant_domain::{Actor, testing::InMemoryStore};
use restaurant_mcp::McpAdapter;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::AbortHandle};

use crate::log;

/// A server that ends with its test.
pub(crate) struct Server {
    pub(crate) url: String,
    task: AbortHandle,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Serves an empty store to somebody who may do everything.
    pub(crate) async fn start() -> Self {
        Self::of(McpAdapter::new(Arc::new(InMemoryStore::default()))).await
    }

    /// Serves an adapter to somebody who may do everything.
    pub(crate) async fn of(adapter: McpAdapter) -> Self {
        Self::with_actor(adapter, Actor::unauthenticated()).await
    }

    /// Serves an adapter to a certain caller.
    pub(crate) async fn with_actor(adapter: McpAdapter, actor: Actor) -> Self {
        Self::serve(adapter.router(&["/mcp", "/mcp/mcp"]).layer(Extension(actor))).await
    }

    /// Serves an application.
    pub(crate) async fn serve(app: axum::Router) -> Self {
        log::install();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, app).await }).abort_handle();
        Self { url, task }
    }

    /// A POST as a well-behaved client sends it, with this body.
    pub(crate) fn post(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        reqwest::Client::new()
            .post(&self.url)
            .timeout(Duration::from_secs(30))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(body)
    }

    /// Sends a request and returns the JSON-RPC response.
    pub(crate) async fn request(&self, method: &str, params: Value) -> Value {
        let response = self.post(message(method, &params)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        json_of(response).await
    }

    /// The tools as the server lists them.
    pub(crate) async fn tools(&self) -> Vec<Value> {
        let response = self.request("tools/list", json!({})).await;
        response["result"]["tools"].as_array().unwrap().clone()
    }

    /// Calls a tool and returns its result.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        let params = json!({"name": tool, "arguments": arguments});
        let response = self.request("tools/call", params).await;
        assert!(response["error"].is_null(), "{response}");
        response["result"].clone()
    }

    /// Calls a tool that must succeed and returns its structured content, which the text must repeat.
    pub(crate) async fn ok(&self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], false, "{result}");
        assert_eq!(result["structuredContent"], text_of(&result));
        result["structuredContent"].clone()
    }

    /// Calls a tool that must fail and returns the JSON that its text holds.
    pub(crate) async fn error(&self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{result}");
        assert!(result["structuredContent"].is_null(), "a client would hold it against the schema");
        text_of(&result)
    }

    /// Adds a restaurant and returns its id.
    pub(crate) async fn add_restaurant(&self, name: &str) -> i64 {
        let arguments =
            json!({"restaurant_name": name, "street_address": "1 Quay", "description": "Fish"});
        self.ok("create_restaurant_mcp", arguments).await["id"].as_i64().unwrap()
    }

    /// Adds a review of these stars.
    pub(crate) async fn add_review(&self, restaurant: i64, rating: u8) {
        let arguments = json!({
            "restaurant_id": restaurant, "user_name": "Ann", "rating": rating, "review_text": "Good"
        });
        self.ok("create_review_mcp", arguments).await;
    }
}

/// A JSON-RPC request as a body.
pub(crate) fn message(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

/// The body of a response as JSON.
pub(crate) async fn json_of(response: Response) -> Value {
    assert_eq!(response.headers()["content-type"], "application/json");
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

pub(crate) fn text_of(result: &Value) -> Value {
    let content = result["content"].as_array().unwrap();
    assert_eq!(content.len(), 1, "{result}");
    assert_eq!(content[0]["type"], "text");
    serde_json::from_str(content[0]["text"].as_str().unwrap()).unwrap()
}
