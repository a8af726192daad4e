//! The product on each of its databases, and the tests that must pass on both.

use anyhow::Result;

use crate::{
    postgres::{TestDatabase, shared},
    server::{Server, ServerBuilder},
};

/// A running server with a fresh database of its own.
#[derive(Debug)]
pub struct Product {
    /// The server; dropped before its database.
    pub server: Server,
    database: Option<TestDatabase>,
}

impl Product {
    /// On an SQLite file, which the server makes and fills with sample data.
    ///
    /// # Errors
    /// The server does not start.
    pub async fn on_sqlite() -> Result<Self> {
        let server = Server::builder().env("DATABASE_URL", "sqlite://data.sqlite3").start().await?;
        Ok(Self { server, database: None })
    }

    /// On an empty PostgreSQL database, ready to answer.
    ///
    /// # Errors
    /// PostgreSQL or the server does not start.
    pub async fn on_postgres() -> Result<Self> {
        let database = shared().await?.create_database().await?;
        let migrate = Server::builder().env("DATABASE_URL", database.url()).arg("migrate");
        let migrated = migrate.run().await?;
        anyhow::ensure!(migrated.status.success(), "{migrated:?}");
        let server = Server::builder().env("DATABASE_URL", database.url()).start().await?;
        server.wait_until_ready().await?;
        Ok(Self { server, database: Some(database) })
    }

    /// The PostgreSQL database; `None` on SQLite.
    #[must_use]
    pub fn database(&self) -> Option<&TestDatabase> {
        self.database.as_ref()
    }

    /// A further process over the same database, to be started.
    #[must_use]
    pub fn another(&self) -> ServerBuilder {
        let url = self.database.as_ref().map_or("sqlite://data.sqlite3", TestDatabase::url);
        Server::builder().folder(self.server.folder()).env("DATABASE_URL", url)
    }

    /// The address of a page: `path` opens with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }
}

/// Makes of each `async fn(Product)` two tests: one on SQLite, one on PostgreSQL.
#[macro_export]
macro_rules! on_both_databases {
    ($($test:ident)*) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test($crate::product::Product::on_sqlite().await.unwrap()).await;
                }
            )*
        }
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test($crate::product::Product::on_postgres().await.unwrap()).await;
                }
            )*
        }
    };
}
