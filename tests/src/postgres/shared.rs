//! The cluster that all tests of a run share.

use std::env;

use anyhow::Result;
use tokio::sync::OnceCell;

use super::{
    cluster::Cluster,
    database::{TestDatabase, with_database},
};

/// A running cluster for every test that only needs a database. No test stops it.
#[derive(Debug)]
pub struct SharedCluster {
    url: String,
    /// Kept so that it runs as long as the process. `None` when another process started it.
    _cluster: Option<Cluster>,
}

/// The shared cluster: the one of `TEST_POSTGRES_URL` (a URL whose user may create databases),
/// or else one that this process starts on the first call, without any safety against a crash.
///
/// # Errors
/// PostgreSQL is not installed, or does not start.
pub async fn shared() -> Result<&'static SharedCluster> {
    static SHARED: OnceCell<SharedCluster> = OnceCell::const_new();
    SHARED
        .get_or_try_init(|| async {
            if let Ok(url) = env::var("TEST_POSTGRES_URL") {
                return Ok(SharedCluster { url, _cluster: None });
            }
            let cluster = Cluster::fast().await?;
            Ok(SharedCluster { url: cluster.url("postgres"), _cluster: Some(cluster) })
        })
        .await
}

impl SharedCluster {
    /// The URL of a database of this cluster.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        with_database(&self.url, database)
    }

    /// An empty database, dropped with the returned value.
    ///
    /// # Errors
    /// The cluster is away.
    pub async fn create_database(&self) -> Result<TestDatabase> {
        TestDatabase::create(&self.url).await
    }
}
