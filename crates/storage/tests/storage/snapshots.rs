//! Which databases name their snapshot, and for how long.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{fs, future::poll_fn, pin::pin, sync::Arc, task::Poll};

use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
use restaurant_domain::{Snapshot, StoreError, SystemClock};
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

/// The name of a snapshot in a file, which none before has had.
async fn new_name(store: &dyn Database, seen: &mut Vec<Snapshot>) {
    let name = store.snapshot().await.unwrap().unwrap();
    assert!(!seen.contains(&name), "{name:?} of {seen:?}");
    seen.push(name);
}

#[tokio::test]
async fn a_file_has_another_snapshot_when_any_program_has_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("restaurants.db").to_str().unwrap().to_owned();
    let store = opened(&format!("sqlite://{path}")).await;
    let mut seen = Vec::new();
    new_name(&*store, &mut seen).await;
    for _ in 0..10 {
        store.ping().await.unwrap();
        assert_eq!(store.snapshot().await.unwrap().as_ref(), seen.last());
    }
    let mut other = SqliteConnection::establish(&path).unwrap();
    for write in [
        "CREATE TABLE other (a)",
        "INSERT INTO other VALUES (1)",
        "VACUUM",
        "PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO other VALUES (2)",
    ] {
        other.batch_execute(write).unwrap();
        new_name(&*store, &mut seen).await;
    }
    other
        .batch_execute("PRAGMA wal_checkpoint; BEGIN; INSERT INTO other VALUES (3); ROLLBACK")
        .unwrap();
    assert_eq!(store.snapshot().await.unwrap().as_ref(), seen.last(), "nothing was committed");
}

#[tokio::test]
async fn a_file_that_is_gone_has_no_snapshot_until_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let (path, away) = (folder.path().join("restaurants.db"), folder.path().join("away.db"));
    let store = opened(&format!("sqlite://{}", path.display())).await;
    let mut seen = Vec::new();
    new_name(&*store, &mut seen).await;
    fs::rename(&path, &away).unwrap();
    let gone = store.snapshot().await;
    assert!(matches!(gone, Err(StoreError::Unavailable(_))), "{gone:?}");
    fs::rename(&away, &path).unwrap();
    assert_eq!(store.snapshot().await.unwrap().as_ref(), seen.last());
}

#[tokio::test]
async fn callers_that_leave_take_no_connection_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("restaurants.db").display());
    let store = opened(&url).await;
    let name = store.snapshot().await.unwrap();
    for _ in 0..20 {
        let mut question = pin!(store.snapshot());
        // It begins, and is dropped.
        poll_fn(|context| {
            let _ = question.as_mut().poll(context);
            Poll::Ready(())
        })
        .await;
    }
    assert_eq!(store.snapshot().await.unwrap(), name);
}
