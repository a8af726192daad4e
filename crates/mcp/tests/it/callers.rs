//! Who calls decides what is seen and done; nobody is nobody.

use axum::Extension;
use restaurant_domain::{Actor, Author, Permissions};
use serde_json::{Value, json};

use crate::endpoint::{adapter, error, ok, result, serve, serve_router};

async fn tools(url: &str) -> Vec<String> {
    let list = result(url, "tools/list", json!({})).await;
    let name = |tool: &Value| tool["name"].as_str().unwrap().to_owned();
    list["tools"].as_array().unwrap().iter().map(name).collect()
}

fn restaurant() -> Value {
    json!({"restaurant_name": "A", "street_address": "B", "description": "C"})
}

#[tokio::test]
async fn without_an_actor_nothing_is_listed_and_nothing_runs() {
    let url = serve_router(adapter().router(&["/mcp"])).await;
    assert_eq!(tools(&url).await, [""; 0]);
    for (tool, arguments) in
        [("list_restaurants_mcp", json!({})), ("create_restaurant_mcp", restaurant())]
    {
        assert_eq!(error(&url, tool, arguments).await["code"], "internal");
    }
}

#[tokio::test]
async fn a_reader_sees_and_calls_the_reading_tools_only() {
    let reader = Actor::new(Author::agent("app", None), Permissions::READ);
    let router = adapter().router(&["/mcp"]).layer(Extension(reader));
    let url = serve_router(router).await;
    assert_eq!(tools(&url).await, ["list_restaurants_mcp", "get_details_mcp"]);
    assert_eq!(error(&url, "create_restaurant_mcp", restaurant()).await["code"], "forbidden");
    assert_eq!(ok(&url, "list_restaurants_mcp", json!({})).await["total"], 0);
}

#[tokio::test]
async fn a_default_actor_stands_in_where_nobody_was_named() {
    let url =
        serve_router(adapter().default_actor(Actor::unauthenticated()).router(&["/mcp"])).await;
    assert_eq!(tools(&url).await.len(), 4);
    ok(&url, "create_restaurant_mcp", restaurant()).await;
    // Who was named counts, not the default.
    let nobody = Actor::new(Author::anonymous(), Permissions::default());
    let router = adapter().default_actor(Actor::unauthenticated()).router(&["/mcp"]);
    let url = serve_router(router.layer(Extension(nobody))).await;
    assert_eq!(tools(&url).await, [""; 0]);
}

#[tokio::test]
async fn the_list_of_tools_is_the_callers_own() {
    let url = serve(adapter()).await;
    let meta = json!({"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    }});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": meta});
    let request = crate::endpoint::post(&url, body.to_string());
    let request =
        request.header("mcp-protocol-version", "2026-07-28").header("mcp-method", "tools/list");
    let answer = crate::endpoint::json(request.send().await.unwrap()).await;
    assert_eq!(answer["result"]["cacheScope"], "private", "{answer}");
    assert!(answer["result"]["ttlMs"].as_u64().unwrap() > 0);
}
