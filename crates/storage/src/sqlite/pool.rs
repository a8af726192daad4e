//! The connection pools of SQLite, for blocking closures.

use std::time::Duration;

use deadpool::{
    Runtime,
    managed::{Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult, Timeouts},
};
use diesel::{connection::TransactionManager, prelude::*};
use restaurant_domain::StoreError;
use tokio::{task::spawn_blocking, time::timeout};
use tracing::{Instrument, Span};

use super::file::{File, FileError};
use crate::{
    concurrency::{ConcurrencyLimits, Permit, WorkKind},
    error::{Timeout, WorkError},
    limits::Limits,
};

/// A pool of connections for blocking closures.
pub(crate) struct ConnectionPool {
    pool: Pool<File>,
    concurrency: ConcurrencyLimits,
    timeout: Duration,
}

impl ConnectionPool {
    /// A pool of at most `size` connections to a file.
    pub(crate) fn new(file: File, size: usize, limits: Limits) -> Result<Self, StoreError> {
        let size = size.max(1);
        let timeouts = Timeouts {
            wait: Some(limits.acquire),
            create: Some(limits.connect),
            recycle: Some(limits.acquire),
        };
        let pool = Pool::builder(file)
            .runtime(Runtime::Tokio1)
            .max_size(size)
            .timeouts(timeouts)
            .build()
            .map_err(StoreError::failed)?;
        let concurrency = ConcurrencyLimits::new(size, limits.acquire);
        Ok(Self { pool, concurrency, timeout: limits.acquire + limits.statement })
    }

    /// Runs a closure on a connection, on a blocking thread, without a timeout.
    ///
    /// The closure runs to completion even when the caller is dropped. Then its connection returns to the pool.
    pub(crate) async fn run<T, E>(
        &self,
        kind: WorkKind,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        E: Into<StoreError> + Send + 'static,
    {
        let (share, pool) = (self.concurrency.acquire(kind).await?, self.pool.clone());
        // In a task of its own, so that it completes.
        let work = async move {
            let connection = PooledConnection::from(&pool, share).await?;
            let span = Span::current();
            let work = spawn_blocking(move || span.in_scope(|| connection.run(work)));
            work.await.map_err(StoreError::failed)?
        };
        tokio::spawn(work.in_current_span()).await.map_err(StoreError::failed)?
    }

    /// As [`Self::run`], with the timeout of a statement for the caller.
    pub(crate) async fn run_in_time<T: Send + 'static>(
        &self,
        kind: WorkKind,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, WorkError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let late = |_| StoreError::unavailable(Timeout("a statement"));
        timeout(self.timeout, self.run(kind, work)).await.map_err(late)?
    }

    /// Makes the first connection, and checks that the file is writable.
    pub(crate) async fn open(&self) -> Result<(), StoreError> {
        let mut connection = self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => StoreError::failed(error),
            error => StoreError::unavailable(error),
        })?;
        let file = self.pool.manager().clone();
        let mark = move || file.mark(&mut connection);
        spawn_blocking(mark).await.map_err(StoreError::failed)?
    }
}

/// A connection in use.
struct PooledConnection {
    connection: Object<File>,
    file: File,
    _permit: Permit,
}

impl PooledConnection {
    async fn from(pool: &Pool<File>, share: Permit) -> Result<Self, StoreError> {
        let connection = pool.get().await.map_err(|error| match error {
            // The file existed when the store was opened, so the error may be transient.
            PoolError::Backend(error) => StoreError::unavailable(error),
            error => StoreError::unavailable(error),
        })?;
        Ok(Self { connection, file: pool.manager().clone(), _permit: share })
    }

    /// Runs work if the file is still in its place: an acknowledged write must be found there.
    fn run<T, E: Into<StoreError>>(
        mut self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, E>,
    ) -> Result<T, StoreError> {
        self.file.is_in_place().map_err(StoreError::unavailable)?;
        work(&mut self.connection).map_err(Into::into)
    }
}

impl Manager for File {
    type Type = SqliteConnection;
    type Error = FileError;

    async fn create(&self) -> Result<SqliteConnection, FileError> {
        let file = self.clone();
        let connected = spawn_blocking(move || file.connect()).await;
        connected.map_err(|cause| self.error(cause))?
    }

    async fn recycle(
        &self,
        connection: &mut SqliteConnection,
        _: &Metrics,
    ) -> RecycleResult<FileError> {
        // After a panic in the middle of a transaction.
        if <SqliteConnection as Connection>::TransactionManager::is_broken_transaction_manager(
            connection,
        ) {
            return Err(RecycleError::message("a transaction was left open"));
        }
        Ok(())
    }
}
