//! An agent: rmcp's client, and one way to call tools with it.

use anyhow::{Context as _, Result, ensure};
use rmcp::{
    RoleClient, ServiceExt as _,
    model::{CallToolRequestParams, object},
    service::RunningService,
    transport::{
        StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};

/// A session with an MCP server.
#[derive(Debug)]
pub struct Agent {
    /// rmcp's client, for everything that is not a tool call.
    pub client: RunningService<RoleClient, ()>,
}

impl Agent {
    /// Connects to an endpoint, with a bearer token where there is one.
    ///
    /// # Errors
    /// The server does not answer `initialize`.
    pub async fn connect(url: String, token: Option<&str>) -> Result<Self> {
        let mut config = StreamableHttpClientTransportConfig::with_uri(url);
        if let Some(token) = token {
            config = config.auth_header(token);
        }
        let transport = StreamableHttpClientTransport::from_config(config);
        Ok(Self { client: ().serve(transport).await? })
    }

    /// Connects to a process by its standard output and input.
    ///
    /// # Errors
    /// The process does not answer `initialize`.
    pub async fn over(
        output: impl AsyncRead + Send + Unpin + 'static,
        input: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Result<Self> {
        Ok(Self { client: ().serve((output, input)).await? })
    }

    /// The names of the tools, in the server's order.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn tools(&self) -> Result<Vec<String>> {
        let tools = self.client.list_all_tools().await?;
        Ok(tools.into_iter().map(|tool| tool.name.into_owned()).collect())
    }

    /// Calls a tool. The inner result is its structured content, or the error that its text holds.
    ///
    /// # Errors
    /// The server does not answer, or the text and the structured content of a success differ.
    pub async fn call(&self, tool: &'static str, arguments: Value) -> Result<Result<Value, Value>> {
        let call = CallToolRequestParams::new(tool).with_arguments(object(arguments));
        let result = self.client.call_tool(call).await?;
        let text = result.content.first().and_then(|content| content.as_text());
        let text: Value = serde_json::from_str(&text.context("the result has no text")?.text)?;
        if result.is_error == Some(true) {
            return Ok(Err(text));
        }
        let structured = result.structured_content.context("no structured content")?;
        ensure!(text == structured, "the text {text} differs from {structured}");
        Ok(Ok(structured))
    }

    /// Ends the session.
    ///
    /// # Errors
    /// The session's task panicked.
    pub async fn close(self) -> Result<()> {
        self.client.cancel().await?;
        Ok(())
    }
}
