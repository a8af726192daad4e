//! What readers see, asked for many callers at once.
//!
//! PostgreSQL names a snapshot by the transactions that have ended before it, and each commit makes it another one, so two that are
//! equal see the same rows. Source: <https://www.postgresql.org/docs/current/functions-info.html>. After a crash the server may give
//! an id again, so the name also counts the connections that were opened: none of those before the crash lives on.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

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
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use super::{
    connect::Connector,
    pool::{ConnectionPool, run_to_completion},
};
use crate::{
    concurrency::WorkKind,
    error::{SharedError, Timeout},
};

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

/// For how long a server without names is not asked again.
const UNNAMED_FOR: Duration = Duration::from_secs(5);

/// The answer to a question, for each of its callers.
type Answer = Result<Option<Snapshot>, SharedError>;

/// The questions of one store.
pub(super) struct Snapshots {
    asked: Arc<Asked>,
    turns: Arc<Semaphore>,
    /// The question that has not begun.
    next: Arc<Mutex<Option<Shared<BoxFuture<'static, Answer>>>>>,
    /// When a server without names may be asked again.
    unnamed_until: Arc<Mutex<Option<Instant>>>,
    /// The longest wait of a question for its turn.
    limit: Duration,
}

/// What a question needs.
struct Asked {
    connector: Connector,
    connections: Arc<ConnectionPool>,
}

impl Snapshots {
    pub(super) fn new(
        connector: Connector,
        connections: Arc<ConnectionPool>,
        limit: Duration,
    ) -> Self {
        Self {
            asked: Arc::new(Asked { connector, connections }),
            turns: Arc::new(Semaphore::new(UNDER_WAY)),
            next: Arc::default(),
            unnamed_until: Arc::default(),
            limit,
        }
    }

    /// The name of a snapshot that is taken after this call.
    pub(super) async fn current(&self) -> Result<Option<Snapshot>, StoreError> {
        if lock(&self.unnamed_until).is_some_and(|until| Instant::now() < until) {
            return Ok(None);
        }
        let question = lock(&self.next).get_or_insert_with(|| self.question()).clone();
        let answer = question.await.map_err(|error| error.each())?;
        *lock(&self.unnamed_until) = answer.is_none().then(|| Instant::now() + UNNAMED_FOR);
        Ok(answer)
    }

    fn question(&self) -> Shared<BoxFuture<'static, Answer>> {
        let (asked, turns) = (Arc::clone(&self.asked), Arc::clone(&self.turns));
        let (next, limit) = (Arc::downgrade(&self.next), self.limit);
        let question = async move {
            let turn = timeout(limit, turns.acquire()).await;
            // Callers that come from now on ask anew.
            if let Some(next) = next.upgrade() {
                lock(&next).take();
            }
            match turn {
                Ok(_turn) => asked.name().await,
                Err(_) => Err(StoreError::unavailable(Timeout("waiting to ask for the snapshot"))),
            }
            .map_err(SharedError::of)
        };
        question.boxed().shared()
    }
}

impl Asked {
    async fn name(&self) -> Result<Option<Snapshot>, StoreError> {
        let reservation = self.connections.reserve(WorkKind::Read).await?;
        let connector = self.connector.clone();
        let ask = async move {
            let name = async |connection: &mut AsyncPgConnection| {
                // Counted with the connection in hand, which was opened after the last crash.
                let opened = connector.opened();
                let name = SnapshotName.get_result::<Option<String>>(connection).await?;
                Ok(name.map(|name| Snapshot::new(format!("{name} {opened}"))))
            };
            reservation.run_in_time(name).await
        };
        Ok(run_to_completion(ask).await??)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
