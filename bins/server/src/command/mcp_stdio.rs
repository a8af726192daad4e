//! `mcp-stdio`: serves MCP to one client over stdin and stdout. stdout holds its messages and nothing else.

use std::process::ExitCode;

use anyhow::Context;
use restaurant_domain::Actor;

use super::serve;
use crate::{app, settings::Settings};

/// Serves until the client closes its end. Whoever starts the process may do what it may do: nobody asks them who they are.
///
/// # Errors
/// When it cannot start, or when the client speaks something else than MCP. A PostgreSQL that is away is no reason: calls
/// are answered with an error until it is back.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let database = serve::open(&settings.database()?, settings).await?;
    app::mcp_adapter(database, settings.read_only)
        .call_timeout(settings.mcp_call_seconds)
        .default_actor(Actor::unauthenticated())
        .serve_stdio(tokio::io::stdin(), tokio::io::stdout())
        .await
        .context("the session ended with an error")?;
    Ok(ExitCode::SUCCESS)
}
