//! The connection pool of PostgreSQL.

use std::{sync::Arc, time::Duration};

use deadpool::Runtime;
use diesel_async::{
    AnsiTransactionManager as Transactions, AsyncPgConnection, SimpleAsyncConnection as _,
    TransactionManager as _,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{Object, Pool},
    },
};
use futures_util::FutureExt;
use restaurant_domain::StoreError;
use tokio::time::timeout;
use tracing::Instrument;

use super::connect::Connector;
use crate::{
    concurrency::{ConcurrencyLimits, Permit, WorkKind},
    error::{Timeout, WorkError},
    limits::Limits,
};

/// The caller waits this much longer than the statement timeout, so that usually the server's error, with its reason,
/// comes first.
const GRACE: Duration = Duration::from_secs(1);

/// A connection pool with concurrency limits for each kind of work.
pub(super) struct ConnectionPool {
    pool: Pool<AsyncPgConnection>,
    concurrency: ConcurrencyLimits,
    timeout: Duration,
    /// The first statement of every transaction, for a pooler in transaction mode.
    transaction_opens: Option<Arc<str>>,
}

impl ConnectionPool {
    /// Creates an empty pool.
    pub(super) fn new(connector: Connector, limits: Limits) -> Result<Self, StoreError> {
        let mut config = ManagerConfig::default();
        // Sends nothing to the server: the client knows of closed connections and of open transactions.
        config.recycling_method = RecyclingMethod::Fast;
        let transaction_opens =
            connector.is_transaction_pooled().then(|| connector.statement_limits().into());
        config.custom_setup = Box::new(move |_| {
            let connector = connector.clone();
            async move { connector.connect().await }.boxed()
        });
        let size = limits.pool_size.max(1);
        let pool = Pool::builder(AsyncDieselConnectionManager::new_with_config("", config))
            .runtime(Runtime::Tokio1)
            .max_size(size)
            .wait_timeout(Some(limits.acquire))
            .create_timeout(Some(limits.connect))
            .recycle_timeout(Some(limits.acquire))
            .build()
            .map_err(StoreError::failed)?;
        let concurrency = ConcurrencyLimits::new(size, limits.acquire);
        Ok(Self { pool, concurrency, timeout: limits.statement + GRACE, transaction_opens })
    }

    /// Reserves a connection for a kind of work. A cancelled wait has no effect.
    pub(super) async fn reserve(&self, work: WorkKind) -> Result<Reservation, StoreError> {
        Ok(Reservation {
            _permit: self.concurrency.acquire(work).await?,
            pool: self.pool.clone(),
            timeout: self.timeout,
            transaction_opens: self.transaction_opens.clone(),
        })
    }
}

/// Runs work to completion in a task of its own, whether or not its caller waits. So its connection returns to the pool in a
/// known state.
pub(super) async fn run_to_completion<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::spawn(work.in_current_span()).await.map_err(StoreError::failed)
}

/// The right to run one piece of work on a connection.
pub(super) struct Reservation {
    _permit: Permit,
    pool: Pool<AsyncPgConnection>,
    timeout: Duration,
    transaction_opens: Option<Arc<str>>,
}

impl Reservation {
    /// Runs work on a connection without a timeout of its own; each statement has one.
    pub(super) async fn run<T>(
        self,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, WorkError>,
    ) -> Result<T, WorkError> {
        let mut connection = self.connection().await?;
        work_on(&mut connection, self.transaction_opens.as_deref(), work).await
    }

    /// As [`Self::run`], with the timeout of one statement. This also covers a server that is connected and does not
    /// respond.
    pub(super) async fn run_in_time<T>(
        self,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, WorkError>,
    ) -> Result<T, WorkError> {
        let mut connection = self.connection().await?;
        let opens = self.transaction_opens.as_deref();
        let result = timeout(self.timeout, work_on(&mut connection, opens, work)).await;
        result.unwrap_or_else(|_| {
            // Neither this connection nor an idle one is used again: the next work would wait for the same server.
            drop(Object::take(connection));
            self.pool.retain(|_, _| false);
            Err(Timeout("a statement").into())
        })
    }

    async fn connection(&self) -> Result<Object<AsyncPgConnection>, WorkError> {
        self.pool.get().await.map_err(|error| WorkError::NoConnection(error.into()))
    }
}

/// Runs work; with an opening statement, in a transaction.
async fn work_on<T>(
    connection: &mut AsyncPgConnection,
    opens: Option<&str>,
    work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, WorkError>,
) -> Result<T, WorkError> {
    let Some(opens) = opens else { return work(connection).await };
    Transactions::begin_transaction(connection).await?;
    let result = match connection.batch_execute(opens).await {
        Ok(()) => work(connection).await,
        Err(error) => Err(error.into()),
    };
    if result.is_ok() {
        Transactions::commit_transaction(connection).await?;
    } else {
        // The first error is reported; the pool drops a broken connection.
        let _ = Transactions::rollback_transaction(connection).await;
    }
    result
}
