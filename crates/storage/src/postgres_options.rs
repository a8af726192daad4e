//! Options of PostgreSQL that are not in its address.

use std::{error::Error, fmt, sync::Arc};

use async_trait::async_trait;

/// Provides the password of each new connection, for example an access token.
#[async_trait]
pub trait PasswordSource: fmt::Debug + Send + Sync {
    /// A password that is good now. Asked for within the time limit of making a connection, so one that takes long to
    /// get should be kept and renewed before it ends.
    ///
    /// # Errors
    /// When there is none. The connection is not made then, and asked for again with the next request.
    async fn password(&self) -> Result<String, Box<dyn Error + Send + Sync>>;
}

/// Options of PostgreSQL that are not in its address.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// The source of passwords. Default: the password of the address.
    pub password: Option<Arc<dyn PasswordSource>>,
    /// Whether a pooler stands between that lends a connection for one transaction (PgBouncer's `pool_mode =
    /// transaction`). Then every piece of work is a transaction, and no prepared statement outlives it. Default: no.
    pub transaction_pooling: bool,
    /// What the connections are called in `pg_stat_activity`, unless the address says it: a program's name and version.
    /// PostgreSQL keeps 63 bytes. Default: those of this crate.
    pub application_name: Option<String>,
}
