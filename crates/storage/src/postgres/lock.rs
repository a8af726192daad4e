//! The lock under which instances migrate and backfill.

/// Takes the advisory lock of all instances for a transaction, and removes the statement timeout: waiting for another
/// instance and long migrations have no limit. The number is arbitrary and must never change.
pub(super) const LOCK: &str =
    "SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(7305808869231650149)";
