//! Lists that are sent again without the handler, and the requests that none is sent to.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Extension, Router,
    body::{Body, Bytes},
};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
        PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
};
use rmcp_guard::{CancellationToken, Guarded, Item};
use tower::ServiceExt;

use super::{Owner, app};

/// A handler that counts how often it is asked for a list, and refuses to say its tools the first times.
#[derive(Default)]
struct Counting {
    asked: Arc<AtomicUsize>,
    refusals: usize,
}

impl Counting {
    fn count(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
    }
}

impl ServerHandler for Counting {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        if self.asked.fetch_add(1, Ordering::SeqCst) < self.refusals {
            return Err(ErrorData::internal_error("not yet", None));
        }
        let page = request.and_then(|request| request.cursor);
        let tool =
            |name: &'static str| Tool::new(name, page.clone().unwrap_or_default(), Arc::default());
        Ok(ListToolsResult::with_all_items(vec![tool("read"), tool("write")]))
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.count();
        Ok(ListPromptsResult::default())
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.count();
        Ok(ListResourceTemplatesResult::default())
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.count();
        Ok(ListResourcesResult::default())
    }
}

/// A server whose lists are kept, and the count of its handler.
fn kept(refusals: usize) -> (Router, Arc<AtomicUsize>) {
    let handler = Counting { refusals, ..Counting::default() };
    let asked = Arc::clone(&handler.asked);
    let guarded = only_owners_write(Guarded::new(handler))
        .lists_depend_on(|extensions| extensions.get::<Owner>().is_some().into());
    (app(guarded), asked)
}

fn only_owners_write(guarded: Guarded<Counting>) -> Guarded<Counting> {
    guarded.visible(|extensions, item| {
        extensions.get::<Owner>().is_some()
            || matches!(item, Item::Tool(tool) if tool.name == "read")
    })
}

fn list(id: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list"}}"#)
}

