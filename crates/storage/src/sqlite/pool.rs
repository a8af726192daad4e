//! SQLite connections: how they are set up, and the pools that lend them to blocking closures.

use std::{
    io,
    path::{self, PathBuf},
    thread,
    time::{Duration, Instant},
};

use deadpool::{
    Runtime,
    managed::{Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult, Timeouts},
};
use diesel::{
    connection::{SimpleConnection, TransactionManager},
    prelude::*,
    result::Error as QueryError,
};
use restaurant_domain::StoreError;
use tokio::{
    task::{JoinError, spawn_blocking},
    time::timeout,
};

use crate::{
    Limits,
    error::{OutOfTime, WorkError},
};

/// What tells the program's files from other SQLite files: "REST" in ASCII.
const MARK: i32 = 0x5245_5354;

/// Lends connections to closures that block.
pub(crate) struct Connections {
    pool: Pool<File>,
    statement: Duration,
}

impl Connections {
    /// Connections to a file, at most `size` of them.
    pub(crate) fn new(file: File, size: usize, limits: Limits) -> Result<Self, StoreError> {
        let timeouts = Timeouts {
            wait: Some(limits.acquire),
            create: Some(limits.connect),
            recycle: Some(limits.acquire),
        };
        let pool = Pool::builder(file)
            .runtime(Runtime::Tokio1)
            .max_size(size.max(1))
            .timeouts(timeouts)
            .build()
            .map_err(StoreError::failed)?;
        Ok(Self { pool, statement: limits.statement })
    }

    /// Runs a closure on a connection, on a thread that may block, for as long as it takes.
    ///
    /// A caller that goes away changes nothing: the closure runs to its end, and only then is its connection lent again.
    pub(crate) async fn run<T, E>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        E: Into<StoreError> + Send + 'static,
    {
        let mut connection = self.get().await?;
        spawn_blocking(move || work(&mut connection))
            .await
            .map_err(StoreError::failed)?
            .map_err(Into::into)
    }

    /// As [`Self::run`], but the caller waits no longer than a statement may take.
    pub(crate) async fn run_in_time<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, WorkError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut connection = self.get().await?;
        timeout(self.statement, spawn_blocking(move || work(&mut connection)))
            .await
            .map_err(|_| StoreError::unavailable(OutOfTime("a statement")))?
            .map_err(StoreError::failed)?
            .map_err(Into::into)
    }

    /// Connects and writes a mark, to see whether the file can be read and written: SQLite opens what it may not write
    /// for reading.
    ///
    /// To look at the file without SQLite would end the locks that this process has on it.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        let mut connection = self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => StoreError::failed(error),
            error => StoreError::unavailable(error),
        })?;
        let path = self.pool.manager().path.clone();
        let mark = move || {
            let marked = connection.batch_execute(&format!("PRAGMA application_id = {MARK}"));
            marked.map_err(|error| match WorkError::from(error).into() {
                StoreError::Failed(cause) => {
                    StoreError::failed(OpenError { path, cause: OpenCause::Mark(cause) })
                }
                passing => passing,
            })
        };
        spawn_blocking(mark).await.map_err(StoreError::failed)?
    }

    async fn get(&self) -> Result<Object<File>, StoreError> {
        self.pool.get().await.map_err(|error| match error {
            // The file was there when the store was opened: what is wrong now may pass.
            PoolError::Backend(error) => StoreError::unavailable(error),
            error => StoreError::unavailable(error),
        })
    }
}

/// Whether a file is another program's: it has another mark, or none and tables that are not ours. Changes nothing.
fn belongs_to_another(connection: &mut SqliteConnection) -> QueryResult<bool> {
    connection.batch_execute("PRAGMA busy_timeout = 3000")?;
    let query = format!(
        "SELECT application_id NOT IN (0, {MARK}) OR (application_id = 0 \
            AND EXISTS (SELECT * FROM sqlite_schema) \
            AND NOT EXISTS (SELECT * FROM sqlite_schema WHERE name = '__diesel_schema_migrations')) \
         FROM pragma_application_id"
    );
    diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(&format!("({query})")))
        .get_result(connection)
}

