//! The server that the MCP conformance suite wants to meet, behind this crate's transport layer: the suite's own tools,
//! resources and prompts, with sessions and event streams, so that what fails can only be the layer's fault.
//!
//! It listens on a free port, says so on standard output in the words of the real server, and serves until it is ended.

#![expect(
    deprecated,
    reason = "the suite checks revisions of the protocol that have logging and subscribe in the old way"
)]

mod catalog;
mod prompts;
mod questions;
mod resources;
mod tools;

use std::{error::Error, sync::Arc};

use axum::Router;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
        CompletionInfo, GetPromptRequestParams, GetPromptResponse, Implementation,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
        PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse,
        ServerCapabilities, ServerConfig, SetLevelRequestMethod, SetLevelRequestParams,
        SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams,
    },
    service::{RequestContext, SubscriptionContext},
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use rmcp_guard::TransportLayer;
use tokio::{net::TcpListener, sync::broadcast};
use tower::Layer;

use crate::{catalog::Catalog, questions::Questions};

type Context = RequestContext<RoleServer>;

/// The handler; all requests and sessions share what is in it.
#[derive(Clone)]
struct Fixture {
    catalog: Arc<Catalog>,
    questions: Arc<Questions>,
    changes: broadcast::Sender<Change>,
}

/// Which list has changed.
#[derive(Clone, Copy)]
enum Change {
    Tools,
    Prompts,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let catalog = Arc::new(Catalog::read()?);
    let questions = Arc::new(Questions::new(&catalog)?);
    let fixture = Fixture { catalog, questions, changes: broadcast::Sender::new(16) };
    let config = StreamableHttpServerConfig::default().with_json_response(true);
    let sessions = Arc::new(LocalSessionManager::default());
    let rmcp = StreamableHttpService::new(move || Ok(fixture.clone()), sessions, config);
    let app = Router::new().route_service("/mcp", TransportLayer::new().layer(rmcp));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("Pages  http://{}/", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

impl ServerHandler for Fixture {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_completions()
            .enable_logging()
            .build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("conformance", "1.0.0"))
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: Context,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.catalog.tools.clone()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.catalog.tools.iter().find(|tool| tool.name == name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: Context,
    ) -> Result<CallToolResponse, ErrorData> {
        tools::call(self, request, &context).await
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(self.catalog.resources.clone()))
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(self.catalog.resource_templates.clone()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(&self.catalog, request.uri)
    }

    async fn subscribe(
        &self,
        _request: SubscribeRequestParams,
        _context: Context,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(
        &self,
        _request: UnsubscribeRequestParams,
        _context: Context,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(self.catalog.prompts.clone()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(self, request)
    }

    async fn complete(
        &self,
        _request: CompleteRequestParams,
        _context: Context,
    ) -> Result<CompleteResult, ErrorData> {
        Ok(CompleteResult::new(CompletionInfo::default()))
    }

    async fn set_level(
        &self,
        _request: SetLevelRequestParams,
        context: Context,
    ) -> Result<(), ErrorData> {
        // Gone from this revision on; rmcp leaves that to the handler.
        if context.protocol_version() >= Some(ProtocolVersion::V_2026_07_28) {
            return Err(ErrorData::method_not_found::<SetLevelRequestMethod>());
        }
        Ok(())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.changes.subscribe();
        let pass_on = async {
            while let Ok(change) = changes.recv().await {
                // The error of a notification that was not asked for, or of a listener that has gone.
                let _ = match change {
                    Change::Tools => subscription.sink().notify_tool_list_changed().await,
                    Change::Prompts => subscription.sink().notify_prompt_list_changed().await,
                };
            }
        };
        tokio::select! {
            () = pass_on => {}
            () = subscription.cancelled() => {}
        }
        Ok(())
    }
}
