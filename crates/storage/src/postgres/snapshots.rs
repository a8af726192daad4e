//! What readers see, asked once for all callers that wait.
//!
//! PostgreSQL names a snapshot by the transactions that have ended before it. A transaction that commits while two snapshots are taken
//! makes them differ, so two that are equal see the same rows. Source: <https://www.postgresql.org/docs/current/functions-info.html>.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::{
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Nullable, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use restaurant_domain::{Snapshot, StoreError};
use tokio::sync::Semaphore;

use super::pool::{ConnectionPool, run_to_completion};
use crate::{concurrency::WorkKind, error::SharedError};

/// The query of the name, which is planned once for a connection.
#[derive(QueryId)]
struct SnapshotName;

impl Query for SnapshotName {
    type SqlType = Nullable<Text>;
}

impl QueryFragment<Pg> for SnapshotName {
    /// With the start of the server, since another one may have got as far. A standby does not list the transactions that run, and where
    /// tables are distributed the coordinator knows of those on its own node only, so neither has a name.
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT CASE WHEN NOT pg_is_in_recovery() AND to_regclass('pg_catalog.pg_dist_partition') IS NULL \
             THEN pg_current_snapshot()::text || ' ' || pg_postmaster_start_time()::text END",
        );
        Ok(())
    }
}

/// The number of questions under way. The callers that come meanwhile share the next one.
const UNDER_WAY: usize = 2;

/// The answer to a question, for each of its callers.
type Answer = Result<Option<Snapshot>, SharedError>;

/// The questions of one store.
pub(super) struct Snapshots {
    connections: Arc<ConnectionPool>,
    turns: Arc<Semaphore>,
    /// The question that has not begun.
    next: Arc<Mutex<Option<Shared<BoxFuture<'static, Answer>>>>>,
}

impl Snapshots {
    pub(super) fn new(connections: Arc<ConnectionPool>) -> Self {
        Self { connections, turns: Arc::new(Semaphore::new(UNDER_WAY)), next: Arc::default() }
    }

    /// The name of a snapshot that is taken after this call.
    pub(super) async fn current(&self) -> Result<Option<Snapshot>, StoreError> {
        let question = lock(&self.next).get_or_insert_with(|| self.question()).clone();
        question.await.map_err(|error| error.each())
    }

    fn question(&self) -> Shared<BoxFuture<'static, Answer>> {
        let Self { connections, turns, next } = self;
        let (connections, turns, next) =
            (Arc::clone(connections), Arc::clone(turns), Arc::clone(next));
        let question = async move {
            let _turn = turns.acquire().await;
            // Who comes from now on asks anew.
            lock(&next).take();
            ask(&connections).await.map_err(SharedError::of)
        };
        question.boxed().shared()
    }
}

async fn ask(connections: &ConnectionPool) -> Result<Option<Snapshot>, StoreError> {
    let reservation = connections.reserve(WorkKind::Read).await?;
    let ask = async move {
        let name = async |connection: &mut AsyncPgConnection| {
            Ok(SnapshotName.get_result::<Option<String>>(connection).await?)
        };
        reservation.run_in_time(name).await
    };
    Ok(run_to_completion(ask).await??.map(Snapshot::new))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
