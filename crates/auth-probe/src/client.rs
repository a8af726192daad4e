//! Whole MCP clients: rmcp's always, and the Python one where there is an interpreter that has it.

mod python;

use std::error::Error;

use rmcp::{
    ClientHandler, RoleClient, ServiceExt as _,
    model::{CallToolRequestParams, ClientConfig, ProtocolVersion},
    service::{ClientInitializeError, RunningService},
    transport::{
        StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::{Value, json};

use crate::{
    case::functions,
    context::{Caller, Context},
    http_client::pauses,
    outcome::CaseFailure,
    profile::Values,
};

/// What a client found.
#[derive(Debug)]
struct Visit {
    tools: Vec<String>,
    /// The result of each call.
    results: Vec<Value>,
}

/// A call for a client to make.
struct ToolCall {
    tool: String,
    arguments: Value,
}

/// Every client gets its work done.
pub(crate) async fn works(context: &Context<'_>) -> Result<String, CaseFailure> {
    let caller = context.good();
    let writes = matches!(caller, Caller::Bearer(..)) && context.run.writes;
    // Waits for an app that starts: what a client has begun cannot be sent again.
    context.initialize(caller).await?;
    let reads = reads(context).await?;
    let write = context.profile().write.as_ref().filter(|_| writes);
    let mut got = Vec::new();
    for client in clients(context) {
        let of_client = |why| CaseFailure::failed(format!("{}: {why}", client.name()));
        let text = format!("test-auth {} {} {}", context.run.id, context.id, client.name());
        let values = match write {
            Some(_) => context.values(&text).await?,
            None => Values::default(),
        };
        let write_call = write.map(|write| ToolCall {
            tool: write.tool.clone(),
            arguments: json!(values.fill_all(&write.arguments)),
        });
        let calls: Vec<_> = reads.iter().chain(&write_call).collect();
        let visit = client.visit(context, caller, &calls).await.map_err(of_client)?;
        let tools: Vec<_> = visit.tools.iter().map(String::as_str).collect();
        functions::check_tools(context, &tools).map_err(of_client)?;
        if let (Some(read), Some(first)) = (&context.profile().read, visit.results.first()) {
            read.items_of(first).map_err(of_client)?;
        }
        if let (Some(write), Some(made)) = (write, visit.results.last()) {
            functions::written(context, write, values, made).await?;
        }
        got.push(format!("{}: {} tools", client.name(), visit.tools.len()));
    }
    Ok(got.join("; "))
}

/// The profile's calls that read: the one of `[read]`, and the one of `[details]` for its first item.
async fn reads(context: &Context<'_>) -> Result<Vec<ToolCall>, CaseFailure> {
    let Some(read) = &context.profile().read else { return Ok(Vec::new()) };
    let call = ToolCall { tool: read.tool.clone(), arguments: json!(read.arguments) };
    let mut calls = vec![call];
    let listed = functions::listed(context, context.good()).await?.unwrap_or_default();
    if let (Some(first), Some(details)) = (listed.first(), &context.profile().details) {
        let arguments = json!(Values::of(first).fill_all(&details.arguments));
        calls.push(ToolCall { tool: details.tool.clone(), arguments });
    }
    Ok(calls)
}

/// Every client says that it was refused.
pub(crate) async fn is_refused(context: &Context<'_>) -> Result<String, CaseFailure> {
    let mut got = Vec::new();
    for client in clients(context) {
        let name = client.name();
        match client.visit(context, Caller::Anonymous, &[]).await {
            Ok(_) => return Err(CaseFailure::failed(format!("{name}: came in"))),
            Err(why) if client.says_unauthorized(&why) => got.push(format!("{name}: 401")),
            Err(why) => return Err(CaseFailure::failed(format!("{name}: {why}"))),
        }
    }
    Ok(got.join("; "))
}

/// How the last words of a client begin that was answered by MCP, whatever happened to it after: those that follow may be
/// the app's.
const CAME_IN: &str = "came in, then: ";

/// A client library.
enum Client<'a> {
    Rmcp,
    Python(&'a std::path::Path),
}

fn clients<'a>(context: &'a Context<'_>) -> Vec<Client<'a>> {
    let python = context.run.python.as_deref().map(Client::Python);
    std::iter::once(Client::Rmcp).chain(python).collect()
}

impl Client<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Rmcp => "rmcp",
            Self::Python(_) => "Python mcp",
        }
    }

    /// Whether its last words tell of a 401: rmcp says that of one with a challenge in words alone, and Python begins with
    /// the statuses.
    fn says_unauthorized(&self, words: &str) -> bool {
        match self {
            Self::Rmcp => {
                !words.starts_with(CAME_IN)
                    && ["Auth required", "HTTP 401"].iter().any(|sign| words.contains(sign))
            }
            Self::Python(_) => words.starts_with("[401"),
        }
    }

    /// Whether its last words tell of an app that starts, before which it did nothing.
    fn says_unavailable(&self, words: &str) -> bool {
        match self {
            Self::Rmcp => !words.starts_with(CAME_IN) && words.contains("HTTP 503"),
            Self::Python(_) => words.starts_with("[503"),
        }
    }

    /// Connects and makes the calls. The libraries give up at the first 503 of an app that starts, so a client that did nothing
    /// before is run again, as each request of ours is sent again.
    async fn visit(
        &self,
        context: &Context<'_>,
        caller: Caller<'_>,
        calls: &[&ToolCall],
    ) -> Result<Visit, String> {
        let url = context.target().mcp.as_str();
        let with = match caller {
            Caller::Anonymous => String::new(),
            Caller::Bearer(_, what) => format!("; Authorization: Bearer [{what}, redacted]"),
        };
        let mut pauses = pauses();
        loop {
            context.record(&format!("{} connects to {url}{with}", self.name()));
            let visit = match self {
                Self::Rmcp => by_rmcp(context, caller, calls).await,
                Self::Python(interpreter) => {
                    python::visit(interpreter, context, caller, calls).await
                }
            };
            match (visit, pauses.next()) {
                (Err(words), Some(pause)) if self.says_unavailable(&words) => {
                    tokio::time::sleep(pause).await; // tidy: before the next attempt
                }
                (visit, _) => return visit,
            }
        }
    }
}

