//! The connections to PostgreSQL, and how they are lent.

use std::time::Duration;

use deadpool::Runtime;
use diesel_async::{
    AsyncPgConnection,
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

/// Lends connections to work.
pub(super) struct Connections {
    pool: Pool<AsyncPgConnection>,
    patience: Duration,
}

impl Connections {
    /// A pool, empty until it is needed.
    pub(super) fn new(connector: Connector, limits: Limits) -> Result<Self, StoreError> {
        let mut config = ManagerConfig::default();
        // Says nothing to the server: a connection that is closed, or that somebody left in the middle of a transaction,
        // is known without.
        config.recycling_method = RecyclingMethod::Fast;
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
        Ok(Self { pool, patience: limits.statement + GRACE })
    }

    /// Runs work on a connection, for as long as its statements may take together.
    ///
    /// When the caller goes away, a transaction that it leaves open ends with its connection.
    pub(super) async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, WorkError>,
    ) -> Result<T, StoreError> {
        let mut lent = Lent(Some(self.get().await?));
        let result = work(lent.connection()?).await;
        lent.give_back();
        Ok(result?)
    }

    /// As [`Self::run`], but waits no longer than one statement may take. That also gives up on a server that is
    /// connected and silent, which cannot apply the limit itself.
    pub(super) async fn run_in_time<T>(
        &self,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, WorkError>,
    ) -> Result<T, StoreError> {
        let mut lent = Lent(Some(self.get().await?));
        // Out of time it is not given back: whoever got it next would wait for the same silence.
        let result = timeout(self.patience, work(lent.connection()?)).await;
        let result = result.map_err(|_| StoreError::unavailable(OutOfTime("a statement")))?;
        lent.give_back();
        Ok(result?)
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
