//! The commands: what each is called, and which function does it.

mod config;
mod healthcheck;
mod mcp_stdio;
mod migrate;
mod retract;
mod seed;
mod serve;

use std::{
    fmt::Display,
    io::{Write, stdout},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context;
use clap::Subcommand;
use restaurant_domain::SystemClock;
use restaurant_storage::{Database, DatabaseUrl, PostgresOptions};

use crate::{
    database_sign_in::EntraPassword,
    raw_settings::RawSetting,
    settings::{DatabaseAuth, Settings},
};

/// What the connections to PostgreSQL are called in `pg_stat_activity`.
const APPLICATION_NAME: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// What to do.
#[derive(Debug, Clone, Default, Subcommand)]
pub enum Command {
    /// Serve the pages and the MCP endpoint (the default).
    #[default]
    Serve,
    /// Serve MCP to one client over stdin and stdout, as desktop clients want it, until it leaves.
    McpStdio,
    /// Bring the database's tables up to date and exit.
    Migrate(migrate::Migrate),
    /// Fill the database with sample data.
    Seed(seed::Seed),
    /// Hide what one author wrote. Says first what that is, and asks. `restore` undoes it.
    Retract(retract::Retract),
    /// Show again what `retract` hid.
    Restore(retract::Retract),
    /// Ask the running server at BIND whether it is healthy; exits with 0 when it is, else 1.
    Healthcheck,
    /// Print every setting, its value and where it came from; secrets are hidden.
    Config(config::Config),
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot start: a wrong setting, a port in use, a database that cannot be opened.
pub fn run(command: Command, settings: &Settings, raw: &[RawSetting]) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let code = runtime.block_on(async {
        match command {
            Command::Serve => serve::run(settings).await,
            Command::McpStdio => mcp_stdio::run(settings).await,
            Command::Migrate(migrate) => migrate::run(&migrate, settings).await,
            Command::Seed(seed) => seed::run(&seed, settings).await,
            Command::Retract(what) => retract::retract(what, settings).await,
            Command::Restore(what) => retract::restore(what, settings).await,
            Command::Healthcheck => healthcheck::run(settings).await,
            Command::Config(config) => config::run(&config, settings, raw),
        }
    });
    // What still runs in the background has had its time to end.
    runtime.shutdown_background();
    code
}

/// Writes a line to stdout. A reader that went away, as `head` does, is no failure.
fn say(line: impl Display) {
    let _ = writeln!(stdout().lock(), "{line}");
}

/// What of a PostgreSQL is not in its address.
fn database_options(settings: &Settings, url: &DatabaseUrl) -> anyhow::Result<PostgresOptions> {
    let mut options = PostgresOptions::default();
    options.transaction_pooling = settings.database_pgbouncer;
    options.application_name = Some(APPLICATION_NAME.to_owned());
    if settings.database_auth(url)? == DatabaseAuth::Entra {
        let authority = &settings.authentication.entra_authority;
        let password = EntraPassword::new(settings.azure_client_id(), authority);
        options.password = Some(Arc::new(password.context("DATABASE_AUTH=entra")?));
    }
    Ok(options)
}

/// Opens the database that the settings name.
async fn open_database(settings: &Settings) -> anyhow::Result<Arc<dyn Database>> {
    let url = settings.database()?;
    let options = database_options(settings, &url)?;
    let clock = Arc::new(SystemClock);
    let database = restaurant_storage::open_with(&url, settings.database_limits(), options, clock);
    database.await.with_context(|| format!("cannot open the database {url}"))
}
