//! The limits of a store: connections and timeouts.

use std::time::Duration;

/// The limits of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The most connections at once, at least 1. SQLite has two more: one writes, and one tells whether something was written.
    pub pool_size: usize,
    /// The timeout of a new connection, with name resolution, TLS and sign-in.
    pub connect: Duration,
    /// The timeout of waiting for a free connection; on SQLite also for a lock of another process.
    pub acquire: Duration,
    /// The timeout of a statement, to the millisecond.
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
