//! A foreign handler behind the guard: every way in which it can fail, over HTTP in process.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod kept_lists;
mod others;
mod prepared;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body};
use http::{Request, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    handler::server::wrapper::{Json, Parameters},
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ListPromptsResult,
        ListToolsResult, PaginatedRequestParams, Prompt, ServerCapabilities, ServerConfig, Tool,
    },
    schemars::{self, JsonSchema},
    service::RequestContext,
    tool, tool_router,
};
use rmcp_guard::{CalledTool, Failure, Guarded, Item, Joined, NameClash, Report, TaskTracker};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tower::ServiceExt;

/// A handler that fails in every way, made with rmcp's own macros.
#[derive(Clone, Default)]
struct Careless {
    begun: Arc<Notify>,
    leave: Arc<Notify>,
    written: Arc<AtomicUsize>,
    /// Counts the calls that wait.
    waiting: Arc<()>,
}

#[derive(Deserialize, JsonSchema)]
struct Book {
    #[schemars(length(min = 1, max = 5))]
    title: String,
    #[schemars(range(min = 1, max = 5))]
    stars: Option<u8>,
    genre: Option<Genre>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Genre {
    /// Somebody dies.
    Crime,
    /// It rhymes.
    Verse,
}

#[derive(Serialize, JsonSchema)]
struct Written {
    title: String,
    stars: Option<u8>,
    genre: Option<Genre>,
}

#[derive(Deserialize, JsonSchema)]
struct Size {
    bytes: usize,
}

#[tool_router(server_handler)]
impl Careless {
    #[tool(description = "Writes", annotations(read_only_hint = false))]
    async fn write(&self, Parameters(book): Parameters<Book>) -> Json<Written> {
        self.begun.notify_one();
        self.leave.notified().await;
        self.written.fetch_add(1, Ordering::SeqCst);
        Json(Written { title: book.title, stars: book.stars, genre: book.genre })
    }

    #[tool(description = "Echoes")]
    async fn echo(&self, Parameters(book): Parameters<Book>) -> Json<Written> {
        Json(Written { title: book.title, stars: book.stars, genre: book.genre })
    }

    #[tool(description = "Panics")]
    async fn panics(&self) -> String {
        panic!("a secret")
    }

    #[tool(description = "Waits")]
    async fn waits(&self) -> String {
        let _place = Arc::clone(&self.waiting);
        self.begun.notify_one();
        std::future::pending().await
    }

