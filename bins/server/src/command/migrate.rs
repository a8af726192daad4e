//! `migrate`: brings the database's tables up to date.

use std::process::ExitCode;

use anyhow::Context;

use super::say;
use crate::settings::Settings;

/// Runs the migrations that the database lacks.
///
/// # Errors
/// When the database cannot be reached or refuses.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let database = super::open_database(settings).await?;
    let url = settings.database()?;
    let applied =
        database.migrate().await.with_context(|| format!("cannot migrate the database {url}"))?;
    say(format_args!("migrations applied: {applied}; the tables are up to date"));
    Ok(ExitCode::SUCCESS)
}
