//! Results and lists that are written as JSON before rmcp sees them.

use std::sync::Arc;

use axum::{Extension, Router};
use http_body_util::BodyExt;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, NumberOrString, ProgressNotificationParam,
        ProgressToken, Tool,
    },
    service::RequestContext,
};
use rmcp_guard::{Guarded, Item, JsonText};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Careless, Owner, app, ask, call, request};

/// A handler that writes its results itself: a text of as many bytes as its argument says.
struct Writer;

impl ServerHandler for Writer {
    fn get_tool(&self, name: &str) -> Option<Tool> {
        Some(Tool::new(name.to_owned(), "", Arc::default()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let bytes = request.arguments.unwrap()["bytes"].as_u64().unwrap();
        let written =
            |value: &Value| JsonText::new(value).unwrap().into_result(&context.extensions);
        // One that is not returned does not appear.
        drop(written(&json!({"dropped": true})));
        if request.name == "progress" {
            let token = ProgressToken(NumberOrString::Number(1));
            let progress = ProgressNotificationParam::new(token, 1.0);
            context.peer.notify_progress(progress).await.unwrap();
        }
        Ok(written(&content(bytes)).into())
    }
}

fn content(bytes: u64) -> Value {
    json!({"text": format!("{}\"\\\n", "x".repeat(usize::try_from(bytes).unwrap()))})
}

fn writer() -> Router {
    app(Guarded::new(Writer).max_response_bytes(2000))
}

fn assert_holds(result: &Value, content: &Value) {
    assert_eq!(&result["structuredContent"], content, "{result}");
    let text = result["content"][0]["text"].as_str().unwrap();
    assert_eq!(text, content.to_string());
    assert_eq!(result["isError"], false);
}

#[tokio::test]
async fn a_written_result_is_sent_as_it_is() {
    let answer = call(&writer(), "plain", json!({"bytes": 700})).await;
    assert_eq!(answer["id"], 1);
    assert_holds(&answer["result"], &content(700));
}

#[tokio::test]
async fn a_written_result_that_is_too_large_is_withheld() {
    let error = call(&writer(), "plain", json!({"bytes": 900})).await["error"].clone();
    assert_eq!((&error["code"], &error["data"]["code"]), (&json!(-32603), &json!("too_large")));
}

#[tokio::test]
async fn a_written_result_follows_a_notification() {
    let params = json!({"name": "progress", "arguments": {"bytes": 5}});
    let response = writer().oneshot(request("tools/call", &params)).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let events = std::str::from_utf8(&body).unwrap();
    let last = events.lines().rfind(|line| line.contains("\"result\"")).unwrap();
    let answer: Value = serde_json::from_str(last.strip_prefix("data:").unwrap()).unwrap();
    assert_holds(&answer["result"], &content(5));
}

#[tokio::test]
async fn each_caller_gets_the_list_of_its_own_tools() {
    let guarded = Guarded::new(Careless::default()).visible(|extensions, item| {
        extensions.get::<Owner>().is_some()
            || matches!(item, Item::Tool(tool) if tool.name == "echo")
    });
    let few = app(guarded);
    let all = few.clone().layer(Extension(Owner));
    let list = async |app| ask(app, "tools/list", json!({})).await["result"]["tools"].clone();
    let (first, more) = (list(&few).await, list(&all).await);
    assert_eq!(first.as_array().unwrap().len(), 1);
    assert!(more.as_array().unwrap().len() > 1);
    assert_eq!((list(&few).await, list(&all).await), (first, more), "now they are written already");
}
