//! The conversion of database errors into [`StoreError`]s, and which of them are transient.

use std::{error::Error, sync::Arc};

use diesel::result::{DatabaseErrorKind, Error as QueryError};
use restaurant_domain::StoreError;

use crate::rows::CorruptRow;

/// The error of work on a connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkError {
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Corrupt(#[from] CorruptRow),
    /// Another create inserted the idempotency key: retry.
    #[error("an idempotency key was taken and freed again several times meanwhile")]
    Conflict,
    #[error(transparent)]
    NoConnection(Box<dyn Error + Send + Sync>),
    /// The work took longer than a statement may.
    #[error(transparent)]
    Timeout(#[from] Timeout),
}

impl From<WorkError> for StoreError {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::Query(error) if is_read_only(&error) => Self::read_only(error),
            WorkError::Query(error) if is_transient(&error) => Self::unavailable(error),
            WorkError::Query(error) => Self::failed(error),
            WorkError::Corrupt(error) => Self::failed(error),
            WorkError::NoConnection(error) => Self::Unavailable(error),
            error @ (WorkError::Conflict | WorkError::Timeout(_)) => Self::unavailable(error),
        }
    }
}

impl WorkError {
    /// The error of a write. After a broken connection or a timeout it is unknown whether the server did the work.
    pub(crate) fn of_write(self) -> StoreError {
        match self {
            Self::Query(error) if is_broken(&error) => StoreError::Unconfirmed(error.into()),
            Self::Timeout(error) => StoreError::Unconfirmed(error.into()),
            error => error.into(),
        }
    }
}

/// The error of a migration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrateError {
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error("a migration failed: {0}")]
    Migration(#[source] Box<dyn Error + Send + Sync>),
    #[error(
        "the database {database} has the encoding {encoding}, which cannot hold every text: create one with CREATE DATABASE \
         {database}_utf8 ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0"
    )]
    Encoding { database: String, encoding: String },
    #[error(
        "the database {database} is read-only, and {pending} migrations are pending: they are applied by an instance that \
         may write"
    )]
    ReadOnly { database: String, pending: usize },
    #[error(
        "the role {role} may not change the tables, which belong to {owner}, and migrations are pending: migrate once as \
         {owner}"
    )]
    NotOwner { role: String, owner: String },
    #[error(
        "the role {role} lacks {right}: GRANT {right} TO {role}, or migrate once as a role that has it"
    )]
    MissingPrivilege { role: String, right: String },
    #[error("the role {role} does not exist: CREATE ROLE it first, or name its principal")]
    NoRole { role: String },
}

impl MigrateError {
    pub(crate) fn missing_privilege(role: &str, right: impl Into<String>) -> Self {
        Self::MissingPrivilege { role: role.to_owned(), right: right.into() }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Query(error) => WorkError::Query(error).into(),
            // diesel hides the query's error in a text.
            error @ MigrateError::Migration(_) if is_transient_message(&error.to_string()) => {
                Self::unavailable(error)
            }
            error @ MigrateError::ReadOnly { .. } => Self::unavailable(error),
            error => Self::failed(error),
        }
    }
}

