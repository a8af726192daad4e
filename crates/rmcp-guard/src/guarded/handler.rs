//! The guard as a handler: every request passes through it.

// rmcp marks the methods of older protocol versions as deprecated; their clients are served.
#![expect(deprecated, reason = "clients of every protocol version are served")]

use std::{borrow::Cow, panic::AssertUnwindSafe};

use futures_util::FutureExt;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CancelTaskParams, CancelledNotificationParam,
        CompleteRequestParams, CompleteResult, ConstString, CustomNotification, CustomRequest,
        CustomResult, DiscoverResult, ErrorCode, GetPromptRequestParams, GetPromptResponse,
        GetSkillRequestParams, GetSkillResult, GetTaskParams, GetTaskResult,
        InitializeRequestParams, InitializeResult, InitializeResultMethod, ListPromptsResult,
        ListResourceTemplatesResult, ListResourcesResult, ListSkillsResult, ListToolsResult,
        PaginatedRequestParams, ProgressNotificationParam, ProtocolVersion,
        ReadResourceDirectoryRequestParams, ReadResourceDirectoryResult, ReadResourceRequestParams,
        ReadResourceResponse, Reference, ServerConfig, SetLevelRequestParams,
        SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams,
        UpdateTaskParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use tracing::Span;

use super::{
    Guarded, Item,
    run::{Running, Stopped, caught},
};
use crate::{call_context::CallContext, params::params_error, quoted::quoted};

/// Requests that pass as they are, each with the name of its method.
macro_rules! requests {
    ($($name:ident: $method:literal, $request:ty, $answer:ty;)*) => {$(
        async fn $name(
            &self,
            request: $request,
            context: RequestContext<RoleServer>,
        ) -> Result<$answer, ErrorData> {
            let running = Running::new(&context, $method);
            let work = async { Ok(self.handler.$name(request, context).await?) };
            self.run(running, Box::pin(work)).await
        }
    )*};
}

/// Requests without parameters.
macro_rules! bare_requests {
    ($($name:ident: $method:literal, $answer:ty;)*) => {$(
        async fn $name(&self, context: RequestContext<RoleServer>) -> Result<$answer, ErrorData> {
            let running = Running::new(&context, $method);
            self.run(running, Box::pin(async { Ok(self.handler.$name(context).await?) })).await
        }
    )*};
}

/// Notifications: a panic in one ends it alone.
macro_rules! notifications {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {$(
        async fn $name(&self, $($argument: $kind,)* context: NotificationContext<RoleServer>) {
            let work = async { self.handler.$name($($argument,)* context).await };
            if AssertUnwindSafe(work).catch_unwind().await.is_err() {
                tracing::error!(what = "a panic", "notification failed");
            }
        }
    )*};
}

/// Lists that are filtered by the caller.
macro_rules! lists {
    ($($name:ident: $method:literal, $answer:ty, $items:ident, |$item:ident| $shown:expr;)*) => {$(
        async fn $name(
            &self,
            request: Option<PaginatedRequestParams>,
            context: RequestContext<RoleServer>,
        ) -> Result<$answer, ErrorData> {
            let inner = context.clone();
            let work = async {
                let mut list = self.handler.$name(request, inner).await?;
                list.$items.retain(|$item| self.shows(&context, $shown));
                Ok(list)
            };
            self.run(Running::new(&context, $method), Box::pin(work)).await
        }
    )*};
}

impl<H: ServerHandler> ServerHandler for Guarded<H> {
    fn get_info(&self) -> ServerConfig {
        self.handler.get_info()
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.handler.supported_protocol_versions()
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.handler.get_tool(name).map(|tool| self.catalog.flat(tool))
    }

    bare_requests! {
        ping: "ping", ();
        discover: "server/discover", DiscoverResult;
    }

    requests! {
        initialize: "initialize", InitializeRequestParams, InitializeResult;
        set_level: "logging/setLevel", SetLevelRequestParams, ();
        subscribe: "resources/subscribe", SubscribeRequestParams, ();
        unsubscribe: "resources/unsubscribe", UnsubscribeRequestParams, ();
        get_task: "tasks/get", GetTaskParams, GetTaskResult;
        update_task: "tasks/update", UpdateTaskParams, ();
        cancel_task: "tasks/cancel", CancelTaskParams, ();
        list_skills: "skills/list", Option<PaginatedRequestParams>, ListSkillsResult;
        get_skill: "skills/get", GetSkillRequestParams, GetSkillResult;
        read_resource_directory: "resources/directory/read", ReadResourceDirectoryRequestParams, ReadResourceDirectoryResult;
    }

