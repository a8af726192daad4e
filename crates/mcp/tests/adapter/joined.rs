//! The adapter beside a handler of the host application's.

use std::sync::Arc;

use axum::Extension;
use restaurant_domain::{Actor, testing::InMemoryStore};
use restaurant_mcp::{McpAdapter, NameClash, TOOL_NAMES};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult,
        PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
};
use serde_json::json;

use crate::server::Server;

/// A handler with one tool of this name.
struct Hotels(&'static str);

impl ServerHandler for Hotels {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema =
            json!({"type": "object", "properties": {"beds": {"type": "integer", "minimum": 1}}});
        let tool = Tool::new(self.0, "Finds hotels", rmcp::model::object(schema));
        Ok(ListToolsResult::with_all_items(vec![tool]))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let beds = request.arguments.unwrap_or_default()["beds"].to_string();
        let text = json!({"beds": beds}).to_string();
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }
}

fn adapter() -> McpAdapter {
    McpAdapter::new(Arc::new(InMemoryStore::default()))
}

#[tokio::test]
async fn tools_of_the_hosts_are_served_on_the_same_endpoint() {
    let app = adapter().join(Hotels("find_hotels")).await.unwrap().router(&["/mcp"]);
    let server = Server::serve(app.layer(Extension(Actor::unauthenticated()))).await;
    let tools = server.tools().await;
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, [&TOOL_NAMES[..], &["find_hotels"]].concat());
    server.add_restaurant("Anchor").await;
    assert_eq!(server.ok("list_restaurants_mcp", json!({})).await["total"], 1);
    let found = server.call("find_hotels", json!({"beds": 2})).await;
    assert_eq!(found["content"][0]["text"], r#"{"beds":"2"}"#);
    let error = server.error("find_hotels", json!({"beds": 0})).await;
    assert_eq!(error["message"], "beds is 0: give a whole number of at least 1, or leave it out");
    let error = server.error("create_review_mcp", json!({"rating": 9})).await;
    assert!(error["message"].as_str().unwrap().contains("give a whole number from 1 to 5"));
}

#[tokio::test]
async fn a_tool_of_the_same_name_is_refused_at_the_start() {
    for name in TOOL_NAMES {
        let clash = adapter().join(Hotels(name)).await.err();
        assert_eq!(clash, Some(NameClash(name.to_owned())));
    }
}