/// How long to rest before asking again for what another connection has locked.
const BUSY_REST: Duration = Duration::from_millis(5);

fn is_locked(error: &QueryError) -> bool {
    matches!(error, QueryError::DatabaseError(_, information) if information.message().contains("locked"))
}

/// A database file, and how to connect to it.
#[derive(Debug, Clone)]
pub(crate) struct File {
    path: PathBuf,
    busy: Duration,
}

impl File {
    /// A file, and how long to wait for another's lock on it.
    pub(crate) fn new(path: PathBuf, busy: Duration) -> Self {
        Self { path, busy }
    }

    fn connect(&self) -> Result<SqliteConnection, OpenError> {
        let error = |cause| OpenError { path: self.path.clone(), cause };
        // So that a path is never taken for ":memory:" or a "file:" URI.
        let path = path::absolute(&self.path).map_err(|cause| error(cause.into()))?;
        let path = path.to_str().ok_or_else(|| error(OpenCause::NotUtf8))?;
        let mut connection =
            SqliteConnection::establish(path).map_err(|cause| error(cause.into()))?;
        if belongs_to_another(&mut connection).map_err(|cause| error(cause.into()))? {
            return Err(error(OpenCause::Foreign));
        }
        connection.batch_execute(&self.pragmas()).map_err(|cause| error(cause.into()))?;
        self.write_ahead(&mut connection).map_err(|cause| error(cause.into()))?;
        Ok(connection)
    }

    /// Turns the write-ahead log on, which the file remembers. Of several connections that do it at once SQLite lets one
    /// through and fails the others without waiting, whatever `busy_timeout` says: they ask again.
    fn write_ahead(&self, connection: &mut SqliteConnection) -> QueryResult<()> {
        let end = Instant::now() + self.busy;
        loop {
            match connection.batch_execute("PRAGMA journal_mode = WAL") {
                Err(error) if is_locked(&error) && Instant::now() < end => thread::sleep(BUSY_REST),
                result => return result,
            }
        }
    }

    /// `busy_timeout` comes first: the others may have to wait for a lock. A commit in WAL survives the program's end with
    /// `synchronous = NORMAL`, and the machine's only from the next checkpoint on. The cache is in KiB.
    fn pragmas(&self) -> String {
        let busy = self.busy.as_millis();
        format!(
            "PRAGMA busy_timeout = {busy}; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; \
             PRAGMA cache_size = -1024;"
        )
    }
}

impl Manager for File {
    type Type = SqliteConnection;
    type Error = OpenError;

    async fn create(&self) -> Result<SqliteConnection, OpenError> {
        let file = self.clone();
        let connected = spawn_blocking(move || file.connect()).await;
        connected.map_err(|cause| OpenError { path: self.path.clone(), cause: cause.into() })?
    }

    async fn recycle(
        &self,
        connection: &mut SqliteConnection,
        _: &Metrics,
    ) -> RecycleResult<OpenError> {
        // After a panic in the middle of a transaction.
        if <SqliteConnection as Connection>::TransactionManager::is_broken_transaction_manager(
            connection,
        ) {
            return Err(RecycleError::message("a transaction was left open"));
        }
        Ok(())
    }
}

/// A database file that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the database file {} cannot be opened: {cause}", path.display())]
pub(crate) struct OpenError {
    path: PathBuf,
    cause: OpenCause,
}

#[derive(Debug, thiserror::Error)]
enum OpenCause {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Pragma(#[from] diesel::result::Error),
    #[error(transparent)]
    Thread(#[from] JoinError),
    #[error(transparent)]
    Mark(Box<dyn std::error::Error + Send + Sync>),
    #[error("its path is not UTF-8")]
    NotUtf8,
    #[error("it belongs to another program: name a file of this program's own, or a new one")]
    Foreign,
}
