//! `migrate`: applies the pending migrations.

use std::process::ExitCode;

use anyhow::Context;
use restaurant_storage::DatabaseRole;

use super::say;
use crate::settings::{Settings, value};

/// The running app's role, where another one than this owns the tables.
#[derive(Debug, Clone, clap::Args)]
pub struct Migrate {
    /// A role to which to grant the rights to read and write rows, as the running app needs them.
    #[arg(long, value_name = "ROLE", value_parser = value::database_user)]
    grant_to: Option<String>,
    /// The object id (a GUID) of the managed identity that signs in as that role. Azure Database for PostgreSQL creates the role, if it does not exist.
    #[arg(long, value_name = "ID", requires = "grant_to", value_parser = value::guid)]
    grant_to_principal: Option<String>,
}

/// Applies the pending migrations, and grants rights.
///
/// # Errors
/// The database is unavailable, rejects a migration, or does not grant.
pub async fn run(migrate: &Migrate, settings: &Settings) -> anyhow::Result<ExitCode> {
    let database = super::open_database(settings).await?;
    let url = settings.database()?;
    let applied =
        database.migrate().await.with_context(|| format!("cannot migrate the database {url}"))?;
    say(format_args!("migrations applied: {applied}; the tables are up to date"));
    if let Some(name) = migrate.grant_to.clone() {
        let principal = migrate.grant_to_principal.clone().filter(|id| !id.is_empty());
        let role = DatabaseRole { name, principal };
        let granted = database.grant_rows(&role).await;
        granted.with_context(|| format!("cannot grant {} the rights to rows", role.name))?;
        say(format_args!("{} may read and write rows", role.name));
    }
    Ok(ExitCode::SUCCESS)
}
