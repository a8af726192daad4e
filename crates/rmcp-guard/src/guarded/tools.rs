//! Calls of tools: the tool is looked up, its arguments are checked, and then it runs.

use std::sync::Arc;

use http::{Extensions, request::Parts};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{CallToolRequestParams, CallToolResponse, PaginatedRequestParams, Tool},
    service::RequestContext,
};
use tokio_util::sync::CancellationToken;
use tracing::Span;

use super::{Guarded, Item, run::Stopped};
use crate::{
    call_context::{CalledTool, tell_host},
    quoted::quoted,
    report::{Failure, Report},
    tool_catalog::CheckedTool,
};

/// The number of pages of a handler's list that are read to find a tool.
const MAX_PAGES: usize = 100;
/// The number of known tools that an error names.
const MAX_NAMES: usize = 30;

impl<H: ServerHandler> Guarded<H> {
    /// Whether a caller sees an item.
    pub(super) fn shows(&self, context: &RequestContext<RoleServer>, item: Item<'_>) -> bool {
        let Some(visible) = &self.visible else { return true };
        let parts = context.extensions.get::<Parts>();
        parts.map_or_else(
            || visible(&Extensions::new(), item),
            |parts| visible(&parts.extensions, item),
        )
    }

    /// Calls a tool: looks it up, checks the arguments, runs it.
    pub(super) async fn call(
        &self,
        mut request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, Stopped> {
        let Some(tool) = self.find(&request.name, &context).await? else {
            return Err(self.unknown(&request.name, &context).await.into());
        };
        tell_host(&context.extensions, CalledTool(Arc::clone(&tool.name)));
        Span::current().record("tool", &*tool.name);
        if !self.reads_own_arguments.contains(&*tool.name) {
            // A tool with a schema that is none fails closed; the log has it already.
            let arguments = tool.arguments.as_ref();
            let arguments = arguments.map_err(|_| Stopped::Failed(Failure::Panicked))?;
            match arguments.read(request.arguments.take()) {
                Ok(arguments) => request.arguments = Some(arguments),
                Err(faults) => return Ok(Report::invalid_arguments(faults).into_result().into()),
            }
        }
        let mut response = if tool.writes() {
            self.call_to_its_end(request, context).await?
        } else {
            self.handler.call_tool(request, context).await?
        };
        if let CallToolResponse::Complete(result) = &mut response {
            tool.fit(result);
        }
        Ok(response)
    }

    async fn call_to_its_end(
        &self,
        request: CallToolRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, Stopped> {
        // The caller's token would end it early.
        context.ct = CancellationToken::new();
        let handler = Arc::clone(&self.handler);
        // Boxed, since each wrapper around a future moves it.
        let call = Box::pin(async move { Ok(handler.call_tool(request, context).await?) });
        self.finish(call).await
    }

    /// The tool of this name that the caller sees.
    async fn find(
        &self,
        name: &str,
        context: &RequestContext<RoleServer>,
    ) -> Result<Option<Arc<CheckedTool>>, ErrorData> {
        let tool = match self.handler.get_tool(name) {
            Some(tool) => Some(tool),
            None => self.all_tools(context).await?.into_iter().find(|tool| tool.name == name),
        };
        let tool = tool.filter(|tool| self.shows(context, Item::Tool(tool)));
        Ok(tool.map(|tool| self.catalog.check(tool)))
    }

    /// Every tool that the handler lists for the caller.
    async fn all_tools(
        &self,
        context: &RequestContext<RoleServer>,
    ) -> Result<Vec<Tool>, ErrorData> {
        let (mut tools, mut request) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let page = self.handler.list_tools(request, context.clone()).await?;
            tools.extend(page.tools);
            let Some(cursor) = page.next_cursor else { break };
            request = Some(PaginatedRequestParams::default().with_cursor(Some(cursor)));
        }
        Ok(tools)
    }

    /// The error about a tool that the caller does not see.
    async fn unknown(&self, name: &str, context: &RequestContext<RoleServer>) -> ErrorData {
        let mut tools = self.all_tools(context).await.unwrap_or_default();
        tools.retain(|tool| self.shows(context, Item::Tool(tool)));
        let known: Vec<_> = tools.iter().take(MAX_NAMES).map(|tool| &*tool.name).collect();
        let more = if tools.len() > known.len() { ", …" } else { "" };
        let known = if known.is_empty() {
            "there are no tools for this caller".to_owned()
        } else {
            format!("the tools are {}{more}", known.join(", "))
        };
        ErrorData::invalid_params(format!("unknown tool {}: {known}", quoted(name)), None)
    }
}