async fn by_rmcp(
    context: &Context<'_>,
    caller: Caller<'_>,
    calls: &[&ToolCall],
) -> Result<Visit, String> {
    let mut config = StreamableHttpClientTransportConfig::with_uri(context.target().mcp.as_str());
    if let Caller::Bearer(token, _) = caller {
        config = config.auth_header(token.expose());
    }
    let http = context.run.http.client().clone();
    let transport = StreamableHttpClientTransport::with_client(http, config);
    let mut config = ClientConfig::default();
    // A later version does not open with `initialize`, and some servers refuse one that does.
    config.protocol_version = ProtocolVersion::LATEST_WITH_INITIALIZE;
    let client = config.serve(transport).await.map_err(|error| match error {
        ClientInitializeError::TransportError { .. }
        | ClientInitializeError::ConnectionClosed(_) => chain(&error),
        _ => format!("{CAME_IN}{}", chain(&error)),
    })?;
    let visit = work(&client, calls).await.map_err(|why| format!("{CAME_IN}{why}"))?;
    client.cancel().await.map_err(|error| error.to_string())?;
    Ok(visit)
}

/// What a client does that is connected.
async fn work<H: ClientHandler>(
    client: &RunningService<RoleClient, H>,
    calls: &[&ToolCall],
) -> Result<Visit, String> {
    let tools = client.list_all_tools().await.map_err(|error| chain(&error))?;
    let tools = tools.into_iter().map(|tool| tool.name.into_owned()).collect();
    let mut results = Vec::new();
    for ToolCall { tool, arguments } in calls {
        results.push(call(client, tool, arguments).await?);
    }
    Ok(Visit { tools, results })
}

async fn call<H: ClientHandler>(
    client: &RunningService<RoleClient, H>,
    tool: &str,
    arguments: &Value,
) -> Result<Value, String> {
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
    let result = client.call_tool(params).await.map_err(|error| chain(&error))?;
    crate::mcp::content(&json!(result)).map_err(|why| format!("{tool}: {why}"))
}

/// An error with all that is behind it, on one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let further = error.to_string();
        if !text.contains(&further) {
            text = format!("{text}: {further}");
        }
        source = error.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
