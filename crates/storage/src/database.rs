//! The interface of a database to the program.

use async_trait::async_trait;
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
}
