//! A database as the program sees it: where it is, what it may take, and how to open it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use restaurant_domain::{Clock, Import, Repository, StoreError};

use crate::{
    postgres::PostgresStore,
    sign_in::PostgresOptions,
    sqlite::SqliteStore,
    url::{DatabaseUrl, Place},
};

/// A store in a database. Before its first [`Database::migrate`] it answers nothing but [`StoreError::Unavailable`].
#[async_trait]
pub trait Database: Repository + Import {
    /// Brings the schema up to date and lets the store answer. Tells how many migrations it applied.
    ///
    /// Safe to call from any number of processes at once: one of them migrates, the others wait, and a migration that
    /// fails leaves nothing behind. It has no time limit of its own.
    ///
    /// # Errors
    /// When the database is away or a migration fails. Call again then.
    async fn migrate(&self) -> Result<usize, StoreError>;
}

/// How much and how long a store may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The most connections at once, at least 1. SQLite has one more, for writing.
    pub pool_size: usize,
    /// The time to make a connection in, with name look-up, TLS and sign-in.
    pub connect: Duration,
    /// The time to wait for a free connection; on SQLite also for a lock that another process holds.
    pub acquire: Duration,
    /// The time that a statement may run, to the millisecond.
    pub statement: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pool_size: 10,
            connect: Duration::from_secs(5),
            acquire: Duration::from_secs(3),
            statement: Duration::from_secs(5),
        }
    }
}

/// Opens a database.
///
/// PostgreSQL need not be reachable now. The SQLite file is opened, or made if it is missing.
///
/// # Errors
/// When the SQLite file cannot be read and written, or when the certificates that the URL asks for cannot be read. The
/// source's text names the file.
pub async fn open(
    url: &DatabaseUrl,
    limits: Limits,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Database>, StoreError> {
    open_with(url, limits, PostgresOptions::default(), clock).await
}

/// Opens a database; a PostgreSQL with these options, which an SQLite file has no use for.
///
/// # Errors
/// As [`open`].
pub async fn open_with(
    url: &DatabaseUrl,
    limits: Limits,
    options: PostgresOptions,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Database>, StoreError> {
    Ok(match url.place() {
        Place::Postgres(server) => Arc::new(PostgresStore::new(server, limits, options, clock)?),
        Place::Sqlite(path) => Arc::new(SqliteStore::open(path, limits, clock).await?),
    })
}

/// Whether the schema is there.
#[derive(Debug, Default)]
pub(crate) struct Migrated(AtomicBool);

impl Migrated {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let migrated = self.0.load(Ordering::Acquire);
        migrated
            .then_some(())
            .ok_or_else(|| StoreError::unavailable("the schema is not migrated yet"))
    }
}
