//! What the server answers: the meeting place of rmcp, the tools and the caller.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use http::request::Parts;
use restaurant_domain::{Actor, Author, Permissions, Repository, quoted};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ConstString,
        CustomRequest, CustomResult, DiscoverResult, InitializeResultMethod, JsonObject,
        ListToolsResult, PaginatedRequestParams, ProtocolVersion, ServerConfig,
    },
    service::RequestContext,
};
use serde_json::Value;
use tracing::Instrument;

use crate::{
    service::CallContext,
    tool_error::ToolError,
    tools::{Call, Entry, Toolbox},
};

/// For how long clients may keep the list of tools and the server's description: it changes with a release, or with the caller's rights.
const CACHE_TTL: Duration = Duration::from_mins(5);

/// The handler of one request; a clone costs one count.
#[derive(Clone)]
pub(crate) struct Handler(Arc<Settings>);

/// What all requests share.
pub(crate) struct Settings {
    /// The store.
    pub(crate) repository: Arc<dyn Repository>,
    /// The tools.
    pub(crate) tools: Toolbox,
    /// Who calls when the request does not say.
    pub(crate) default_actor: Option<Actor>,
    /// How long a call may take.
    pub(crate) call_timeout: Duration,
    /// How the server describes itself.
    pub(crate) config: ServerConfig,
}

impl Handler {
    /// A handler for all requests.
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }

    /// Who calls. Without an answer it is somebody who may do nothing.
    fn actor(&self, context: &RequestContext<RoleServer>) -> Actor {
        let parts = context.extensions.get::<Parts>();
        let actor = parts.and_then(|parts| parts.extensions.get::<Actor>());
        actor.or(self.0.default_actor.as_ref()).cloned().unwrap_or_else(|| {
            tracing::warn!(
                "nobody may use the tools: the request's extensions hold no Actor; \
                 put one there in a layer before the adapter, or choose McpAdapter::default_actor"
            );
            Actor::new(Author::anonymous(), Permissions::default())
        })
    }

    /// Runs a call within its time limit; a panic ends the call, not the server.
    async fn run(
        &self,
        tool: &Entry,
        actor: &Actor,
        arguments: Option<JsonObject>,
    ) -> Result<Value, ToolError> {
        let repository = &*self.0.repository;
        // Nothing that the call touched outlives it, save the repository, which must stand the loss of a caller anyway.
        let call =
            AssertUnwindSafe(async { tool.run(Call { repository, actor, arguments }).await });
        match tokio::time::timeout(self.0.call_timeout, call.catch_unwind()).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => Err(ToolError::Defect("the tool panicked")),
            Err(_elapsed) => Err(ToolError::TimedOut(self.0.call_timeout)),
        }
    }

    /// Runs a call and turns its outcome into a result; what the caller is not told is logged here, once.
    async fn answer(
        &self,
        tool: &Entry,
        actor: &Actor,
        arguments: Option<JsonObject>,
    ) -> CallToolResult {
        match self.run(tool, actor, arguments).await {
            Ok(output) => {
                tracing::debug!(outcome = "ok", "tool call");
                CallToolResult::structured(output)
            }
            Err(error) => {
                tracing::debug!(outcome = error.code(), "tool call");
                error.log();
                error.into_result()
            }
        }
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        self.0.config.clone()
    }

    async fn discover(
        &self,
        _context: RequestContext<RoleServer>,
    ) -> Result<DiscoverResult, ErrorData> {
        let versions = self.supported_protocol_versions().into_owned();
        Ok(DiscoverResult::from_server_info(versions, self.get_info())
            .with_ttl_ms(milliseconds(CACHE_TTL))
            .with_cache_scope(CacheScope::Public))
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = self.0.tools.visible_to(&self.actor(&context));
        Ok(ListToolsResult::with_all_items(tools)
            .with_ttl_ms(milliseconds(CACHE_TTL))
            .with_cache_scope(CacheScope::Private))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = self.0.tools.find(&request.name).ok_or_else(|| {
            let (name, known) = (quoted(&request.name), self.0.tools.names());
            ErrorData::invalid_params(format!("unknown tool {name}: the tools are {known}"), None)
        })?;
        let request_span = CallContext::note(&context.extensions, tool.name());
        let actor = self.actor(&context);
        let span = tracing::info_span!(parent: request_span, "tool", tool = tool.name());
        let answer = self.answer(tool, &actor, request.arguments).instrument(span);
        // The token falls when the caller hangs up: the work ends with it, and nobody reads the error.
        let answer = context.ct.run_until_cancelled(answer).await;
        answer.map(Into::into).ok_or_else(|| ErrorData::internal_error("cancelled", None))
    }

    /// rmcp brings here what it cannot read, a known method with parameters of the wrong shape among it.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let stateless = context.protocol_version() >= Some(ProtocolVersion::V_2026_07_28);
        if stateless && request.method == InitializeResultMethod::VALUE {
            // The handshake is gone from this revision on.
            return Err(ErrorData::method_not_found::<InitializeResultMethod>());
        }
        let method = quoted(&request.method);
        Err(match request.method.as_str() {
            "tools/call" => ErrorData::invalid_params(
                "the params of tools/call are not readable: give name (a text) and arguments (an object)",
                None,
            ),
            "initialize" | "tools/list" | "server/discover" => {
                ErrorData::invalid_params(format!("the params of {method} are not readable"), None)
            }
            _ => ErrorData::new(
                rmcp::model::ErrorCode::METHOD_NOT_FOUND,
                format!("unknown method {method}"),
                None,
            ),
        })
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
