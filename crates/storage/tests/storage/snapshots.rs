//! Which PostgreSQL servers name their snapshot.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::sync::Arc;

use restaurant_domain::{Snapshot, SystemClock};
use restaurant_storage::{Database, DatabaseUrl, Limits, open};
use restaurant_tests::postgres::Cluster;

async fn opened(url: &str) -> Arc<dyn Database> {
    let url = DatabaseUrl::parse(url).unwrap();
    let store = open(&url, Limits::default(), Arc::new(SystemClock)).await.unwrap();
    store.migrate().await.unwrap();
    store
}

async fn snapshot(url: &str) -> Option<Snapshot> {
    opened(url).await.snapshot().await.unwrap()
}

#[tokio::test]
async fn connections_that_may_see_different_commits_name_none() {
    let primary = Cluster::fast().await.unwrap();
    let database = primary.create_database().await.unwrap();
    let url = database.url();
    assert!(snapshot(url).await.is_some());
    let (address, other) =
        (format!("127.0.0.1:{}", primary.port()), format!("localhost:{}", primary.port()));
    let two = url.replace(&address, &format!("{address},{other}"));
    assert_ne!(two, url);
    assert_eq!(snapshot(&two).await, None);
    assert!(snapshot(&format!("{two}?target_session_attrs=read-write")).await.is_some());
    assert_eq!(snapshot(&format!("{url}?load_balance_hosts=random")).await, None);

    let standby = Cluster::builder().setting("max_connections", "300");
    let standby = standby.start_standby_of(&primary).await.unwrap();
    assert_eq!(snapshot(&standby.url(database.name())).await, None);
}

#[tokio::test]
async fn a_snapshot_stays_the_same_while_nothing_is_written() {
    let cluster = Cluster::builder().setting("autovacuum", "off").start().await.unwrap();
    let database = cluster.create_database().await.unwrap();
    let store = opened(database.url()).await;
    let before = store.snapshot().await.unwrap();
    for _ in 0..10 {
        store.ping().await.unwrap();
        assert_eq!(store.snapshot().await.unwrap(), before);
    }
    // A coordinator of distributed tables has this table.
    let distributed =
        "SET allow_system_table_mods = on; CREATE TABLE pg_catalog.pg_dist_partition ()";
    database.execute(distributed).await.unwrap();
    assert_eq!(store.snapshot().await.unwrap(), None);
}
