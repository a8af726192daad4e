//! The schema of SQLite.

use diesel::{prelude::*, result::Error as QueryError};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::derive;
use crate::error::{MigrateError, is_locked};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
/// How often to ask for the lock, each time for as long as a writer waits.
const TRIES: usize = 5;

/// Applies what is missing, under the file's write lock and in one transaction; tells how many. Then derives anew what an
/// older version derived ([`derive::derive`]).
pub(super) fn run(connection: &mut SqliteConnection) -> Result<usize, MigrateError> {
    let applied =
        if connection.has_pending_migration(MIGRATIONS).map_err(MigrateError::Migration)? {
            in_turn(connection, |connection| {
                let applied = connection.run_pending_migrations(MIGRATIONS);
                Ok::<_, MigrateError>(applied.map_err(MigrateError::Migration)?.len())
            })?
        } else {
            0
        };
    let restaurants = derive::derive(connection)?;
    if restaurants > 0 {
        tracing::info!(restaurants, "search texts and sort keys are derived anew");
    }
    Ok(applied)
}

/// Does work under the file's write lock. Asks for the lock several times, since it is not given in turn: of many instances
/// that start at once and derive batches, one may be passed over for longer than a writer waits.
pub(super) fn in_turn<T, E: From<QueryError> + IsLocked>(
    connection: &mut SqliteConnection,
    work: impl Fn(&mut SqliteConnection) -> Result<T, E>,
) -> Result<T, E> {
    for _ in 1..TRIES {
        match connection.immediate_transaction(&work) {
            Err(error) if error.is_locked() => {}
            done => return done,
        }
    }
    connection.immediate_transaction(work)
}

/// An error of a transaction.
pub(super) trait IsLocked {
    /// Whether another connection has the file's lock.
    fn is_locked(&self) -> bool;
}

impl IsLocked for QueryError {
    fn is_locked(&self) -> bool {
        is_locked(self)
    }
}

impl IsLocked for MigrateError {
    fn is_locked(&self) -> bool {
        matches!(self, Self::Query(error) if is_locked(error))
    }
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
