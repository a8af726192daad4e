//! Transactions that wait for the write lock of the file.

use diesel::{prelude::*, result::Error as QueryError};

use crate::error::{MigrateError, is_locked};

/// The number of attempts to take the lock. Each waits for the busy timeout.
const ATTEMPTS: usize = 5;

/// Runs a transaction under the write lock of the file. Retries, because SQLite does not queue writers: when many instances
/// backfill at once, one of them may wait for longer than the busy timeout.
pub(super) fn with_write_lock<T, E: From<QueryError> + IsLocked>(
    connection: &mut SqliteConnection,
    work: impl Fn(&mut SqliteConnection) -> Result<T, E>,
) -> Result<T, E> {
    for _ in 1..ATTEMPTS {
        match connection.immediate_transaction(&work) {
            Err(error) if error.is_locked() => {}
            done => return done,
        }
    }
    connection.immediate_transaction(work)
}

/// An error of a transaction.
pub(super) trait IsLocked {
    /// Whether another connection has the file's lock.
    fn is_locked(&self) -> bool;
}

impl IsLocked for QueryError {
    fn is_locked(&self) -> bool {
        is_locked(self)
    }
}

impl IsLocked for MigrateError {
    fn is_locked(&self) -> bool {
        matches!(self, Self::Query(error) if is_locked(error))
    }
}
