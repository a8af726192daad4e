//! The handler of MCP requests: connects rmcp with the caller, the tools, the resources and the prompts.

use std::{sync::Arc, time::Duration};

use http::{Extensions, request::Parts};
use restaurant_domain::{Actor, AuditChannel, AuditRecord, Repository, RestaurantCursor, quoted};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestMethod, CallToolRequestParams, CallToolResponse,
        CompleteRequestParams, CompleteResult, CompletionInfo, DiscoverResult,
        GetPromptRequestParams, GetPromptResponse, ListPromptsResult, ListResourceTemplatesResult,
        ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams,
        ReadResourceResponse, ReadResourceResult, ServerConfig, Tool as Definition,
    },
    service::RequestContext,
};
use rmcp_guard::{only_page, page_cursor};
use tracing::Span;

use crate::{
    access::{Access, Rights},
    card,
    completion::Completion,
    confirmation::{Confirmation, Means},
    operation::Operation,
    prompt::Request,
    prompts,
    request_error::RequestError,
    resources::{self, Address},
    tool::{Call, Entry, KeptResults, Outcome},
    tools::Toolbox,
    untrusted,
};

/// For how long clients may keep the lists of tools, prompts and templates and the server's description: they change
/// with a release, or with the caller's rights.
const CACHE_TTL: Duration = Duration::from_secs(300);
/// Restaurants may change at any moment.
const NO_CACHE: Duration = Duration::ZERO;

/// The handler of one request; a clone costs one count.
#[derive(Clone)]
pub(crate) struct Handler(Arc<Settings>);

/// The settings that all requests share.
pub(crate) struct Settings {
    /// The store.
    pub(crate) repository: Arc<dyn Repository>,
    /// The results of tools that are kept.
    pub(crate) kept: Arc<KeptResults>,
    /// The tools.
    pub(crate) tools: Toolbox,
    /// The caller and the permissions.
    pub(crate) access: Arc<Access>,
    /// The rules for confirmations.
    pub(crate) confirmation: Confirmation,
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

    /// What the lists depend on besides the message. It is left for the handler, which may then be asked in the same request.
    pub(crate) fn lists_depend_on(&self, request: &mut Extensions) -> u64 {
        let rights = self.0.access.rights(&self.0.access.actor(Some(request)));
        request.insert(rights);
        rights.bits()
    }

    /// What the caller may do.
    fn rights(&self, context: &RequestContext<RoleServer>) -> Rights {
        let parts = context.extensions.get::<Parts>();
        let left = parts.and_then(|parts| parts.extensions.get::<Rights>()).copied();
        left.unwrap_or_else(|| self.0.access.rights(&self.actor(context)))
    }

    fn may(&self, actor: &Actor, operation: Operation) -> bool {
        self.0.access.check(actor, operation).is_ok()
    }

    /// Runs a tool, and writes the audit record when it is one that writes.
    async fn call(
        &self,
        tool: &Entry,
        mut request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> CallToolResponse {
        let actor = self.actor(context).through(AuditChannel::Mcp, Some(tool.name()));
        let record = tool.operation().audited().map(|operation| {
            AuditRecord::new(actor.author(), AuditChannel::Mcp, operation, Span::current())
        });
        let is_confirmed = record.is_some() && self.0.confirmation.applies_to(actor.author());
        let call = tool.run(Call {
            confirm: is_confirmed.then(|| Means::of(&mut request, context)),
            is_confirmation_required: self.0.confirmation.is_required,
            repository: Arc::clone(&self.0.repository),
            kept: Arc::clone(&self.0.kept),
            access: Arc::clone(&self.0.access),
            actor,
            arguments: request.arguments,
            max_response_bytes: self.0.max_response_bytes,
            record,
        });
        match call.await {
            Ok(Outcome::Ask(ask)) => return (*ask).into(),
            Ok(Outcome::Done(json)) => {
                let mut result = json.into_result(&context.extensions);
                tool.untrusted().put_into(&mut result, &context.extensions);
                result
            }
            Err(error) => error.into_result(&context.extensions),
        }
        .into()
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
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        only_page(request)?;
        let mut tools = self.0.tools.visible_with(self.rights(&context));
        if card::may_be_shown(&context) {
            card::link(&mut tools);
        }
        Ok(ListToolsResult::with_all_items(tools)
            .with_ttl_ms(milliseconds(CACHE_TTL))
            .with_cache_scope(CacheScope::Private))
    }

    fn get_tool(&self, name: &str) -> Option<Definition> {
        self.0.tools.find(name).map(|tool| tool.definition().clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = self.0.tools.find(&request.name);
        let tool = tool.ok_or_else(ErrorData::method_not_found::<CallToolRequestMethod>)?;
        Ok(self.call(tool, request, &context).await)
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let after =
            page_cursor(request).map(|cursor| cursor.parse::<RestaurantCursor>()).transpose();
        let after = after.map_err(|error| ErrorData::invalid_params(error.to_string(), None))?;
        let result = if self.may(&self.actor(&context), Operation::ListRestaurants) {
            let page = resources::list(&*self.0.repository, after).await;
            page.map_err(|error| RequestError::from(error).into_error(&context.extensions))?
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
        let may_read = self.rights(&context).allow(Operation::GetDetails);
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
        let actor = self.actor(&context);
        if request.uri == card::URI {
            let may = self.0.access.check(&actor, Operation::GetDetails);
            may.map_err(|denied| RequestError::from(denied).into_error(&context.extensions))?;
            let view = card::view().with_ttl_ms(milliseconds(CACHE_TTL));
            return Ok(view.with_cache_scope(CacheScope::Private).into());
        }
        let Address { restaurant, reviews } = Address::parse(&request.uri)?;
        let read = async {
            self.0.access.check(&actor, Operation::GetDetails)?;
            let details = self.0.repository.restaurant_details(restaurant, reviews).await?;
            let details = details.ok_or(RequestError::NotFound(restaurant))?;
            resources::content(details, request.uri, self.0.max_response_bytes)
        };
        let restaurant = read.await.map_err(|error| error.into_error(&context.extensions))?;
        let result = ReadResourceResult::new(vec![restaurant])
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
        let prompts = prompts::visible_with(self.rights(&context));
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
        filled.await.map(Into::into).map_err(|error| error.into_error(&context.extensions))
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
        let found = completion.run(&*self.0.repository).await;
        let found = found.map_err(|error| error.into_error(&context.extensions))?;
        let mut result = CompleteResult::new(found);
        result.meta = Some(untrusted::of_fields(&["completion.values[]"]));
        Ok(result)
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
