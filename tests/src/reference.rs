//! docs/tools.md: what agents are offered, as the running server lists it.

use anyhow::{Context as _, Result};
use minijinja::{Environment, Error, UndefinedBehavior, Value, context, value::Serde};
use serde_json::json;

use crate::{mcp, server::Server};

/// Writes the document.
///
/// # Errors
/// The server does not start, or does not answer as an MCP server does.
pub async fn markdown() -> Result<String> {
    let server = Server::builder().env("DATABASE_URL", "sqlite://data.sqlite3").start().await?;
    let tools = list(&server, "tools/list", "tools").await?;
    let templates = list(&server, "resources/templates/list", "resourceTemplates").await?;
    let prompts = list(&server, "prompts/list", "prompts").await?;
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.add_filter("takes", takes);
    let page = include_str!("reference.md.j2");
    Ok(environment.render_str(page, context! { tools, templates, prompts })? + "\n")
}

/// What a method of the server lists.
async fn list(server: &Server, method: &str, field: &str) -> Result<Value> {
    let message = mcp::request(method, &json!({}));
    let request = mcp::post(&reqwest::Client::new(), server.url("/mcp"), &message);
    let answer: serde_json::Value = request.send().await?.json().await?;
    let list = answer["result"][field].as_array().with_context(|| format!("{method}: {answer}"))?;
    Ok(Serde(list).into())
}

/// What a flat JSON schema takes, in a few words: "integer, 1 to 5".
#[expect(clippy::needless_pass_by_value, reason = "the shape of a filter")]
fn takes(schema: Value) -> Result<String, Error> {
    let number = |name: &str| schema.get_attr(name).ok().filter(|value| !value.is_undefined());
    let kind = schema.get_attr("type")?;
    let unit = if kind.as_str() == Some("string") { " characters" } else { "" };
    let range = match (
        number("minimum").or_else(|| number("minLength")),
        number("maximum").or_else(|| number("maxLength")),
    ) {
        (Some(least), Some(most)) => format!(", {least} to {most}{unit}"),
        (Some(least), None) => format!(", at least {least}{unit}"),
        (None, Some(most)) => format!(", at most {most}{unit}"),
        (None, None) => String::new(),
    };
    let Some(words) = number("enum") else { return Ok(format!("{kind}{range}")) };
    let words: Vec<_> = words.try_iter()?.map(|word| format!("`{word}`")).collect();
    Ok(words.join(", "))
}
