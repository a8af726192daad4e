//! The handler of MCP requests: connects rmcp with the caller, the tools, the resources and the prompts.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use http::request::Parts;
use restaurant_domain::{Actor, AuditChannel, AuditRecord, Repository, RestaurantCursor, quoted};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams,
        CompleteResult, CompletionInfo, ConstString, ContentBlock, CustomRequest, CustomResult,
        DiscoverResult, GetPromptRequestParams, GetPromptResponse, InitializeResultMethod,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
        PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse,
        ReadResourceResult, ServerConfig,
    },
    service::RequestContext,
};
use rmcp_guard::params_error;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span, field::Empty};

use crate::{
    access::Access,
    call_context::CallContext,
    completion::Completion,
    operation::Operation,
    prompt::Request,
    prompts,
    request_error::RequestError,
    resources::{self, Address},
    tool::{Call, Entry},
    tool_output::Rendered,
    tools::Toolbox,
};

/// For how long clients may keep the lists of tools, prompts and templates and the server's description: they change
/// with a release, or with the caller's rights.
const CACHE_TTL: Duration = Duration::from_mins(5);
/// Restaurants may change at any moment.
const NO_CACHE: Duration = Duration::ZERO;

/// The time that a write may take beyond the caller's limit: far longer than a store's own limits, so that only a store that
/// never responds exceeds it. The outcome is unknown then.
const WORK_LIMIT: Duration = Duration::from_mins(1);

/// The handler of one request; a clone costs one count.
#[derive(Clone)]
pub(crate) struct Handler(Arc<Settings>);

/// The settings that all requests share.
pub(crate) struct Settings {
    /// The store.
    pub(crate) repository: Arc<dyn Repository>,
    /// The tools.
    pub(crate) tools: Toolbox,
    /// The caller and the permissions.
    pub(crate) access: Arc<Access>,
    /// Counts the calls that write.
    pub(crate) tasks: TaskTracker,
    /// The time limit of a request.
    pub(crate) call_timeout: Duration,
    /// The maximum size of a response, in bytes.
    pub(crate) max_response_bytes: usize,
    /// The description of the server.
    pub(crate) config: ServerConfig,
}

impl Handler {
    /// A handler for all requests.
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }

    /// The caller.
    fn actor(&self, context: &RequestContext<RoleServer>) -> Actor {
        let parts = context.extensions.get::<Parts>();
        self.0.access.actor(parts.map(|parts| &parts.extensions))
    }

    fn may(&self, actor: &Actor, operation: Operation) -> bool {
        self.0.access.check(actor, operation).is_ok()
    }

    /// Waits for the work of a request: within its time, in a span of its own, until the caller hangs up. A panic ends the
    /// work, not the server. What the caller is not told is logged here, once.
    async fn run<T>(
        &self,
        context: &RequestContext<RoleServer>,
        span: Span,
        work: impl Future<Output = Result<T, RequestError>>,
    ) -> Result<T, RequestError> {
        let limit = self.0.call_timeout;
        // Nothing that the work touched outlives it, save the repository, which must stand the loss of a caller anyway.
        let work = timeout(limit, AssertUnwindSafe(work).catch_unwind());
        let work = async {
            let outcome = match context.ct.run_until_cancelled(work).await {
                Some(Ok(Ok(outcome))) => outcome,
                Some(Ok(Err(_panic))) => Err(RequestError::Defect("a panic")),
                Some(Err(_elapsed)) => Err(RequestError::TimedOut(limit)),
                None => Err(RequestError::Cancelled),
            };
            tracing::debug!(
                outcome = outcome.as_ref().map_or_else(RequestError::code, |_| "ok"),
                "answered"
            );
            outcome.inspect_err(|error| {
                error.log();
                if let Some(permission) = error.missing_permission() {
                    CallContext::record_missing(&context.extensions, permission);
                }
                Span::current().record("error_code", error.code());
            })
        };
        work.instrument(span).await
    }

    /// [`Self::run`] for everything but tools.
    async fn answer<T>(
        &self,
        context: &RequestContext<RoleServer>,
        method: &'static str,
        what: &'static str,
        work: impl Future<Output = Result<T, RequestError>>,
    ) -> Result<T, ErrorData> {
        let parent = CallContext::span(&context.extensions);
        let span =
            tracing::info_span!(parent: parent, "mcp", method, prompt = Empty, error_code = Empty);
        if !what.is_empty() {
            span.record("prompt", what);
        }
        self.run(context, span, work).await.map_err(RequestError::into_error)
    }

    /// Runs a tool, and writes the audit record when it is one that writes.
    async fn call(
        &self,
        tool: &Entry,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> CallToolResult {
        let parent = CallContext::record_tool(&context.extensions, tool.name());
        let (method, tool_name) = ("tools/call", tool.name());
        let span = tracing::info_span!(parent: parent, "mcp", method, tool = tool_name, error_code = Empty);
        let actor = self.actor(context);
        let record = tool.operation().audited().map(|operation| {
            AuditRecord::new(actor.author(), AuditChannel::Mcp, operation, span.clone())
        });
        let writes = record.is_some();
        let call = tool.run(Call {
            repository: Arc::clone(&self.0.repository),
            access: Arc::clone(&self.0.access),
            actor,
            arguments: request.arguments,
            max_response_bytes: self.0.max_response_bytes,
            record,
        });
        let outcome = if writes {
            let call = self.finish(call.instrument(span.clone()));
            self.run(context, span, call).await
        } else {
            self.run(context, span, call).await
        };
        outcome.map_or_else(RequestError::into_result, into_result)
    }

    /// Runs a call that writes to its end, from now on, in a task that the caller cannot cut short: so what it wrote is
    /// recorded.
    fn finish<T: Send + 'static>(
        &self,
        call: impl Future<Output = Result<T, RequestError>> + Send + 'static,
    ) -> impl Future<Output = Result<T, RequestError>> {
        let limit = self.0.call_timeout + WORK_LIMIT;
        let call =
            async move { timeout(limit, call).await.unwrap_or(Err(RequestError::TimedOut(limit))) };
        let task = self.0.tasks.spawn(call);
        async { task.await.unwrap_or(Err(RequestError::Defect("a task that was cut short"))) }
    }
}

