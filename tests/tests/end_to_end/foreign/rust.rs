//! A server of books on plain rmcp, with sessions and event streams. It trusts the platform's client principal header.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header::WWW_AUTHENTICATE},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use easyauth_emulator::sample;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ListToolsResult,
        PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// A running server; it ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) origin: String,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Books(Arc<Mutex<Vec<Value>>>);

impl ServerHandler for Books {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({"type": "object"}).as_object().cloned().unwrap();
        let tool = |name| Tool::new(name, "Books", schema.clone());
        Ok(ListToolsResult::with_all_items(vec![tool("list_books"), tool("add_book")]))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let mut books = self.0.lock().unwrap();
        let result = match &*request.name {
            "list_books" => json!({"books": *books}),
            "add_book" => {
                let title = request.arguments.unwrap_or_default()["title"].clone();
                let book = json!({"id": books.len() + 1, "title": title});
                books.push(book.clone());
                book
            }
            _ => return Err(ErrorData::invalid_params("unknown tool", None)),
        };
        Ok(CallToolResult::structured(result).into())
    }
}

impl Server {
    /// Starts it without some of its checks: `role`, `origin`.
    pub(crate) async fn start(left_out: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let own = if left_out.contains(&"origin") { Vec::new() } else { vec![origin.clone()] };
        let config = StreamableHttpServerConfig::default().with_allowed_origins(own);
        let first = json!({"id": 1, "title": "A history of lighthouses"});
        let books = Books(Arc::new(Mutex::new(vec![first])));
        let sessions = Arc::new(LocalSessionManager::default());
        let service = StreamableHttpService::new(move || Ok(books.clone()), sessions, config);
        let checks_role = !left_out.contains(&"role");
        let app = Router::new()
            .route_service("/mcp", service)
            .layer(from_fn_with_state(checks_role, only_with_the_role));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { origin, task }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn only_with_the_role(
    State(checks_role): State<bool>,
    request: Request,
    next: Next,
) -> Response {
    if checks_role && !has_right(request.headers()) {
        let scope = format!("api://{}/user_impersonation", sample::API);
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
        return (StatusCode::FORBIDDEN, [(WWW_AUTHENTICATE, challenge)]).into_response();
    }
    next.run(request).await
}

/// Whether the platform says that the caller has the role or the scope.
fn has_right(headers: &HeaderMap) -> bool {
    let principal = headers.get("x-ms-client-principal").map(|it| STANDARD.decode(it).unwrap());
    let principal: Value =
        serde_json::from_slice(&principal.unwrap_or_default()).unwrap_or_default();
    let claims = principal["claims"].as_array().into_iter().flatten();
    let values = claims.filter_map(|claim| claim["val"].as_str());
    values
        .flat_map(|value| value.split(' '))
        .any(|it| ["MCP.Access", "user_impersonation"].contains(&it))
}
