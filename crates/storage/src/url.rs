//! The address of the data: URLs, libpq connection strings and single settings become one type.

mod error;
mod libpq;
mod npgsql;
mod server;
mod values;

use std::{
    fmt,
    path::{Path, PathBuf},
};

pub use self::error::DatabaseUrlError;
pub(crate) use self::server::{Server, SslMode};

/// The address of the data. Its text forms omit the password.
#[derive(Clone)]
pub struct DatabaseUrl(Backend);

#[derive(Clone)]
pub(crate) enum Backend {
    Postgres(Box<Server>),
    Sqlite(PathBuf),
}

impl DatabaseUrl {
    /// Reads a URL: `postgres://…` or `postgresql://…` as libpq has them, `sqlite://relative/path` or
    /// `sqlite:///absolute/path`. A path stands for itself: nothing in it is percent-encoded. Also reads the pairs that
    /// [`Self::from_libpq`] reads.
    ///
    /// # Errors
    /// When it is no such text. The error names the part that is wrong, and shows no value.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", rest)) => Ok(Self::postgres(Server::from_url(rest)?)),
            Some(("sqlite", path)) => Self::sqlite(path),
            _ if is_pairs(text) => Self::from_libpq(text),
            _ => Err(DatabaseUrlError::Scheme),
        }
    }

    /// Reads what libpq takes as a connection string: a URL `postgres://…` or `postgresql://…`, or `key=value` pairs, with
    /// `'…'` around what holds blanks and `\` before `'` and `\`. Also reads Npgsql's form, which Azure writes for .NET:
    /// `Server=…;Database=…;User Id=…;Password=…`.
    ///
    /// # Errors
    /// When it is no such text. The error names the part that is wrong, and shows no value.
    pub fn from_libpq(text: &str) -> Result<Self, DatabaseUrlError> {
        let pairs = match text.split_once("://") {
            Some(("postgres" | "postgresql", rest)) => {
                return Ok(Self::postgres(Server::from_url(rest)?));
            }
            _ => npgsql::parse(text).map_or_else(|| libpq::parse(text), Ok)?,
        };
        Ok(Self::postgres(Server::from_pairs(pairs)?))
    }

    /// Reads single settings, with libpq's defaults: port 5432, the user's name as the database's, `sslmode=prefer`; and
    /// `localhost` as the host. An empty setting counts as none.
    ///
    /// # Errors
    /// When one of them is wrong; the error names it.
    pub fn from_parts(
        host: Option<&str>,
        port: Option<&str>,
        name: Option<&str>,
        user: Option<&str>,
        password: Option<&str>,
        sslmode: Option<&str>,
    ) -> Result<Self, DatabaseUrlError> {
        let pairs = [
            ("host", host),
            ("port", port),
            ("dbname", name),
            ("user", user),
            ("password", password),
            ("sslmode", sslmode),
        ];
        let given = pairs.into_iter().filter_map(|(key, value)| {
            value.filter(|value| !value.is_empty()).map(|value| (key.to_owned(), value.to_owned()))
        });
        Ok(Self::postgres(Server::from_pairs(given)?))
    }

    /// The path of the SQLite file, as it was given; `None` for PostgreSQL.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<&Path> {
        match &self.0 {
            Backend::Sqlite(path) => Some(path),
            Backend::Postgres(_) => None,
        }
    }

    /// Whether it has a password, for PostgreSQL.
    #[must_use]
    pub fn has_password(&self) -> bool {
        matches!(&self.0, Backend::Postgres(server) if server.config.get_password().is_some())
    }

    /// Whether traffic is always encrypted, or stays on this machine.
    #[must_use]
    pub fn is_encrypted_or_loopback(&self) -> bool {
        match &self.0 {
            Backend::Sqlite(_) => true,
            Backend::Postgres(server) => server.is_encrypted() || server.is_loopback(),
        }
    }

    pub(crate) fn backend(&self) -> &Backend {
        &self.0
    }

    fn postgres(server: Server) -> Self {
        Self(Backend::Postgres(Box::new(server)))
    }

    fn sqlite(path: &str) -> Result<Self, DatabaseUrlError> {
        let file = path.rsplit('/').next().unwrap_or_default();
        if !values::is_path(path) || matches!(file, "" | "." | ".." | ":memory:") {
            return Err(DatabaseUrlError::SqlitePath);
        }
        Ok(Self(Backend::Sqlite(path.into())))
    }
}

/// Whether a text begins with a key and `=`, as lists of pairs do.
fn is_pairs(text: &str) -> bool {
    let is_key = |c: char| c.is_ascii_alphabetic() || c == '_' || c.is_whitespace();
    text.split_once('=').is_some_and(|(key, _)| key.chars().all(is_key))
}

/// The URL without its password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Backend::Postgres(server) => server.fmt(f),
            Backend::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}
