//! `mcp-stdio`: serves MCP to one client over stdin and stdout. stdout holds its messages and nothing else.

use std::{pin::pin, process::ExitCode};

use anyhow::Context;
use restaurant_domain::Actor;
use restaurant_mcp::CancellationToken;
use tokio::{select, time::timeout};

use super::serve;
use crate::{app, connections::Shutdown, settings::Settings};

/// Serves until the client closes its end, or until a signal. Writes that have begun are finished in both cases. The client has every right of the process: this transport has no authentication.
///
/// # Errors
/// When it cannot start, or when the client speaks something else than MCP. A PostgreSQL that is away is no reason: calls
/// are answered with an error until it is back.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut shutdown = Shutdown::listen().context("cannot wait for signals")?;
    let database = serve::open(&settings.database()?, settings).await?;
    let session = CancellationToken::new();
    let served = app::mcp_adapter(database, settings.read_only)
        .call_timeout(settings.mcp_call_seconds)
        .default_actor(Actor::unauthenticated())
        .cancellation_token(session.clone())
        .serve_stdio(tokio::io::stdin(), tokio::io::stdout());
    let mut served = pin!(served);
    select! {
        ended = &mut served => ended.context("the session ended with an error")?,
        () = shutdown.requested() => {
            session.cancel();
            if timeout(settings.drain_seconds, served).await.is_err() {
                tracing::warn!("the drain time is over; some calls were cut off");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
