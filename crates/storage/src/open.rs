//! Opening a database by its URL.

use std::sync::Arc;

use restaurant_domain::{Clock, StoreError};

use crate::{
    database::Database,
    limits::Limits,
    postgres::PostgresStore,
    postgres_options::PostgresOptions,
    sqlite::SqliteStore,
    url::{Backend, DatabaseUrl},
};

/// Opens a database.
///
/// Does not connect to PostgreSQL yet. Opens the SQLite file, or creates a missing one.
///
/// # Errors
/// The SQLite file cannot be read and written, or the certificates that the URL names cannot be read. The source names
/// the file.
pub async fn open(
    url: &DatabaseUrl,
    limits: Limits,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Database>, StoreError> {
    open_with(url, limits, PostgresOptions::default(), clock).await
}

/// Opens a database with options for PostgreSQL. An SQLite file ignores them.
///
/// # Errors
/// As [`open`].
pub async fn open_with(
    url: &DatabaseUrl,
    limits: Limits,
    options: PostgresOptions,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Database>, StoreError> {
    Ok(match url.backend() {
        Backend::Postgres(server) => Arc::new(PostgresStore::new(server, limits, options, clock)?),
        Backend::Sqlite(path) => Arc::new(SqliteStore::open(path, limits, clock).await?),
    })
}
