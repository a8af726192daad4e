//! Migrations of SQLite.

use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{backfill, write_lock::with_write_lock};
use crate::error::MigrateError;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Applies pending migrations in one transaction, under the file's write lock; returns their number. Then backfills
/// ([`backfill::backfill`]).
pub(super) fn run(connection: &mut SqliteConnection) -> Result<usize, MigrateError> {
    let applied =
        if connection.has_pending_migration(MIGRATIONS).map_err(MigrateError::Migration)? {
            with_write_lock(connection, |connection| {
                let applied = connection.run_pending_migrations(MIGRATIONS);
                Ok::<_, MigrateError>(applied.map_err(MigrateError::Migration)?.len())
            })?
        } else {
            0
        };
    let restaurants = backfill::backfill(connection)?;
    if restaurants > 0 {
        tracing::info!(restaurants, "search texts and sort keys are derived anew");
    }
    Ok(applied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_go_up_down_and_up_again() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        let all = run(&mut connection).unwrap();
        assert!(all > 0);
        assert_eq!(connection.revert_all_migrations(MIGRATIONS).unwrap().len(), all);
        let left = diesel::dsl::sql::<diesel::sql_types::BigInt>(
            "SELECT count(*) FROM sqlite_schema \
             WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> '__diesel_schema_migrations'",
        );
        assert_eq!(left.get_result::<i64>(&mut connection).unwrap(), 0);
        assert_eq!(run(&mut connection).unwrap(), all);
    }
}
