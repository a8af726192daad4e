//! The connections to PostgreSQL, and how they are lent.

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

/// How much longer than a statement may run its caller waits: so the server, which says why, is usually the first to give up.
const GRACE: Duration = Duration::from_secs(1);

/// Lends connections to work, each kind of work its share.
pub(super) struct ConnectionPool {
    pool: Pool<AsyncPgConnection>,
    concurrency: ConcurrencyLimits,
    timeout: Duration,
    /// What every transaction opens with, where each is lent a connection of its own.
    transaction_opens: Option<Arc<str>>,
}

impl ConnectionPool {
    /// A pool, empty until it is needed.
    pub(super) fn new(connector: Connector, limits: Limits) -> Result<Self, StoreError> {
        let mut config = ManagerConfig::default();
        // Says nothing to the server: a connection that is closed, or that was left in the middle of a transaction, is
        // known without.
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

    /// Waits for the turn of a kind of work. A caller that goes away meanwhile leaves nothing behind.
    pub(super) async fn reserve(&self, work: WorkKind) -> Result<Reservation, StoreError> {
        Ok(Reservation {
            _permit: self.concurrency.acquire(work).await?,
            pool: self.pool.clone(),
            timeout: self.timeout,
            transaction_opens: self.transaction_opens.clone(),
        })
    }
}

/// Runs work whose turn it is to its end in a task of its own, whether or not its caller waits for it: so its connection
/// goes back whole, and one that was begun to be made is made.
pub(super) async fn run_to_completion<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::spawn(work.in_current_span()).await.map_err(StoreError::failed)
}

/// The right to do one piece of work on a connection.
pub(super) struct Reservation {
    _permit: Permit,
    pool: Pool<AsyncPgConnection>,
    timeout: Duration,
    transaction_opens: Option<Arc<str>>,
}

impl Reservation {
    /// Runs work on a connection, for as long as its statements may take together.
    pub(super) async fn run<T>(
        self,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, WorkError>,
    ) -> Result<T, WorkError> {
        let mut connection = self.connection().await?;
        work_on(&mut connection, self.transaction_opens.as_deref(), work).await
    }

    /// As [`Self::run`], but for no longer than one statement may take. That also gives up on a server that is connected
    /// and silent, which cannot apply the limit itself.
    pub(super) async fn run_in_time<T>(
        self,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, WorkError>,
    ) -> Result<T, WorkError> {
        let mut connection = self.connection().await?;
        let opens = self.transaction_opens.as_deref();
        let result = timeout(self.timeout, work_on(&mut connection, opens, work)).await;
        result.unwrap_or_else(|_| {
            // Not given back: the next work to get this connection would wait for the same silence.
            drop(Object::take(connection));
            Err(Timeout("a statement").into())
        })
    }

    async fn connection(&self) -> Result<Object<AsyncPgConnection>, WorkError> {
        self.pool.get().await.map_err(|error| WorkError::NoConnection(error.into()))
    }
}

/// Does the work; in a transaction that opens with a statement, where the connection is lent for no longer.
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
        // The first failure is the one to tell of; a connection that is left broken is thrown away.
        let _ = Transactions::rollback_transaction(connection).await;
    }
    result
}
