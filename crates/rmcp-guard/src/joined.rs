//! Two handlers on one endpoint.

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
        CustomRequest, CustomResult, ErrorCode, GetPromptRequestParams, GetPromptResponse,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
        PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, Reference,
        RequestId, ServerConfig, Tool,
    },
    service::{RequestContext, serve_directly},
};

use crate::{page::page_cursor, stdio::StdioTransport};

/// The number of pages of a list that are read to find a name.
const MAX_PAGES: usize = 100;

/// Two handlers that serve one endpoint: their lists are concatenated, and each request goes to the handler that has the item.
/// Guard it as a whole: `Guarded::new(Joined::new(first, second).await?)`.
///
/// The name, the version and the caching of lists are the first one's; instructions are concatenated. Subscriptions, tasks and skills
/// are not joined: neither handler's are served.
pub struct Joined<A, B> {
    first: A,
    second: B,
}

/// Both handlers of a [`Joined`] have a tool or a prompt of this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameClash(
    /// The name.
    pub String,
);

impl std::fmt::Display for NameClash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "both handlers have {:?}: rename one of them", self.0)
    }
}

impl std::error::Error for NameClash {}

/// The second handler's part of a list begins with this in a cursor, the first one's with [`FIRST`].
const SECOND: &str = "2.";
const FIRST: &str = "1.";

/// Every item of a handler's list. A handler without such a list has none.
macro_rules! all {
    ($handler:expr, $method:ident, $items:ident, $context:expr) => {{
        let (mut items, mut request) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let Ok(page) = $handler.$method(request, $context.clone()).await else { break };
            items.extend(page.$items);
            let Some(cursor) = page.next_cursor else { break };
            request = Some(PaginatedRequestParams::default().with_cursor(Some(cursor)));
        }
        items
    }};
}

/// Lists of both: the first one's pages, then the second one's.
macro_rules! lists {
    ($($name:ident: $answer:ty, $items:ident;)*) => {$(
        async fn $name(
            &self,
            request: Option<PaginatedRequestParams>,
            context: RequestContext<RoleServer>,
        ) -> Result<$answer, ErrorData> {
            let mut list = match Page::of(request)? {
                Page::First(request) => {
                    let list = self.first.$name(request, context.clone()).await;
                    let mut list = absent(list)?.unwrap_or_default();
                    if let Some(cursor) = list.next_cursor {
                        list.next_cursor = Some(format!("{FIRST}{cursor}"));
                        return Ok(list);
                    }
                    let more = self.second.$name(None, context).await;
                    let more = absent(more)?.unwrap_or_default();
                    list.$items.extend(more.$items);
                    list.next_cursor = more.next_cursor;
                    list
                }
                Page::Second(request) => self.second.$name(Some(request), context).await?,
            };
            list.next_cursor = list.next_cursor.map(|cursor| format!("{SECOND}{cursor}"));
            Ok(list)
        }
    )*};
}

/// A page of a joined list.
enum Page {
    First(Option<PaginatedRequestParams>),
    Second(PaginatedRequestParams),
}

impl Page {
    fn of(request: Option<PaginatedRequestParams>) -> Result<Self, ErrorData> {
        let Some(cursor) = page_cursor(request) else { return Ok(Self::First(None)) };
        let at =
            |cursor: &str| PaginatedRequestParams::default().with_cursor(Some(cursor.to_owned()));
        if let Some(cursor) = cursor.strip_prefix(FIRST) {
            Ok(Self::First(Some(at(cursor))))
        } else if let Some(cursor) = cursor.strip_prefix(SECOND) {
            Ok(Self::Second(at(cursor)))
        } else {
            let message = "cursor is none of this list: give the next_cursor of the page before";
            Err(ErrorData::invalid_params(message, None))
        }
    }
}

/// The response of a handler; `None` when it does not know the method.
fn absent<T>(answer: Result<T, ErrorData>) -> Result<Option<T>, ErrorData> {
    match answer {
        Err(error) if error.code == ErrorCode::METHOD_NOT_FOUND => Ok(None),
        answer => answer.map(Some),
    }
}

