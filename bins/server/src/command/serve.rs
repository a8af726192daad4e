//! `serve`: opens the database, serves until a signal, and drains.

use std::{net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context;
use chrono::TimeDelta;
use restaurant_domain::{Clock, ErrorChain, StoreError, SystemClock};
use restaurant_storage::{Database, DatabaseUrl, FORGET_BATCH};
use tokio_util::task::TaskTracker;

use super::say;
use crate::{
    app::{App, AppSettings},
    connections, sample_data, sample_posts,
    settings::{AuthMode, Settings},
    shutdown::Shutdown,
};

/// The pause before another attempt to migrate an unavailable database.
const RETRY: Duration = Duration::from_secs(1);
/// The pauses between further migrations after the first. During a deployment, instances of the previous version may still
/// write rows whose derived columns have the older form.
const AGAIN: [Duration; 3] =
    [Duration::from_mins(1), Duration::from_mins(10), Duration::from_hours(1)];

/// The pause between two looks for old entries of the activity record.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// Serves until a signal of [`Shutdown`].
///
/// # Errors
/// The server cannot start. An unavailable PostgreSQL is not an error: requests get 503 until it is available.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let shutdown = Shutdown::listen().context("cannot wait for signals")?;
    let address = settings.listen_address()?;
    let url = settings.database()?;
    let listener = connections::listen(address).with_context(|| {
        format!(
            "cannot listen on {address}: set BIND or PORT to an address that is free and allowed"
        )
    })?;
    let listening = listener.local_addr().context("cannot tell the address")?;
    let tasks = TaskTracker::new();
    let app_settings = AppSettings::new(settings, listening)?;
    let database = open(&url, settings).await?;
    let app = App::new(database, app_settings, tasks.clone())?;
    print_banner(listening, &url, settings.authentication.mode()?);
    connections::serve(listener, app, settings, tasks, shutdown).await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Opens and migrates the database: an SQLite file at once, PostgreSQL in the background as soon as it is available. From then on,
/// entries of the activity record that are older than its retention are deleted.
pub(super) async fn open(
    url: &DatabaseUrl,
    settings: &Settings,
) -> anyhow::Result<Arc<dyn Database>> {
    let retention = settings.writes.activity_retention();
    let Some(path) = url.sqlite_path() else {
        let database = super::open_database(settings).await?;
        tokio::spawn(keep_up_to_date(Arc::clone(&database), retention));
        return Ok(database);
    };
    let is_new = !path.exists();
    let database = super::open_database(settings).await?;
    database.migrate().await.with_context(|| format!("cannot migrate the database {url}"))?;
    tokio::spawn(forget_activity(Arc::clone(&database), retention));
    if is_new {
        let samples = sample_data::restaurants(SystemClock.now())?;
        if database.import(samples, true).await.context("cannot add the sample data")? {
            sample_posts::add(&*database).await.context("cannot add the sample data")?;
        }
    }
    Ok(database)
}

/// Migrates PostgreSQL, then repeats it after each of [`AGAIN`]. SQLite does not need this: it has one instance only.
async fn keep_up_to_date(database: Arc<dyn Database>, retention: Option<TimeDelta>) {
    migrate_until_done(&*database).await;
    tokio::spawn(forget_activity(Arc::clone(&database), retention));
    for pause in AGAIN {
        tokio::time::sleep(pause).await;
        if let Err(error) = database.migrate().await {
            tracing::warn!(
                error = %ErrorChain(&error),
                "cannot look for rows of an older version; asking again later"
            );
        }
    }
}

/// Deletes entries of the activity record that are older than its retention, every hour.
async fn forget_activity(database: Arc<dyn Database>, retention: Option<TimeDelta>) {
    let Some(retention) = retention else { return };
    loop {
        match database.forget_activity(SystemClock.now() - retention).await {
            // There are more.
            Ok(FORGET_BATCH) => continue,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(
                    error = %ErrorChain(&error),
                    "cannot delete old entries of the activity record; trying again later"
                );
            }
        }
        tokio::time::sleep(FORGET_EVERY).await;
    }
}

async fn migrate_until_done(database: &dyn Database) {
    loop {
        match database.migrate().await {
            Ok(applied) => {
                tracing::info!(applied, "the database's tables are up to date");
                return;
            }
            Err(StoreError::Unavailable(error)) => {
                tracing::warn!(
                    error = %ErrorChain(&*error),
                    "the database cannot be used yet; asking again"
                );
            }
            Err(error) => {
                tracing::error!(
                    error = %ErrorChain(&error),
                    "cannot migrate the database; asking again"
                );
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Prints the addresses on stdout. Scripts wait for the first line.
fn print_banner(address: SocketAddr, url: &DatabaseUrl, mode: AuthMode) {
    let address = Settings::reachable(address);
    let mcp = format!("http://{address}/mcp");
    say(format_args!("Pages  http://{address}/"));
    say(format_args!("MCP    {mcp}"));
    say(format_args!("Data   {url}"));
    say(format_args!("Auth   {}", mode.as_str()));
    say("\nClient configuration to paste (VS Code calls the key \"servers\"):");
    say(format_args!(
        r#"{{"mcpServers": {{"restaurant-reviews": {{"type": "http", "url": "{mcp}"}}}}}}"#
    ));
    say("\nCtrl-C stops the server.");
}
