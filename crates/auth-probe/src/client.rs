//! Whole MCP clients: rmcp's always, and the Python one where there is an interpreter that has it.

mod python;

use std::error::Error;

use rmcp::{
    ClientHandler, RoleClient, ServiceExt as _,
    model::CallToolRequestParams,
    service::{ClientInitializeError, RunningService},
    transport::{
        StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::{Value, json};

use crate::{
    case::functions,
    context::{Caller, Context},
    outcome::CaseFailure,
};

/// What a client found, or what it said when it gave up.
#[derive(Debug)]
struct Visit {
    tools: Vec<String>,
    restaurants: Value,
    review: Option<(Value, Value)>,
}

/// A review for a client to write.
struct Review {
    restaurant: i64,
    text: String,
}

/// Every client gets its work done.
pub(crate) async fn works(context: &Context<'_>) -> Result<String, CaseFailure> {
    let caller = context.good();
    let writes = matches!(caller, Caller::Bearer(..)) && context.run.writes;
    // The clients give up at the first 503 of an app that starts; this request is sent again.
    context.initialize(caller).await?;
    let mut got = Vec::new();
    for client in clients(context) {
        let review = if writes { Some(client.review(context).await?) } else { None };
        let visit = client.visit(context, caller, review.as_ref()).await;
        let visit =
            visit.map_err(|why| CaseFailure::failed(format!("{}: {why}", client.name())))?;
        let result = judge(context, &visit, review.as_ref());
        result.map_err(|why| CaseFailure::failed(format!("{}: {why}", client.name())))?;
        got.push(format!("{}: {} tools", client.name(), visit.tools.len()));
    }
    Ok(got.join("; "))
}

/// Every client says that it was refused.
pub(crate) async fn is_refused(context: &Context<'_>) -> Result<String, CaseFailure> {
    let mut got = Vec::new();
    for client in clients(context) {
        let name = client.name();
        match client.visit(context, Caller::Anonymous, None).await {
            Ok(_) => return Err(CaseFailure::failed(format!("{name}: came in"))),
            Err(why) if client.says_unauthorized(&why) => got.push(format!("{name}: 401")),
            Err(why) => return Err(CaseFailure::failed(format!("{name}: {why}"))),
        }
    }
    Ok(got.join("; "))
}

fn judge(context: &Context<'_>, visit: &Visit, review: Option<&Review>) -> Result<(), String> {
    let tools: Vec<_> = visit.tools.iter().map(String::as_str).collect();
    functions::check_tools(&tools)?;
    functions::check_restaurants(&visit.restaurants)?;
    let Some(Review { text, .. }) = review else { return Ok(()) };
    let (made, details) = visit.review.as_ref().ok_or("it wrote no review")?;
    let id = functions::check_created_review(made, text)?;
    context.run.add_row(context.id, "review", id, text);
    functions::check_review(details, id, text)
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

    async fn review(&self, context: &Context<'_>) -> Result<Review, CaseFailure> {
        let restaurant = context.restaurant().await?;
        let text = format!("test-auth {} {} {}", context.run.id, context.id, self.name());
        Ok(Review { restaurant, text })
    }

    async fn visit(
        &self,
        context: &Context<'_>,
        caller: Caller<'_>,
        review: Option<&Review>,
    ) -> Result<Visit, String> {
        let url = context.target().mcp.as_str();
        let with = match caller {
            Caller::Anonymous => String::new(),
            Caller::Bearer(_, what) => format!("; Authorization: Bearer [{what}, redacted]"),
        };
        context.record(&format!("{} connects to {url}{with}", self.name()));
        match self {
            Self::Rmcp => by_rmcp(context, caller, review).await,
            Self::Python(interpreter) => python::visit(interpreter, context, caller, review).await,
        }
    }
}

async fn by_rmcp(
    context: &Context<'_>,
    caller: Caller<'_>,
    review: Option<&Review>,
) -> Result<Visit, String> {
    let mut config = StreamableHttpClientTransportConfig::with_uri(context.target().mcp.as_str());
    if let Caller::Bearer(token, _) = caller {
        config = config.auth_header(token.expose());
    }
    let http = context.run.http.client().clone();
    let transport = StreamableHttpClientTransport::with_client(http, config);
    let client = ().serve(transport).await.map_err(|error| match error {
        ClientInitializeError::TransportError { .. }
        | ClientInitializeError::ConnectionClosed(_) => chain(&error),
        _ => format!("{CAME_IN}{}", chain(&error)),
    })?;
    let visit = work(&client, review).await.map_err(|why| format!("{CAME_IN}{why}"))?;
    client.cancel().await.map_err(|error| error.to_string())?;
    Ok(visit)
}

/// What a client does that is connected.
async fn work<H: ClientHandler>(
    client: &RunningService<RoleClient, H>,
    review: Option<&Review>,
) -> Result<Visit, String> {
    let tools = client.list_all_tools().await.map_err(|error| chain(&error))?;
    let tools = tools.into_iter().map(|tool| tool.name.into_owned()).collect();
    let restaurants = call(client, "list_restaurants_mcp", json!({})).await?;
    if let Some(first) = first_restaurant(&restaurants) {
        call(client, "get_details_mcp", json!({"restaurant_id": first})).await?;
    }
    let review = match review {
        Some(Review { restaurant, text }) => {
            let details = json!({"restaurant_id": restaurant});
            let arguments = functions::review(*restaurant, text);
            let made = call(client, "create_review_mcp", arguments).await?;
            Some((made, call(client, "get_details_mcp", details).await?))
        }
        None => None,
    };
    Ok(Visit { tools, restaurants, review })
}

/// The id of the first restaurant of a list.
fn first_restaurant(list: &Value) -> Option<i64> {
    functions::check_restaurants(list).ok()?.first()?["id"].as_i64()
}

async fn call<H: ClientHandler>(
    client: &RunningService<RoleClient, H>,
    tool: &'static str,
    arguments: Value,
) -> Result<Value, String> {
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let params = CallToolRequestParams::new(tool).with_arguments(arguments);
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
