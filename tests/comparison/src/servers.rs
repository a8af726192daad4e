//! The same careless tools, served by four crates as their documentation shows, with a time limit where they have one.

use std::{future, sync::Arc};

use rmcp::{
    handler::server::wrapper::Parameters,
    tool, tool_router,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use rmcp_guard::Guarded;
use rmcp_server_kit::transport::{McpServerConfig, serve_with_listener};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::net::TcpListener;
use tower_mcp::{CallToolResult, HttpTransport, McpRouter, ToolBuilder};

use crate::LIMIT;

/// A running server.
pub struct Server {
    name: &'static str,
    /// Its endpoint.
    pub url: String,
    /// One count for each call that waits.
    pub waiting: Arc<()>,
}

/// All of them.
pub struct Servers(Vec<Server>);

impl Servers {
    /// Starts them on free ports.
    pub async fn start() -> Self {
        Self(vec![bare().await, kit().await, tower().await, guarded().await])
    }

    /// Their names.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|server| server.name).collect()
    }

    /// Each.
    pub fn all(&self) -> impl Iterator<Item = &Server> {
        self.0.iter()
    }
}

#[derive(Clone, Default)]
struct Careless {
    waiting: Arc<()>,
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    #[schemars(range(min = 1, max = 5))]
    stars: u8,
    note: Option<String>,
}

fn echo(echo: Echo) -> String {
    format!("{} {}", echo.stars, echo.note.unwrap_or_default().len())
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

#[tool_router(server_handler)]
impl Careless {
    /// Repeats.
    #[tool]
    async fn echo(&self, Parameters(arguments): Parameters<Echo>) -> String {
        echo(arguments)
    }

    /// Panics.
    #[tool]
    async fn panics(&self) -> String {
        panic!("a secret")
    }

    /// Waits forever.
    #[tool]
    async fn waits(&self) -> String {
        let _place = Arc::clone(&self.waiting);
        future::pending().await
    }

    /// Returns 1 MB.
    #[tool]
    async fn large(&self) -> String {
        "x".repeat(1_000_000)
    }
}

async fn serve(name: &'static str, waiting: Arc<()>, app: axum::Router) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    Server { name, url, waiting }
}

async fn bare() -> Server {
    let careless = Careless::default();
    let waiting = Arc::clone(&careless.waiting);
    let sessions = Arc::new(LocalSessionManager::default());
    let config = StreamableHttpServerConfig::default();
    let service = StreamableHttpService::new(move || Ok(careless.clone()), sessions, config);
    serve("rmcp", waiting, axum::Router::new().route_service("/mcp", service)).await
}

async fn kit() -> Server {
    let careless = Careless::default();
    let waiting = Arc::clone(&careless.waiting);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config =
        McpServerConfig::new(address.to_string(), "careless", "1").with_request_timeout(LIMIT);
    let config = config.validate().unwrap();
    tokio::spawn(serve_with_listener(listener, config, move || careless.clone(), None, None));
    Server { name: "rmcp-server-kit", url: format!("http://{address}/mcp"), waiting }
}

async fn tower() -> Server {
    let waiting = Arc::new(());
    let queue = Arc::clone(&waiting);
    let tools = [
        ToolBuilder::new("echo")
            .handler(|arguments: Echo| async move { Ok(CallToolResult::text(echo(arguments))) })
            .build(),
        ToolBuilder::new("panics").handler(|_: Nothing| async { panic!("a secret") }).build(),
        ToolBuilder::new("waits")
            .handler(move |_: Nothing| {
                let place = Arc::clone(&queue);
                async move {
                    let _place = place;
                    future::pending().await
                }
            })
            .build(),
        ToolBuilder::new("large")
            .handler(|_: Nothing| async { Ok(CallToolResult::text("x".repeat(1_000_000))) })
            .build(),
    ];
    let router = McpRouter::new().server_info("careless", "1");
    let router = tools.into_iter().fold(router, McpRouter::tool);
    serve("tower-mcp", waiting, HttpTransport::new(router).into_router_at("/mcp")).await
}

async fn guarded() -> Server {
    let careless = Careless::default();
    let waiting = Arc::clone(&careless.waiting);
    let app = Guarded::new(careless).call_timeout(LIMIT).router(&["/mcp"]);
    serve("rmcp-guard", waiting, app).await
}
