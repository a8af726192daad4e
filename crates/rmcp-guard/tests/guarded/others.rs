//! What is not a tool: prompts, resources and completions, hidden from some callers, and of two handlers on one endpoint.

use axum::Router;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CompleteRequestParams, CompleteResult, CompletionInfo, GetPromptRequestParams,
        GetPromptResponse, GetPromptResult, ListPromptsResult, ListResourceTemplatesResult,
        ListResourcesResult, PaginatedRequestParams, Prompt, PromptMessage,
        ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Resource,
        ResourceContents, ResourceTemplate, Role, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
};
use rmcp_guard::{Guarded, Item, Joined};
use serde_json::{Value, json};

use super::{app, ask};

/// A library with one book, which is a prompt, a resource and a template.
struct Library(&'static str);

impl Library {
    fn book(&self) -> String {
        format!("{}://book", self.0)
    }

    fn template(&self) -> String {
        format!("{}://{{id}}", self.0)
    }
}

impl ServerHandler for Library {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_prompts().enable_resources();
        ServerConfig::new(capabilities.enable_completions().build())
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(vec![Prompt::new(self.0, Some("A prompt"), None)]))
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(vec![Resource::new(self.book(), self.0)]))
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let template = ResourceTemplate::new(self.template(), self.0);
        Ok(ListResourceTemplatesResult::with_all_items(vec![template]))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        if request.name != self.0 {
            return Err(ErrorData::invalid_params("no such prompt", None));
        }
        let message = PromptMessage::new_text(Role::User, format!("a prompt of {}", self.0));
        Ok(GetPromptResult::new(vec![message]).into())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        if request.uri != self.book() {
            return Err(ErrorData::resource_not_found(format!("not in {}", self.0), None));
        }
        let text = ResourceContents::text(format!("a book of {}", self.0), request.uri);
        Ok(ReadResourceResult::new(vec![text]).into())
    }

    async fn complete(
        &self,
        _request: CompleteRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let values = CompletionInfo::with_pagination(vec![self.0.to_owned()], None, false);
        Ok(CompleteResult::new(values.unwrap()))
    }
}

async fn prompt(app: &Router, name: &str) -> Value {
    ask(app, "prompts/get", json!({"name": name})).await
}

async fn read(app: &Router, uri: &str) -> Value {
    ask(app, "resources/read", json!({"uri": uri})).await
}

async fn complete(app: &Router, reference: Value) -> Value {
    let argument = json!({"name": "id", "value": ""});
    ask(app, "completion/complete", json!({"ref": reference, "argument": argument})).await
}

fn of_prompt(name: &str) -> Value {
    json!({"type": "ref/prompt", "name": name})
}

fn of_template(uri: &str) -> Value {
    json!({"type": "ref/resource", "uri": uri})
}

#[tokio::test]
async fn what_is_hidden_is_as_what_does_not_exist() {
    let hidden = app(Guarded::new(Library("a")).visible(|_, item| matches!(item, Item::Tool(_))));
    for (list, items) in [
        ("prompts/list", "prompts"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
    ] {
        assert_eq!(ask(&hidden, list, json!({})).await["result"][items], json!([]), "{list}");
    }
    let error = |answer: Value| answer["error"].clone();
    for name in ["a", "nothing"] {
        let unknown = json!({"code": -32602, "message": format!("unknown prompt \"{name}\"")});
        assert_eq!(error(prompt(&hidden, name).await), unknown);
        assert_eq!(error(complete(&hidden, of_prompt(name)).await), unknown);
    }
    for uri in ["a://book", "a://nothing"] {
        let error = error(read(&hidden, uri).await);
        assert_eq!(error["message"], format!("unknown resource \"{uri}\""));
    }
    let unknown = json!({"code": -32602, "message": "unknown resource \"a://{id}\""});
    assert_eq!(error(complete(&hidden, of_template("a://{id}")).await), unknown);

    let shown = app(Guarded::new(Library("a")));
    assert!(prompt(&shown, "a").await["result"].is_object());
    assert!(read(&shown, "a://book").await["result"].is_object());
    assert!(complete(&shown, of_template("a://{id}")).await["result"].is_object());
}

#[tokio::test]
async fn prompts_and_resources_of_two_handlers_are_got_from_their_own() {
    let app = app(Guarded::new(Joined::new(Library("a"), Library("b")).await.unwrap()));
    for name in ["a", "b"] {
        let text = &prompt(&app, name).await["result"]["messages"][0]["content"]["text"];
        assert_eq!(*text, format!("a prompt of {name}"));
        let text = &read(&app, &format!("{name}://book")).await["result"]["contents"][0]["text"];
        assert_eq!(*text, format!("a book of {name}"));
        for reference in [of_prompt(name), of_template(&format!("{name}://{{id}}"))] {
            let completed = complete(&app, reference).await;
            assert_eq!(completed["result"]["completion"]["values"], json!([name]));
        }
    }
    assert_eq!(prompt(&app, "c").await["error"]["message"], "no such prompt");
    assert_eq!(read(&app, "c://book").await["error"]["message"], "not in a");
}