/// A timeout of [`crate::Limits`] expired.
#[derive(Debug, thiserror::Error)]
#[error("{0}: the time limit ran out")]
pub(crate) struct Timeout(pub(crate) &'static str);

/// An error that several callers get.
#[derive(Clone)]
pub(crate) struct SharedError {
    kind: fn(Box<dyn Error + Send + Sync>) -> StoreError,
    source: Arc<dyn Error + Send + Sync>,
}

impl SharedError {
    pub(crate) fn of(error: StoreError) -> Self {
        let (kind, source): (fn(_) -> _, _) = match error {
            StoreError::Unavailable(source) => (StoreError::Unavailable, source),
            StoreError::ReadOnly(source) => (StoreError::ReadOnly, source),
            StoreError::Unconfirmed(source) => (StoreError::Unconfirmed, source),
            StoreError::Failed(source) => (StoreError::Failed, source),
            other => (StoreError::Failed, other.into()),
        };
        Self { kind, source: source.into() }
    }

    /// The error, for one of them.
    pub(crate) fn each(&self) -> StoreError {
        (self.kind)(Box::new(SharedSource(Arc::clone(&self.source))))
    }
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct SharedSource(Arc<dyn Error + Send + Sync>);

/// Whether the connection broke before the server confirmed the work.
fn is_broken(error: &QueryError) -> bool {
    use DatabaseErrorKind as Kind;
    match error {
        QueryError::DatabaseError(Kind::UnableToSendCommand | Kind::ClosedConnection, _)
        | QueryError::BrokenTransactionManager => true,
        QueryError::DatabaseError(_, information) => {
            BREAKING.iter().any(|text| information.message().contains(text))
        }
        QueryError::RollbackErrorOnCommit { commit_error, rollback_error } => {
            is_broken(commit_error) || is_broken(rollback_error)
        }
        _ => false,
    }
}

/// Whether a retry may succeed: the connection broke, the server restarts, or a lock was held for too long.
fn is_transient(error: &QueryError) -> bool {
    use DatabaseErrorKind as Kind;
    match error {
        QueryError::DatabaseError(
            Kind::UnableToSendCommand | Kind::ClosedConnection | Kind::SerializationFailure,
            _,
        )
        | QueryError::BrokenTransactionManager => true,
        QueryError::DatabaseError(Kind::Unknown, information) => {
            is_transient_message(information.message())
        }
        QueryError::RollbackErrorOnCommit { commit_error, rollback_error } => {
            is_transient(commit_error) || is_transient(rollback_error)
        }
        _ => false,
    }
}

/// Whether a database that reads refuses to write: a standby, a file or a server that was made read-only, as Azure does
/// before a disk is full. Source: <https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-limits>.
fn is_read_only(error: &QueryError) -> bool {
    matches!(error, QueryError::DatabaseError(kind, information)
        if matches!(kind, DatabaseErrorKind::ReadOnlyTransaction)
            || information.message().contains("attempt to write a readonly database"))
}

/// Whether SQLite failed because another connection has a lock.
pub(crate) fn is_locked(error: &QueryError) -> bool {
    matches!(error, QueryError::DatabaseError(_, information)
        if LOCKED.iter().any(|text| information.message().contains(text)))
}

fn is_transient_message(message: &str) -> bool {
    TRANSIENT.iter().chain(BREAKING).chain(LOCKED).any(|text| message.contains(text))
}

/// Parts of the messages of transient errors.
///
/// diesel-async keeps a PostgreSQL error's message and drops its code. A server that speaks another language than
/// English (`lc_messages`) makes them permanent errors: a response of 500 instead of 503.
const TRANSIENT: &[&str] = &[
    // 57014
    "canceling statement due to",
    // 57P03
    "the database system is",
    // 53300
    "too many clients",
    "remaining connection slots",
    // 53100, 53200, 53400
    "No space left on device",
    "out of memory",
    // 40P01, 55P03
    "deadlock detected",
    "could not obtain lock",
    // PgBouncer
    "query_wait_timeout",
    // SQLITE_FULL, SQLITE_IOERR
    "disk is full",
    "disk I/O error",
];

/// Parts of the messages with which the server or PgBouncer closes a connection. Also transient.
const BREAKING: &[&str] = &[
    // 57P01, 57P02, 25P03, 57P05
    "terminating connection",
    // PgBouncer
    "server conn crashed",
];

/// The messages of `SQLITE_BUSY` and `SQLITE_LOCKED`. Also transient.
const LOCKED: &[&str] = &["database is locked", "table is locked"];

#[cfg(test)]
mod tests {
    use super::*;

    fn database_error(kind: DatabaseErrorKind, message: &str) -> StoreError {
        WorkError::from(QueryError::DatabaseError(kind, Box::new(message.to_owned()))).into()
    }

    #[test]
    fn what_passes_is_told_from_what_stays() {
        for message in
            ["canceling statement due to statement timeout", "database is locked", "disk I/O error"]
        {
            let error = database_error(DatabaseErrorKind::Unknown, message);
            assert!(matches!(error, StoreError::Unavailable(_)), "{message}");
        }
        let error = database_error(DatabaseErrorKind::ClosedConnection, "");
        assert!(matches!(error, StoreError::Unavailable(_)));
        for (kind, message) in [
            (DatabaseErrorKind::Unknown, "relation \"restaurants\" does not exist"),
            (DatabaseErrorKind::CheckViolation, "canceling statement due to"),
        ] {
            assert!(matches!(database_error(kind, message), StoreError::Failed(_)), "{message}");
        }
    }

    #[test]
    fn a_caller_reads_nothing_of_the_inside() {
        let error = database_error(DatabaseErrorKind::Unknown, "relation \"secret\" is missing");
        assert_eq!(error.to_string(), "the store failed");
    }
}