/// Everything that a client sees of a response.
async fn send(
    app: &Router,
    body: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, HeaderMap, Bytes) {
    let mut request = Request::post("/mcp").body(Body::from(body.to_owned())).unwrap();
    for (name, value) in
        [("host", "localhost"), ("content-type", "application/json")].iter().chain(headers)
    {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn a_kept_list_is_the_one_that_the_handler_gives() {
    let (kept, asked) = kept(0);
    let made = app(only_owners_write(Guarded::new(Counting::default())));
    for id in ["1", "1", "-7", r#""a""#, r#""\u00e9\"\\\n""#, r#""""#] {
        for (kept, made) in [
            (kept.clone(), made.clone()),
            (kept.clone().layer(Extension(Owner)), made.clone().layer(Extension(Owner))),
        ] {
            let (kept, made) =
                (send(&kept, &list(id), &[]).await, send(&made, &list(id), &[]).await);
            assert_eq!(kept, made, "{id}");
            assert_eq!(kept.0, StatusCode::OK, "{id}");
        }
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2, "once for an owner, once for others");
}

#[tokio::test]
async fn a_request_that_differs_in_anything_is_answered_for_itself() {
    let (kept, _) = kept(0);
    let made = app(only_owners_write(Guarded::new(Counting::default())));
    let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"a","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}"#;
    let newest =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":{meta}}}}}"#);
    let version = ("mcp-protocol-version", "2026-07-28");
    let requests: [(&str, &[(&str, &str)]); 19] = [
        (&list("1"), &[]),
        (&list("1"), &[("host", "evil.example")]),
        (&list("1"), &[("origin", "https://evil.example")]),
        (&list("1"), &[("content-type", "text/plain")]),
        (&list("1"), &[("accept", "text/html")]),
        (&list("1"), &[("mcp-protocol-version", "2025-06-18")]),
        (&list("1"), &[("mcp-protocol-version", "1999-01-01")]),
        (&list("1"), &[version]),
        (&newest, &[version, ("mcp-method", "tools/list")]),
        (&newest, &[version, ("mcp-method", "prompts/list")]),
        (&newest, &[version]),
        (&list("null"), &[]),
        (&list("1.5"), &[]),
        (r#"{"jsonrpc":"2.0","id":1,"id":1,"method":"tools/list"}"#, &[]),
        (r#"{"jsonrpc":"1.0","id":1,"method":"tools/list"}"#, &[]),
        (r#"{"jsonrpc":"2.0","method":"tools/list"}"#, &[]),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"a"}}"#, &[]),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"b"}}"#, &[]),
        (r#"{"jsonrpc":"2.0","id":1,"method":"prompts/list"}"#, &[]),
    ];
    // The second time each one that can be kept is.
    for _ in 0..2 {
        for (body, headers) in &requests {
            let expected = send(&made, body, headers).await;
            assert_eq!(send(&kept, body, headers).await, expected, "{body} {headers:?}");
        }
    }
}

#[tokio::test]
async fn an_error_is_not_kept() {
    let (app, asked) = kept(1);
    let (status, _, error) = send(&app, &list("1"), &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(error.starts_with(br#"{"jsonrpc":"2.0","id":1,"error""#), "{error:?}");
    let (_, _, list) = send(&app, &list("1"), &[]).await;
    assert!(list.starts_with(br#"{"jsonrpc":"2.0","id":1,"result""#), "{list:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn every_list_but_that_of_resources_is_kept() {
    for (method, times) in [
        ("tools/list", 1),
        ("prompts/list", 1),
        ("resources/templates/list", 1),
        ("resources/list", 2),
    ] {
        let (app, asked) = kept(0);
        let message = list("1").replace("tools/list", method);
        let first = send(&app, &message, &[]).await;
        assert_eq!(send(&app, &message, &[]).await, first, "{method}");
        assert_eq!(asked.load(Ordering::SeqCst), times, "{method}");
    }
}

#[tokio::test]
async fn a_request_with_a_trace_context_or_of_a_great_size_is_not_kept() {
    let trace = r#""traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01""#;
    let with_meta = |meta: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":{{{meta}}}}}}}"#
        )
    };
    let long = "x".repeat(5000);
    for (body, headers) in [
        (with_meta(trace), vec![]),
        (with_meta(&trace.replace("trace", "tra\\u0063e")), vec![]),
        (with_meta(&format!(r#""a":"{long}""#)), vec![]),
        (list("1"), vec![("mcp-other", long.as_str())]),
    ] {
        let (app, asked) = kept(0);
        for count in 1..=2 {
            let (status, _, _) = send(&app, &body, &headers).await;
            assert_eq!(
                (status, asked.load(Ordering::SeqCst)),
                (StatusCode::OK, count),
                "{body:.80}"
            );
        }
    }
}

#[tokio::test]
async fn a_kept_list_is_bounded_as_any_other_response() {
    let length = send(&app(Guarded::new(Counting::default())), &list("1"), &[]).await.2.len();
    let guarded = Guarded::new(Counting::default()).max_response_bytes(length + 100);
    let app = app(guarded.lists_depend_on(|_| 0));
    let (_, _, list_of_one) = send(&app, &list("1"), &[]).await;
    assert_eq!(list_of_one.len(), length);
    let (_, _, refusal) = send(&app, &list(&format!("{:?}", "x".repeat(200))), &[]).await;
    assert!(refusal.windows(6).any(|part| part == b"-32603"), "{refusal:?}");
}

#[tokio::test]
async fn after_a_panic_in_what_a_list_depends_on_the_handler_is_asked() {
    let handler = Counting::default();
    let asked = Arc::clone(&handler.asked);
    let guarded = only_owners_write(Guarded::new(handler)).lists_depend_on(|extensions| {
        assert!(extensions.get::<Owner>().is_none(), "a secret");
        0
    });
    let others = app(guarded);
    let owner = others.clone().layer(Extension(Owner));
    let of_others = send(&others, &list("1"), &[]).await;
    for count in 2..=3 {
        let (status, _, list) = send(&owner, &list("1"), &[]).await;
        assert_eq!((status, asked.load(Ordering::SeqCst)), (StatusCode::OK, count));
        assert!(list.len() > of_others.2.len(), "{list:?}");
    }
    assert_eq!(send(&others, &list("1"), &[]).await, of_others);
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn the_handler_finds_what_was_left_for_it() {
    struct Left;
    impl ServerHandler for Left {
        async fn list_tools(
            &self,
            _request: Option<PaginatedRequestParams>,
            context: RequestContext<RoleServer>,
        ) -> Result<ListToolsResult, ErrorData> {
            let parts = context.extensions.get::<http::request::Parts>().unwrap();
            let Owner = parts.extensions.get().unwrap();
            Ok(ListToolsResult::default())
        }
    }
    let app = app(Guarded::new(Left).lists_depend_on(|extensions| {
        extensions.insert(Owner);
        0
    }));
    let (_, _, list) = send(&app, &list("1"), &[]).await;
    assert!(list.starts_with(br#"{"jsonrpc":"2.0","id":1,"result""#), "{list:?}");
}

#[tokio::test]
async fn nothing_is_kept_beyond_the_end_of_the_service() {
    let token = CancellationToken::new();
    let guarded = Guarded::new(Counting::default()).lists_depend_on(|_| 0);
    let app = app(guarded.cancellation_token(token.clone()));
    assert_eq!(send(&app, &list("1"), &[]).await.0, StatusCode::OK);
    token.cancel();
    assert_eq!(send(&app, &list("1"), &[]).await.0, StatusCode::INTERNAL_SERVER_ERROR);
}
