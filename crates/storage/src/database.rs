//! The interface of a database to the program.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use restaurant_domain::{Import, Repository, StoreError};

/// A store in a database. Every operation before the first successful [`Database::migrate`] is
/// [`StoreError::Unavailable`].
#[async_trait]
pub trait Database: Repository + Import {
    /// Applies pending migrations. Returns their number.
    ///
    /// Any number of processes may call it at once: one of them migrates, and the others wait. A failed migration changes
    /// nothing. It has no timeout.
    ///
    /// # Errors
    /// The database is unreachable, or a migration fails. The caller may call again.
    async fn migrate(&self) -> Result<usize, StoreError>;

    /// Deletes the oldest entries of the activity record that were written before a time, at most [`FORGET_BATCH`]. Returns
    /// their number; call it until that is less.
    ///
    /// # Errors
    /// When the store fails, or an entry is younger than 23 hours: the database keeps it.
    async fn forget_activity(&self, before: DateTime<Utc>) -> Result<i64, StoreError>;

    /// Grants a role the rights that reads and writes of rows need, and no other one: not to change tables.
    ///
    /// Call it as the owner of the tables after each [`Database::migrate`]. It changes nothing where the role has the
    /// rights.
    ///
    /// # Errors
    /// The database is unreachable or has no roles, the role does not exist, or this store's role may not grant.
    async fn grant_rows(&self, role: &DatabaseRole) -> Result<(), StoreError>;
}

/// A role of a database, other than the one that the store signs in as.
#[derive(Debug, Clone)]
pub struct DatabaseRole {
    /// Its name, which is quoted where it stands in a statement.
    pub name: String,
    /// The object id of the Microsoft Entra principal that signs in as this role. Azure Database for PostgreSQL then creates
    /// the role, if it does not exist.
    pub principal: Option<String>,
}

/// The most entries that [`Database::forget_activity`] deletes in one transaction.
pub const FORGET_BATCH: i64 = 1000;