    lists! {
        list_prompts: "prompts/list", ListPromptsResult, prompts, |prompt| Item::Prompt(&prompt.name);
        list_resources: "resources/list", ListResourcesResult, resources, |resource| Item::Resource(&resource.uri);
        list_resource_templates: "resources/templates/list", ListResourceTemplatesResult, resource_templates, |template| Item::ResourceTemplate(&template.uri_template);
    }

    notifications! {
        on_cancelled(notification: CancelledNotificationParam);
        on_progress(notification: ProgressNotificationParam);
        on_initialized();
        on_roots_list_changed();
        on_custom_notification(notification: CustomNotification);
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let inner = context.clone();
        let work = async {
            let mut list = self.handler.list_tools(request, inner).await?;
            list.tools.retain(|tool| self.shows(&context, Item::Tool(tool)));
            list.tools = list.tools.into_iter().map(|tool| self.catalog.flat(tool)).collect();
            if let Some(call) = CallContext::of(&context.extensions) {
                self.catalog.prepare(&mut list.tools, call);
            }
            Ok(list)
        };
        self.run(Running::new(&context, "tools/list"), Box::pin(work)).await
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let running = Running::new(&context, "tools/call");
        self.run(running, Box::pin(self.call(request, context))).await
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let running = Running::new(&context, "prompts/get");
        let work = async {
            let name = request.name.clone();
            if !self.shows(&context, Item::Prompt(&name)) {
                return Err(unknown("prompt", &name));
            }
            let prompt = self.handler.get_prompt(request, context).await;
            // The name of a prompt that does not exist is a text of the client's.
            if prompt.as_ref().err().is_none_or(|error| error.code != ErrorCode::INVALID_PARAMS) {
                Span::current().record("prompt", name);
            }
            Ok(prompt?)
        };
        self.run(running, Box::pin(work)).await
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let running = Running::new(&context, "resources/read");
        let work = async {
            if !self.shows(&context, Item::Resource(&request.uri)) {
                let message = format!("unknown resource {}", quoted(&request.uri));
                return Err(ErrorData::resource_not_found(message, None).into());
            }
            Ok(self.handler.read_resource(request, context).await?)
        };
        self.run(running, Box::pin(work)).await
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let running = Running::new(&context, "completion/complete");
        let work = async {
            let (what, name, item) = match &request.r#ref {
                Reference::Prompt(prompt) => ("prompt", &prompt.name, Item::Prompt(&prompt.name)),
                Reference::Resource(resource) => {
                    ("resource", &resource.uri, Item::ResourceTemplate(&resource.uri))
                }
                _ => return Ok(self.handler.complete(request, context).await?),
            };
            if !self.shows(&context, item) {
                return Err(unknown(what, name));
            }
            Ok(self.handler.complete(request, context).await?)
        };
        self.run(running, Box::pin(work)).await
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        self.handler.accepted_subscription_filter(requested)
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        match caught(async { Ok(self.handler.listen(context).await?) }).await {
            Ok(()) => Ok(()),
            Err(Stopped::Refused(error)) => Err(error),
            Err(Stopped::Failed(failure)) => {
                Err((self.explain)(&failure).into_error(ErrorCode::INTERNAL_ERROR))
            }
        }
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
        let error = params_error(&request.method);
        if error.code != ErrorCode::METHOD_NOT_FOUND {
            return Err(error);
        }
        let running = Running::new(&context, "custom");
        let work = async { Ok(self.handler.on_custom_request(request, context).await?) };
        let answer = self.run(running, Box::pin(work)).await;
        answer.map_err(|other| if other.code == error.code { error } else { other })
    }
}

fn unknown(what: &str, name: &str) -> Stopped {
    ErrorData::invalid_params(format!("unknown {what} {}", quoted(name)), None).into()
}
