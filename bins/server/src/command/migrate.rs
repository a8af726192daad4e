//! `migrate`: applies the pending migrations.

use std::process::ExitCode;

use anyhow::Context;

use super::say;
use crate::settings::Settings;

/// Applies the pending migrations.
///
/// # Errors
/// The database is unavailable or rejects a migration.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let database = super::open_database(settings).await?;
    let url = settings.database()?;
    let applied =
        database.migrate().await.with_context(|| format!("cannot migrate the database {url}"))?;
    say(format_args!("migrations applied: {applied}; the tables are up to date"));
    Ok(ExitCode::SUCCESS)
}
