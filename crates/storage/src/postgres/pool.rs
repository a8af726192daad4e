//! The connections to PostgreSQL, and how they are lent.

use std::time::Duration;

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

use super::connect::Connector;
use crate::{
    Limits,
    error::{OutOfTime, WorkError},
};

/// How much longer than a statement may run its caller waits: so the server, which says why, is usually the first to give up.
const GRACE: Duration = Duration::from_secs(1);

/// How often work is done. A second time is common: another create took the same key meanwhile. A third is not: the key
/// was deleted again.
const ATTEMPTS: u32 = 3;

/// Lends connections to work.
pub(super) struct Connections {
    pool: Pool<AsyncPgConnection>,
    patience: Duration,
    /// What every transaction opens with, where each is lent a connection of its own.
    transaction_opens: Option<String>,
}

impl Connections {
    /// A pool, empty until it is needed.
    pub(super) fn new(connector: Connector, limits: Limits) -> Result<Self, StoreError> {
        let mut config = ManagerConfig::default();
        // Says nothing to the server: a connection that is closed, or that somebody left in the middle of a transaction,
        // is known without.
        config.recycling_method = RecyclingMethod::Fast;
        let transaction_opens = connector.is_pooled().then(|| connector.statement_limit());
        config.custom_setup = Box::new(move |_| {
            let connector = connector.clone();
            async move { connector.connect().await }.boxed()
        });
        let pool = Pool::builder(AsyncDieselConnectionManager::new_with_config("", config))
            .runtime(Runtime::Tokio1)
            .max_size(limits.pool_size.max(1))
            .wait_timeout(Some(limits.acquire))
            .create_timeout(Some(limits.connect))
            .recycle_timeout(Some(limits.acquire))
            .build()
            .map_err(StoreError::failed)?;
        Ok(Self { pool, patience: limits.statement + GRACE, transaction_opens })
    }

    /// Runs work on a connection, for as long as its statements may take together.
    ///
    /// When the caller goes away, a transaction that it leaves open ends with its connection.
    pub(super) async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, WorkError>,
    ) -> Result<T, StoreError> {
        let mut lent = Lent(Some(self.get().await?));
        let result = self.work(lent.connection()?, work).await;
        lent.give_back();
        Ok(result?)
    }

    /// As [`Self::run`], but waits no longer than one statement may take. That also gives up on a server that is
    /// connected and silent, which cannot apply the limit itself.
    pub(super) async fn run_in_time<T>(
        &self,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, WorkError>,
    ) -> Result<T, StoreError> {
        Ok(self.try_in_time(work).await??)
    }

    /// As [`Self::run_in_time`], and again while somebody else's work comes between.
    pub(super) async fn run_until_first<T, Work>(
        &self,
        work: impl Fn() -> Work,
    ) -> Result<T, StoreError>
    where
        Work: AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, WorkError>,
    {
        for _ in 1..ATTEMPTS {
            match self.try_in_time(work()).await? {
                Err(WorkError::Contended) => {}
                result => return Ok(result?),
            }
        }
        self.run_in_time(work()).await
    }

    async fn try_in_time<T>(
        &self,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, WorkError>,
    ) -> Result<Result<T, WorkError>, StoreError> {
        let mut lent = Lent(Some(self.get().await?));
        // Out of time it is not given back: whoever got it next would wait for the same silence.
        let result = timeout(self.patience, self.work(lent.connection()?, work)).await;
        let result = result.map_err(|_| StoreError::unavailable(OutOfTime("a statement")))?;
        lent.give_back();
        Ok(result)
    }

    /// Does the work; in a transaction where the connection is lent for no longer.
    async fn work<T>(
        &self,
        connection: &mut AsyncPgConnection,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, WorkError>,
    ) -> Result<T, WorkError> {
        let Some(opening) = &self.transaction_opens else { return work(connection).await };
        Transactions::begin_transaction(connection).await?;
        let result = match connection.batch_execute(opening).await {
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

    async fn get(&self) -> Result<Object<AsyncPgConnection>, StoreError> {
        self.pool.get().await.map_err(StoreError::unavailable)
    }
}

/// A connection at work. Dropped before the work is done, by a caller that went away, it is thrown away: a statement may
/// still run on it, and whoever got it next would wait for that.
struct Lent(Option<Object<AsyncPgConnection>>);

impl Lent {
    fn connection(&mut self) -> Result<&mut AsyncPgConnection, StoreError> {
        let given_back = || StoreError::failed("the connection was given back");
        self.0.as_deref_mut().ok_or_else(given_back)
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}