impl<A: ServerHandler, B: ServerHandler> Joined<A, B> {
    /// Joins two handlers. Both are asked for their lists, without a caller.
    ///
    /// # Errors
    /// Both have a tool or a prompt of the same name.
    pub async fn new(first: A, second: B) -> Result<Self, NameClash> {
        let joined = Self { first, second };
        let context = nobodys_request();
        let tools = all!(joined.first, list_tools, tools, context);
        let others = all!(joined.second, list_tools, tools, context);
        let prompts = all!(joined.first, list_prompts, prompts, context);
        let other_prompts = all!(joined.second, list_prompts, prompts, context);
        let tool = tools.iter().find(|tool| {
            others.iter().any(|other| other.name == tool.name)
                || joined.second.get_tool(&tool.name).is_some()
        });
        // A handler may list a tool to some callers only, and still have it.
        let other = others.iter().find(|tool| joined.first.get_tool(&tool.name).is_some());
        let prompt = prompts
            .iter()
            .find(|prompt| other_prompts.iter().any(|other| other.name == prompt.name));
        let clash = tool.or(other).map(|tool| tool.name.to_string());
        match clash.or_else(|| prompt.map(|prompt| prompt.name.clone())) {
            Some(name) => Err(NameClash(name)),
            None => Ok(joined),
        }
    }

    /// Whether the first handler has a tool of this name.
    async fn is_firsts(&self, name: &str, context: &RequestContext<RoleServer>) -> bool {
        self.first.get_tool(name).is_some()
            || self.second.get_tool(name).is_none()
                && all!(self.first, list_tools, tools, context).iter().any(|tool| tool.name == name)
    }

    /// Whether the first handler has a prompt of this name.
    async fn is_firsts_prompt(&self, name: &str, context: &RequestContext<RoleServer>) -> bool {
        all!(self.first, list_prompts, prompts, context).iter().any(|prompt| prompt.name == name)
    }
}

/// A request that comes from no client.
fn nobodys_request() -> RequestContext<RoleServer> {
    struct Nothing;
    impl ServerHandler for Nothing {}
    let transport = StdioTransport::new(tokio::io::empty(), tokio::io::sink(), 0);
    let session = serve_directly(Nothing, transport, None);
    RequestContext::new(RequestId::Number(0), session.peer().clone())
}

impl<A: ServerHandler, B: ServerHandler> ServerHandler for Joined<A, B> {
    fn get_info(&self) -> ServerConfig {
        let (mut info, other) = (self.first.get_info(), self.second.get_info());
        let (ours, theirs) = (&mut info.capabilities, other.capabilities);
        ours.tools = ours.tools.take().or(theirs.tools);
        ours.prompts = ours.prompts.take().or(theirs.prompts);
        ours.resources = ours.resources.take().or(theirs.resources);
        ours.completions = ours.completions.take().or(theirs.completions);
        let instructions: Vec<_> =
            info.instructions.into_iter().chain(other.instructions).collect();
        info.instructions = (!instructions.is_empty()).then(|| instructions.join("\n\n"));
        info
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.first.get_tool(name).or_else(|| self.second.get_tool(name))
    }

    lists! {
        list_tools: ListToolsResult, tools;
        list_prompts: ListPromptsResult, prompts;
        list_resources: ListResourcesResult, resources;
        list_resource_templates: ListResourceTemplatesResult, resource_templates;
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if self.is_firsts(&request.name, &context).await {
            self.first.call_tool(request, context).await
        } else {
            self.second.call_tool(request, context).await
        }
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        if self.is_firsts_prompt(&request.name, &context).await {
            self.first.get_prompt(request, context).await
        } else {
            self.second.get_prompt(request, context).await
        }
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let error = match self.first.read_resource(request.clone(), context.clone()).await {
            Err(error) if is_not_found(&error) => error,
            answer => return answer,
        };
        match self.second.read_resource(request, context).await {
            Err(other) if is_not_found(&other) => Err(error),
            answer => answer,
        }
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let is_firsts = match &request.r#ref {
            Reference::Prompt(prompt) => self.is_firsts_prompt(&prompt.name, &context).await,
            Reference::Resource(resource) => {
                let known = all!(self.first, list_resource_templates, resource_templates, context);
                known.iter().any(|template| template.uri_template == resource.uri)
            }
            _ => true,
        };
        if is_firsts {
            self.first.complete(request, context).await
        } else {
            self.second.complete(request, context).await
        }
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let answer = self.first.on_custom_request(request.clone(), context.clone()).await;
        match absent(answer)? {
            Some(answer) => Ok(answer),
            None => self.second.on_custom_request(request, context).await,
        }
    }
}

/// Whether a handler says that it has no such resource.
fn is_not_found(error: &ErrorData) -> bool {
    [ErrorCode::METHOD_NOT_FOUND, ErrorCode::RESOURCE_NOT_FOUND, ErrorCode::INVALID_PARAMS]
        .contains(&error.code)
}
