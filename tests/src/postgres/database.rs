//! One empty database per test.

use std::{
    hash::{BuildHasher as _, RandomState},
    thread,
};

use anyhow::{Context as _, Result};
use tokio_postgres::NoTls;

/// An empty database that is dropped, connections and all, when this value is.
#[derive(Debug)]
pub struct TestDatabase {
    administrator: String,
    name: String,
    url: String,
}

impl TestDatabase {
    /// Creates a database in the cluster that `administrator` (a URL) may create databases in.
    pub(super) async fn create(administrator: &str) -> Result<Self> {
        // Unique without a clock: the keys of a fresh state are random.
        let name = format!("test_{:016x}", RandomState::new().hash_one(()));
        execute(administrator, &format!("CREATE DATABASE {name}")).await?;
        let url = with_database(administrator, &name);
        Ok(Self { administrator: administrator.to_owned(), name, url })
    }

    /// The database's name, which no other database of the cluster has had.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL to connect by: `postgres://user:password@127.0.0.1:port/name`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs one or more statements in the database, over a connection of their own.
    ///
    /// # Errors
    /// The server is away, or refuses a statement.
    pub async fn execute(&self, sql: &str) -> Result<()> {
        execute(&self.url, sql).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let administrator = self.administrator.clone();
        // A thread, because the one that drops us may be in the middle of a runtime of its own.
        // A cluster that is away by now takes its databases with it, so a failure is no news.
        let _ = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(execute(&administrator, &drop))
        })
        .join();
    }
}

/// `url` with another database in it.
pub(super) fn with_database(url: &str, database: &str) -> String {
    let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
    let server = match address.split_once("://") {
        Some((scheme, rest)) => {
            format!("{scheme}://{}", rest.split_once('/').map_or(rest, |(server, _)| server))
        }
        None => address.to_owned(),
    };
    let mark = if parameters.is_empty() { "" } else { "?" };
    format!("{server}/{database}{mark}{parameters}")
}

pub(super) async fn execute(url: &str, sql: &str) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.context("connecting")?;
    let connection = tokio::spawn(connection);
    let done = client.batch_execute(sql).await.with_context(|| format!("running {sql}"));
    drop(client);
    connection.await.context("the connection panicked")?.context("closing")?;
    done
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn another_database_keeps_the_rest_of_the_url() {
        let cases = [
            ("postgres://u:p@host:1/old", "postgres://u:p@host:1/new"),
            ("postgres://u:p@host:1", "postgres://u:p@host:1/new"),
            ("postgres://h/old?sslmode=disable", "postgres://h/new?sslmode=disable"),
        ];
        for (url, expected) in cases {
            assert_eq!(with_database(url, "new"), expected, "{url}");
        }
    }
}
