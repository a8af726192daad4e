//! `mcp-stdio`: serves MCP to one client over stdin and stdout. stdout holds its messages and nothing else.

use std::{pin::pin, process::ExitCode};

use anyhow::Context;
use restaurant_domain::Actor;
use restaurant_mcp::CancellationToken;
use tokio::{select, time::timeout};

use super::serve;
use crate::{app, settings::Settings, shutdown::Shutdown};

/// Serves until the client closes its end or a signal arrives, and completes pending writes. The transport has no
/// authentication: the client has all rights of the process.
///
/// # Errors
/// The server cannot start, or the client does not speak MCP. An unavailable PostgreSQL is not an error: calls return an
/// error until it is available.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut shutdown = Shutdown::listen().context("cannot wait for signals")?;
    let database = serve::open(&settings.database()?, settings).await?;
    let session = CancellationToken::new();
    let served = app::mcp_adapter(database, settings.read_only, &settings.writes)
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