    #[tool(description = "Returns a large text")]
    async fn large(&self, Parameters(size): Parameters<Size>) -> String {
        "x".repeat(size.bytes)
    }
}

fn request(method: &str, params: &Value) -> Request<Body> {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let request = Request::post("/mcp").header("host", "localhost");
    let request = request.header(CONTENT_TYPE, "application/json");
    request.body(Body::from(message.to_string())).unwrap()
}

async fn ask(app: &Router, method: &str, params: Value) -> Value {
    let response = app.clone().oneshot(request(method, &params)).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

async fn call(app: &Router, tool: &str, arguments: Value) -> Value {
    ask(app, "tools/call", json!({"name": tool, "arguments": arguments})).await
}

/// The report of a call that fails with `isError`.
async fn report(app: &Router, tool: &str, arguments: Value) -> Value {
    let result = call(app, tool, arguments).await["result"].clone();
    assert_eq!(result["isError"], true, "{result}");
    assert!(result["structuredContent"].is_null(), "{result}");
    serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap()
}

fn app(guarded: Guarded<impl ServerHandler>) -> Router {
    guarded.router(&["/mcp"])
}

#[tokio::test]
async fn a_panic_ends_its_call_and_not_the_server() {
    let app = app(Guarded::new(Careless::default()));
    let report = report(&app, "panics", json!({})).await;
    assert_eq!((&report["code"], &report["retryable"]), (&json!("internal"), &json!(false)));
    assert!(!report.to_string().contains("secret"), "{report}");
    assert_eq!(call(&app, "large", json!({"bytes": 1})).await["result"]["content"][0]["text"], "x");
}

#[tokio::test]
async fn a_call_is_given_up_after_its_time() {
    let careless = Careless::default();
    let waiting = Arc::clone(&careless.waiting);
    let app = app(Guarded::new(careless).call_timeout(Duration::from_millis(20)));
    let report = report(&app, "waits", json!({})).await;
    assert_eq!((&report["code"], &report["retryable"]), (&json!("timeout"), &json!(true)));
    assert_eq!(report["message"], "the call was given up after 0.02 s: try again in 5 s");
    assert_eq!(Arc::strong_count(&waiting), 2, "the call was dropped");
}

#[tokio::test]
async fn a_caller_that_leaves_ends_a_call_that_reads() {
    let careless = Careless::default();
    let (begun, waiting) = (Arc::clone(&careless.begun), Arc::clone(&careless.waiting));
    let app = app(Guarded::new(careless));
    let call = tokio::spawn(app.oneshot(request("tools/call", &json!({"name": "waits"}))));
    begun.notified().await;
    call.abort();
    let gone = async {
        while Arc::strong_count(&waiting) > 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
}

#[tokio::test]
async fn a_call_that_writes_runs_to_its_end_without_its_caller() {
    let careless = Careless::default();
    let tasks = TaskTracker::new();
    let app = app(Guarded::new(careless.clone()).tasks(tasks.clone()));
    let params = json!({"name": "write", "arguments": {"title": "T"}});
    let call = tokio::spawn(app.clone().oneshot(request("tools/call", &params)));
    careless.begun.notified().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    tasks.close();
    careless.leave.notify_one();
    tasks.wait().await;
    assert_eq!(careless.written.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_call_that_writes_has_a_limit_of_its_own() {
    let tasks = TaskTracker::new();
    let limit = Duration::from_millis(20);
    let guarded = Guarded::new(Careless::default()).call_timeout(limit).write_grace(limit);
    let app = app(guarded.tasks(tasks.clone()));
    assert_eq!(report(&app, "write", json!({"title": "T"})).await["code"], "timeout");
    tasks.close();
    tokio::time::timeout(Duration::from_secs(10), tasks.wait()).await.unwrap();
}

#[tokio::test]
async fn wrong_arguments_are_named_all_at_once() {
    let app = app(Guarded::new(Careless::default()));
    let arguments = json!({"titel": "T", "stars": 9, "genre": "comic"});
    let report = report(&app, "echo", arguments).await;
    assert_eq!(
        (&report["code"], &report["retryable"]),
        (&json!("invalid_arguments"), &json!(false))
    );
    assert!(report["next_step"].as_str().unwrap().contains("problems"));
    let problems = report["problems"].as_array().unwrap();
    let mut messages: Vec<_> = problems.iter().map(|p| p["message"].as_str().unwrap()).collect();
    messages.sort_unstable();
    let expected = [
        "\"titel\" is not an argument here: did you mean title?",
        "genre is the text \"comic\": give one of \"crime\", \"verse\", or leave it out",
        "stars is 9: give a whole number from 1 to 5, or leave it out",
        "title is missing: give a text of 1 to 5 characters",
    ];
    assert_eq!(messages, expected);
    let result = call(&app, "echo", json!({"title": "T", "stars": null})).await["result"].clone();
    assert_eq!(result["structuredContent"], json!({"title": "T"}), "the schema has no null");
}

#[tokio::test]
async fn schemas_are_flat() {
    let app = app(Guarded::new(Careless::default()));
    let tools = ask(&app, "tools/list", json!({})).await["result"]["tools"].clone();
    let text = tools.to_string();
    for word in ["$ref", "$defs", "$schema", "null", "uint", "anyOf", "oneOf"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    let echo = tools.as_array().unwrap().iter().find(|tool| tool["name"] == "echo").unwrap();
    assert_eq!(echo["inputSchema"]["additionalProperties"], false);
    assert_eq!(echo["inputSchema"]["properties"]["genre"]["enum"], json!(["crime", "verse"]));
}

#[tokio::test]
async fn a_response_is_bounded() {
    let app = app(Guarded::new(Careless::default()).max_response_bytes(2000));
    let error = call(&app, "large", json!({"bytes": 100_000})).await["error"].clone();
    assert_eq!((&error["code"], &error["data"]["code"]), (&json!(-32603), &json!("too_large")));
    assert_eq!(error["message"], "the answer is larger than 2000 bytes: ask for less");
    assert!(call(&app, "large", json!({"bytes": 100})).await["result"]["isError"] != true);
}

#[tokio::test]
async fn failures_can_be_worded() {
    let guarded = Guarded::new(Careless::default()).explain(|failure| match failure {
        Failure::Panicked => Report::lasting("broken", "out of order", "Come back tomorrow."),
        other => other.into(),
    });
    assert_eq!(
        report(&app(guarded), "panics", json!({})).await["next_step"],
        "Come back tomorrow."
    );
}

/// Somebody who may see everything.
#[derive(Clone)]
struct Owner;

#[tokio::test]
async fn a_hidden_tool_is_as_one_that_does_not_exist() {
    let guarded = Guarded::new(Careless::default()).visible(|extensions, item| {
        extensions.get::<Owner>().is_some()
            || matches!(item, Item::Tool(tool) if tool.name == "echo")
    });
    let app = app(guarded);
    let tools = ask(&app, "tools/list", json!({})).await["result"]["tools"].clone();
    assert_eq!(tools.as_array().unwrap().len(), 1);
    let hidden = call(&app, "panics", json!({})).await["error"].clone();
    let unknown = call(&app, "no_tool", json!({})).await["error"].clone();
    assert_eq!(
        hidden,
        json!({"code": -32602, "message": "unknown tool \"panics\": the tools are echo"})
    );
    assert_eq!(unknown["message"], "unknown tool \"no_tool\": the tools are echo");
    let app = app.layer(axum::Extension(Owner));
    assert_eq!(report(&app, "panics", json!({})).await["code"], "internal");
}

#[tokio::test]
async fn the_host_learns_which_tool_was_called() {
    let app = app(Guarded::new(Careless::default()));
    for (tool, called) in [("large", Some("large")), ("no_tool", None)] {
        let params = json!({"name": tool, "arguments": {"bytes": 1}});
        let response = app.clone().oneshot(request("tools/call", &params)).await.unwrap();
        let found = response.extensions().get::<CalledTool>().map(|called| called.0.to_string());
        assert_eq!(found.as_deref(), called);
    }
}

/// A handler written by hand, which has pages of tools and no `get_tool`.
struct ByHand(&'static [&'static str]);

impl ServerHandler for ByHand {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_prompts().build())
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let cursor = request.and_then(|request| request.cursor);
        let at = cursor.map_or(0, |cursor| cursor.parse::<usize>().unwrap());
        let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
        let tool = Tool::new(self.0[at], "A tool", rmcp::model::object(schema));
        let mut page = ListToolsResult::with_all_items(vec![tool]);
        page.next_cursor = (at + 1 < self.0.len()).then(|| (at + 1).to_string());
        Ok(page)
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompts = self.0.iter().map(|name| Prompt::new(*name, Some("A prompt"), None));
        Ok(ListPromptsResult::with_all_items(prompts.collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let text = format!("{} of {}", request.name, self.0[0]);
        Ok(CallToolResult::success(vec![rmcp::model::ContentBlock::text(text)]).into())
    }
}

#[tokio::test]
async fn tools_on_any_page_are_found_and_checked() {
    let app = app(Guarded::new(ByHand(&["a", "b", "c"])));
    assert_eq!(call(&app, "c", json!({"n": 1})).await["result"]["content"][0]["text"], "c of a");
    assert_eq!(report(&app, "c", json!({"n": "1"})).await["problems"][0]["code"], "wrong_type");
    let unknown = call(&app, "d", json!({})).await["error"]["message"].clone();
    assert_eq!(unknown, "unknown tool \"d\": the tools are a, b, c");
}

#[tokio::test]
async fn two_handlers_share_an_endpoint() {
    let joined = Joined::new(
        ByHand(&["a", "b"]),
        Joined::new(ByHand(&["x", "y"]), Careless::default()).await.unwrap(),
    );
    let app = app(Guarded::new(joined.await.unwrap()));
    let (mut names, mut cursor) = (Vec::new(), json!(null));
    loop {
        let params = if cursor.is_null() { json!({}) } else { json!({"cursor": cursor}) };
        let page = ask(&app, "tools/list", params).await["result"].clone();
        let tools = page["tools"].as_array().unwrap();
        names.extend(tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()));
        cursor = page["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    names.sort();
    assert_eq!(names, ["a", "b", "echo", "large", "panics", "waits", "write", "x", "y"]);
    for (tool, says) in [("b", "b of a"), ("y", "y of x")] {
        assert_eq!(call(&app, tool, json!({})).await["result"]["content"][0]["text"], says);
    }
    assert_eq!(report(&app, "panics", json!({})).await["code"], "internal");
    let prompts = ask(&app, "prompts/list", json!({})).await["result"]["prompts"].clone();
    assert_eq!(prompts.as_array().unwrap().len(), 4);
    let cursor = ask(&app, "tools/list", json!({"cursor": "z"})).await;
    assert_eq!(cursor["error"]["code"], -32602);
}

#[tokio::test]
async fn a_name_that_both_have_is_refused_at_the_start() {
    for (first, second) in [(&["a", "b"], &["c", "b"]), (&["b", "x"], &["b", "y"])] {
        let clash = Joined::new(ByHand(first), ByHand(second)).await.err();
        assert_eq!(clash, Some(NameClash("b".to_owned())));
    }
    let clash = Joined::new(Careless::default(), ByHand(&["echo"])).await.err();
    assert_eq!(clash.unwrap().to_string(), "both handlers have \"echo\": rename one of them");
}
