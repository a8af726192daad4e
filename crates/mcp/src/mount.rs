//! Mounts an adapter: as a router, as a tower service, or over a pair of streams.

use std::{io, sync::Arc};

use axum::Router;
use rmcp::{
    ServerHandler,
    model::{ServerCapabilities, ServerConfig},
};
use rmcp_guard::{Guarded, GuardedService as McpService, Joined, NameClash};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    adapter::McpAdapter,
    handler::{Handler, Settings},
    tool::kept_results,
    tools::Toolbox,
};

impl McpAdapter {
    /// The server as a router that answers at exactly these paths.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// let app = axum::Router::new().merge(adapter.router(&["/mcp", "/mcp/mcp"]));
    /// # let _: axum::Router = app;
    /// ```
    ///
    /// # Panics
    /// As axum does when a path does not start with `/`, or is given twice.
    pub fn router(self, paths: &[&str]) -> Router {
        self.into_guarded().router(paths)
    }

    /// The server as a tower service, for a router of any kind.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// let app = axum::Router::new().route_service("/mcp", adapter.into_service());
    /// # let _: axum::Router = app;
    /// ```
    #[must_use]
    pub fn into_service(self) -> McpService {
        self.into_guarded().into_service()
    }

    /// Serves one client over a pair of streams, a message a line, until it closes its end: the transport that MCP calls
    /// stdio. What is no message is answered with an error, and the session goes on. Calls that write and have begun are
    /// finished before it returns. There is no HTTP request that could hold an [`Actor`](restaurant_domain::Actor), so the caller is [`Self::default_actor`].
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// use restaurant_domain::Actor;
    ///
    /// let adapter = adapter.default_actor(Actor::unauthenticated());
    /// # let (stdin, stdout) = (tokio::io::empty(), tokio::io::sink());
    /// adapter.serve_stdio(stdin, stdout).await // tokio::io::stdin(), tokio::io::stdout()
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the session cannot be opened, or the streams fail.
    pub async fn serve_stdio(
        self,
        input: impl AsyncRead + Send + Unpin + 'static,
        output: impl AsyncWrite + Send + Unpin + 'static,
    ) -> io::Result<()> {
        self.into_guarded().serve_stdio(input, output).await
    }

    /// Serves a handler of yours on the same endpoint: its tools, prompts and resources beside those for restaurants. The guard checks
    /// the arguments of its tools against their input schemas; all limits apply to both.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use restaurant_domain::testing::InMemoryStore;
    /// # use restaurant_mcp::McpAdapter;
    /// # async fn join() -> Result<(), restaurant_mcp::NameClash> {
    /// # let adapter = McpAdapter::new(Arc::new(InMemoryStore::default()));
    /// struct Hotels; // any rmcp handler of yours
    /// impl rmcp::ServerHandler for Hotels {}
    ///
    /// let app = adapter.join(Hotels).await?.router(&["/mcp"]);
    /// # let _: axum::Router = app;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The handler has a tool of the same name as one of [`TOOL_NAMES`](crate::TOOL_NAMES).
    pub async fn join<H: ServerHandler>(
        self,
        handler: H,
    ) -> Result<Guarded<impl ServerHandler + use<H>>, NameClash> {
        let (guard, restaurants) = self.into_parts();
        Ok(guard.with_handler(Joined::new(restaurants, handler).await?))
    }

    fn into_guarded(self) -> Guarded<Handler> {
        let (guard, handler) = self.into_parts();
        let settings = handler.clone();
        guard
            .lists_depend_on(move |request| settings.lists_depend_on(request))
            .with_handler(handler)
    }

    fn into_parts(self) -> (Guarded<()>, Handler) {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_prompts()
            .enable_completions()
            .build();
        let handler = Handler::new(Settings {
            repository: self.repository,
            kept: kept_results(),
            tools: Toolbox::new(),
            access: Arc::new(self.access),
            confirmation: self.confirmation,
            max_response_bytes: self.max_response_bytes,
            config: ServerConfig::new(capabilities)
                .with_server_info(self.server_info)
                .with_instructions(self.instructions),
        });
        (self.guard, handler)
    }
}

/// The guide's own code compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/GUIDE_AUTH_MCP_SERVER.md")]
struct Guide;
