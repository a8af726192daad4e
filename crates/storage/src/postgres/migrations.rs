//! Migrations of PostgreSQL.

use diesel::{Connection, connection::SimpleConnection};
use diesel_async::{AsyncPgConnection, async_connection_wrapper::AsyncConnectionWrapper};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use restaurant_domain::StoreError;
use tokio::task::spawn_blocking;

use super::{
    backfill,
    lock::LOCK,
    preflight::{needs_backfill, needs_migration},
};
use crate::error::MigrateError;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Applies pending migrations in one transaction, under the lock of all instances; returns their number. Then backfills
/// ([`backfill::backfill`]).
///
/// Runs on a blocking thread, which diesel's harness needs. So it completes even when its caller is dropped.
pub(super) async fn run(mut connection: AsyncPgConnection) -> Result<usize, StoreError> {
    let pending = look(&mut connection).await?;
    if !pending.tables && !pending.rows {
        return Ok(0);
    }
    let mut connection = AsyncConnectionWrapper::<_>::from(connection);
    let migrate = move || {
        let applied = if pending.tables { migrate(&mut connection)? } else { 0 };
        let restaurants = backfill::backfill(&mut connection)?;
        if restaurants > 0 {
            tracing::info!(restaurants, "search texts and sort keys are derived anew");
        }
        Ok::<_, MigrateError>(applied)
    };
    Ok(spawn_blocking(migrate).await.map_err(StoreError::failed)??)
}

fn migrate(
    connection: &mut AsyncConnectionWrapper<AsyncPgConnection>,
) -> Result<usize, MigrateError> {
    connection.transaction(|connection| {
        connection.batch_execute(LOCK)?;
        let applied = connection.run_pending_migrations(MIGRATIONS);
        Ok(applied.map_err(MigrateError::Migration)?.len())
    })
}

/// The pending work.
struct Pending {
    /// Migrations are to be applied.
    tables: bool,
    /// Rows are to be derived anew.
    rows: bool,
}

/// Finds the pending work before any lock is taken, in one transaction, so that a pooler uses one connection for it.
async fn look(connection: &mut AsyncPgConnection) -> Result<Pending, MigrateError> {
    let look = async |connection: &mut _| {
        let tables = needs_migration(connection, MIGRATIONS).await?;
        // A pending migration may add the column that it reads.
        let rows = tables || needs_backfill(connection).await?;
        Ok(Pending { tables, rows })
    };
    diesel_async::AsyncConnection::transaction(connection, look).await
}

#[cfg(test)]
mod tests {
    use diesel::{RunQueryDsl, dsl::sql, sql_types::BigInt};
    use restaurant_tests::postgres::shared;

    use diesel_async::AsyncConnection as _;

    use super::*;

    #[tokio::test]
    async fn migrations_go_up_down_and_up_again() {
        let database = shared().await.unwrap().create_database().await.unwrap();
        let connect = async || AsyncPgConnection::establish(database.url()).await.unwrap();
        let all = run(connect().await).await.unwrap();
        assert!(all > 0);
        let mut connection = AsyncConnectionWrapper::<_>::from(connect().await);
        let (reverted, left) = spawn_blocking(move || {
            let reverted = connection.revert_all_migrations(MIGRATIONS).unwrap().len();
            let left = sql::<BigInt>(
                "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace \
                     AND relname NOT LIKE '\\_\\_diesel%') \
                 + (SELECT count(*) FROM pg_proc JOIN pg_language ON pg_language.oid = prolang \
                     WHERE lanname = 'plpgsql')",
            );
            (reverted, left.get_result::<i64>(&mut connection).unwrap())
        })
        .await
        .unwrap();
        assert_eq!((reverted, left), (all, 0));
        assert_eq!(run(connect().await).await.unwrap(), all);
    }
}
