//! The error of a database URL.

/// The supported keys, for the error text.
const KEYS: &str = "host, hostaddr, port, dbname, user, password, sslmode, sslrootcert, \
    application_name, options, connect_timeout, target_session_attrs, load_balance_hosts, channel_binding, \
    keepalives, keepalives_idle, keepalives_interval";

/// The error of a database URL. The text never shows a value or an unknown key: both may be part of a password without
/// quotes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseUrlError {
    /// It is no URL of a database that we know.
    #[error(
        "it is no database URL: give postgres://user:password@host:5432/name, \
         sqlite://relative/path or sqlite:///absolute/path"
    )]
    Scheme,
    /// The path of an SQLite URL is not that of a file.
    #[error(
        "the SQLite path is no path of a file: give sqlite://relative/path or sqlite:///absolute/path, \
         without ; ? and parameters; a database in memory is not supported"
    )]
    SqlitePath,
    /// A key that is not supported. Holds what may be said of it: its name, when it is a known one.
    #[error("{0} is not supported: leave it out, or give one of {known}", known = KEYS)]
    Key(String),
    /// A value that its key does not take.
    #[error("the value of {key} is wrong: give {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// The connection string or the URL does not hold together.
    #[error("{0}")]
    Form(&'static str),
}