fn into_result(Rendered { value, text }: Rendered) -> CallToolResult {
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(value);
    result
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
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        only_page(request)?;
        let tools = self.0.tools.visible_to(&self.actor(&context), &self.0.access);
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
            let (name, known) = (quoted(&request.name), Toolbox::names());
            ErrorData::invalid_params(format!("unknown tool {name}: the tools are {known}"), None)
        })?;
        Ok(self.call(tool, request, &context).await.into())
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let after = cursor(request).map(|cursor| cursor.parse::<RestaurantCursor>()).transpose();
        let after = after.map_err(|error| ErrorData::invalid_params(error.to_string(), None))?;
        let result = if self.may(&self.actor(&context), Operation::ListRestaurants) {
            let page = async { Ok(resources::list(&*self.0.repository, after).await?) };
            self.answer(&context, "resources/list", "", page).await?
        } else {
            ListResourcesResult::default()
        };
        Ok(result.with_ttl_ms(milliseconds(NO_CACHE)).with_cache_scope(CacheScope::Private))
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        only_page(request)?;
        let may_read = self.may(&self.actor(&context), Operation::GetDetails);
        let templates = may_read.then(resources::template).into_iter().collect();
        Ok(ListResourceTemplatesResult::with_all_items(templates)
            .with_ttl_ms(milliseconds(CACHE_TTL))
            .with_cache_scope(CacheScope::Private))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let Address { restaurant, reviews } = Address::parse(&request.uri)?;
        let actor = self.actor(&context);
        let read = self.answer(&context, "resources/read", "", async {
            self.0.access.check(&actor, Operation::GetDetails)?;
            let details = self.0.repository.restaurant_details(restaurant, reviews).await?;
            let details = details.ok_or(RequestError::NotFound(restaurant))?;
            resources::content(details, request.uri, self.0.max_response_bytes)
        });
        let result = ReadResourceResult::new(vec![read.await?])
            .with_ttl_ms(milliseconds(NO_CACHE))
            .with_cache_scope(CacheScope::Private);
        Ok(result.into())
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        only_page(request)?;
        let prompts = prompts::visible_to(&self.actor(&context), &self.0.access);
        Ok(ListPromptsResult::with_all_items(prompts)
            .with_ttl_ms(milliseconds(CACHE_TTL))
            .with_cache_scope(CacheScope::Private))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let prompt = prompts::find(&request.name).ok_or_else(|| {
            let (name, known) = (quoted(&request.name), prompts::names());
            ErrorData::invalid_params(
                format!("unknown prompt {name}: the prompts are {known}"),
                None,
            )
        })?;
        let actor = self.actor(&context);
        let filled = prompt.fill(Request {
            repository: &*self.0.repository,
            access: &self.0.access,
            actor: &actor,
            arguments: request.arguments,
            max_response_bytes: self.0.max_response_bytes,
        });
        self.answer(&context, "prompts/get", prompt.name(), filled).await.map(Into::into)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let completion = Completion::of(request)?;
        if !self.may(&self.actor(&context), Operation::ListRestaurants) {
            return Ok(CompleteResult::new(CompletionInfo::default()));
        }
        let found = completion.run(&*self.0.repository);
        self.answer(&context, "completion/complete", "", found).await.map(CompleteResult::new)
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
        Err(params_error(&request.method))
    }
}

/// The start of a page. Some clients send an empty text for the first page.
fn cursor(request: Option<PaginatedRequestParams>) -> Option<String> {
    request.and_then(|request| request.cursor).filter(|cursor| !cursor.is_empty())
}

/// Refuses a cursor where there is one page.
fn only_page(request: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    cursor(request).map_or(Ok(()), |_| {
        let message = "cursor is none of this list: it has one page; leave the cursor out";
        Err(ErrorData::invalid_params(message, None))
    })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
