//! The JSON-RPC message of an MCP request, through the guard and the tools, in both eras of the protocol.

#![no_main]

use std::sync::{Arc, LazyLock};

use axum::{Router, body::Body};
use http::Request;
use http_body_util::BodyExt as _;
use libfuzzer_sys::fuzz_target;
use restaurant_domain::{
    Actor, Author, NewRestaurant, Repository, SystemClock, testing::InMemoryStore,
};
use restaurant_mcp::McpAdapter;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());

fuzz_target!(|data: &[u8]| {
    let Some((kind, body)) = data.split_first() else { return };
    let mut request = Request::post("/mcp").header("host", "localhost");
    request = request.header("content-type", "application/json");
    request = request.header("accept", "application/json, text/event-stream");
    if kind % 2 == 1 {
        request = later_era(request, body);
    }
    let Ok(request) = request.body(Body::from(body.to_vec())) else { return };
    RUNTIME.block_on(async {
        let response = server().await.oneshot(request).await.unwrap();
        assert!(!response.status().is_server_error(), "{}", response.status());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        if !body.is_empty() {
            let message: Value = serde_json::from_slice(&body).expect("an answer is JSON");
            assert_eq!(message["jsonrpc"], "2.0");
        }
    });
});

/// The headers that repeat what the message says.
fn later_era(request: http::request::Builder, body: &[u8]) -> http::request::Builder {
    let message: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut request = request.header("mcp-protocol-version", "2026-07-28");
    if let Some(method) = message["method"].as_str() {
        request = request.header("mcp-method", method);
    }
    let params = &message["params"];
    if let Some(name) = params["name"].as_str().or(params["uri"].as_str()) {
        request = request.header("mcp-name", name);
    }
    request
}

/// The server over a store with one restaurant.
async fn server() -> Router {
    let store = InMemoryStore::new(Arc::new(SystemClock));
    let draft = NewRestaurant::draft().name("Blue Door").street_address("1 Harbour Road");
    let new = draft.description("Fish.").parse().unwrap();
    store.create_restaurant(new, &Author::anonymous(), None).await.unwrap();
    McpAdapter::new(Arc::new(store)).default_actor(Actor::unauthenticated()).router(&["/mcp"])
}
