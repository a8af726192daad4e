//! The MCP server: which tools a caller sees, and how a call runs within its limits.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use http::request::Parts;
use restaurant_domain::{Actor, Repository};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock,
        ListToolsResult, PaginatedRequestParams, ServerConfig, Tool,
    },
    service::RequestContext,
};
use serde_json::Value;
use tracing::{Instrument, Span};

use crate::{
    tool::{Call, CallContext, CalledTool, ToolEntry},
    tool_error::ToolError,
};

/// For how long a client may keep the list of tools, in milliseconds: it changes with the program and with the caller's rights.
const LIST_TTL_MS: u64 = 300_000;

/// The server behind every request; cloning it copies a pointer.
#[derive(Clone)]
pub(crate) struct RestaurantHandler(Arc<Shared>);

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) repository: Arc<dyn Repository>,
    pub(crate) tools: Vec<ToolEntry>,
    pub(crate) config: ServerConfig,
    pub(crate) default_actor: Option<Actor>,
    pub(crate) call_limit: Duration,
}

impl RestaurantHandler {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    fn find(&self, name: &str) -> Option<&ToolEntry> {
        self.0.tools.iter().find(|entry| entry.name == name)
    }

    /// Who calls: as the host application said, else the default, else nobody.
    fn actor(&self, context: &RequestContext<RoleServer>) -> Option<Actor> {
        let parts = context.extensions.get::<Parts>();
        let said = parts.and_then(|parts| parts.extensions.get::<Actor>());
        said.or(self.0.default_actor.as_ref()).cloned()
    }

    /// Runs a tool within its limits: the caller's rights, the time, and no panic beyond this point.
    async fn run(
        &self,
        entry: &ToolEntry,
        actor: Option<Actor>,
        arguments: Option<rmcp::model::JsonObject>,
    ) -> Result<Value, ToolError> {
        let actor = actor.ok_or(ToolError::NoActor)?;
        entry.allows(&actor)?;
        let arguments = arguments.unwrap_or_default();
        let call = Call {
            repository: &*self.0.repository,
            actor: &actor,
            arguments: &arguments,
            known: &entry.known,
        };
        let guarded = AssertUnwindSafe((entry.run)(call)).catch_unwind();
        match tokio::time::timeout(self.0.call_limit, guarded).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(ToolError::Panicked),
            Err(_) => Err(ToolError::TimedOut),
        }
    }
}

impl ServerHandler for RestaurantHandler {
    fn get_info(&self) -> ServerConfig {
        self.0.config.clone()
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.find(name).map(|entry| entry.tool.clone())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let actor = self.actor(&context);
        if actor.is_none() {
            tracing::error!(
                "no Actor in the request's extensions: no tool is listed; see McpAdapter"
            );
        }
        let tools = self.0.tools.iter();
        let tools =
            tools.filter(|entry| actor.as_ref().is_some_and(|actor| entry.allows(actor).is_ok()));
        let tools = tools.map(|entry| entry.tool.clone()).collect();
        Ok(ListToolsResult::with_all_items(tools)
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(CacheScope::Private))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(entry) = self.find(&request.name) else {
            let names: Vec<_> = self.0.tools.iter().map(|entry| entry.name).collect();
            let message = format!("unknown tool; the tools are {}", names.join(", "));
            return Err(ErrorData::invalid_params(message, None));
        };
        let parts = context.extensions.get::<Parts>();
        let call = parts.and_then(|parts| parts.extensions.get::<CallContext>());
        if let Some(call) = call {
            // A request calls one tool: the cell is empty.
            let _ = call.called.set(CalledTool(entry.name));
        }
        let span = call.map_or_else(Span::current, |call| call.span.clone());
        let span = tracing::info_span!(parent: &span, "tool", name = entry.name);
        let run = async {
            match self.run(entry, self.actor(&context), request.arguments).await {
                Ok(value) => success(value),
                Err(error) => error.into_result(entry.name),
            }
        };
        Ok(run.instrument(span).await.into())
    }
}

/// Structured content, and the same JSON as text for clients that read nothing else.
fn success(value: Value) -> CallToolResult {
    let mut result = CallToolResult::success(vec![ContentBlock::text(value.to_string())]);
    result.structured_content = Some(value);
    result
}
