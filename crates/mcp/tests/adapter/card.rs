//! The card of a restaurant, for clients that show one.

use std::sync::Arc;

use restaurant_domain::{Actor, Author, Permissions, testing::InMemoryStore};
use restaurant_mcp::McpAdapter;
use serde_json::{Value, json};

use crate::server::{Server, json_of, message};

const URI: &str = "ui://restaurant-reviews/card";
const MEDIA_TYPE: &str = "text/html;profile=mcp-app";

/// The `_meta` of each tool, as a client of 2026-07-28 with these capabilities gets it.
async fn marks(server: &Server, capabilities: Value) -> Vec<(String, Value)> {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": capabilities,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    });
    let request = server.post(message("tools/list", &json!({"_meta": meta})));
    let request = request.header("mcp-method", "tools/list");
    let request = request.header("mcp-protocol-version", "2026-07-28");
    let listed = json_of(request.send().await.unwrap()).await;
    of(listed["result"]["tools"].as_array().unwrap())
}

fn of(tools: &[Value]) -> Vec<(String, Value)> {
    let marked = tools.iter().filter(|tool| !tool["_meta"].is_null());
    marked.map(|tool| (tool["name"].as_str().unwrap().to_owned(), tool["_meta"].clone())).collect()
}

#[tokio::test]
async fn the_tool_names_the_card_to_clients_that_may_show_it() {
    let server = Server::start().await;
    let declared = |types: Value| json!({"extensions": {"io.modelcontextprotocol/ui": types}});
    let linked = [("get_details_mcp".to_owned(), json!({"ui": {"resourceUri": URI}}))];
    let shows = declared(json!({"mimeTypes": ["text/x", MEDIA_TYPE]}));
    assert_eq!(marks(&server, shows).await, linked);
    for capabilities in [
        json!({}),
        declared(json!({})),
        declared(json!({"mimeTypes": ["text/html"]})),
        declared(json!({"mimeTypes": MEDIA_TYPE})),
        json!({"extensions": {"other/ui": {"mimeTypes": [MEDIA_TYPE]}}}),
    ] {
        assert_eq!(marks(&server, capabilities.clone()).await, [], "{capabilities}");
    }
    // An older client declares it in the handshake, which the server does not remember.
    assert_eq!(of(&server.tools().await), linked);
}

#[tokio::test]
async fn the_card_is_a_constant_that_loads_nothing() {
    let server = Server::start().await;
    server.add_restaurant("Anchor").await;
    let read = server.request("resources/read", json!({"uri": URI})).await["result"].clone();
    let [content] = read["contents"].as_array().unwrap().as_slice() else { panic!("{read}") };
    assert_eq!((&content["uri"], &content["mimeType"]), (&json!(URI), &json!(MEDIA_TYPE)));
    assert_eq!(content["_meta"]["ui"], json!({"csp": {}, "prefersBorder": true}));
    let view = content["text"].as_str().unwrap();
    assert!(view.starts_with("<!doctype html>"));
    for loads in ["http:", "https:", "src=", "href=", "import", "fetch", "url(", "Anchor"] {
        assert!(!view.contains(loads), "{loads}");
    }
    // What makes markup of a text.
    for unsafe_way in
        ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval", "setAttribute"]
    {
        assert!(!view.contains(unsafe_way), "{unsafe_way}");
    }
    let listed = server.request("resources/list", json!({})).await["result"].clone();
    assert!(!listed.to_string().contains("ui://"), "it is found by the tool");
    let stranger = Actor::new(Author::anonymous(), Permissions::default());
    let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    let server = Server::with_actor(adapter, stranger).await;
    let refused = server.request("resources/read", json!({"uri": URI})).await;
    assert_eq!(refused["error"]["data"]["code"], "forbidden");
}
