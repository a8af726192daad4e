//! The store in PostgreSQL behind `PgBouncer`, which lends a connection for one transaction at a time.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{sync::Arc, time::Duration};

use restaurant_domain::{Author, Clock, NewRestaurant, RestaurantQuery, StoreError, SystemClock};
use restaurant_storage::{Database, DatabaseUrl, Limits, PostgresOptions, open_with};
use restaurant_tests::postgres::{PgBouncer, TestDatabase, shared};
use tokio_postgres::SimpleQueryMessage;

mod contract {
    //! It passes the suite.
    use super::store;

    restaurant_domain::repository_contract!(store);
    restaurant_domain::import_contract!(store);
}

/// A pooler and the database behind it.
struct Pooled {
    pgbouncer: PgBouncer,
    database: TestDatabase,
}

async fn pooled() -> Pooled {
    let database = shared().await.unwrap().create_database().await.unwrap();
    Pooled { pgbouncer: PgBouncer::before(&database).await.unwrap(), database }
}

async fn opened(pooled: &Pooled, limits: Limits, clock: Arc<dyn Clock>) -> Arc<dyn Database> {
    let url = DatabaseUrl::parse(&pooled.pgbouncer.url(&pooled.database)).unwrap();
    let mut options = PostgresOptions::default();
    options.transaction_pooling = true;
    open_with(&url, limits, options, clock).await.unwrap()
}

/// A store in an empty database.
async fn store(clock: Arc<dyn Clock>) -> (Arc<dyn Database>, Pooled) {
    let pooled = pooled().await;
    let store = opened(&pooled, Limits::default(), clock).await;
    store.migrate().await.unwrap();
    (store, pooled)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_share_the_poolers_connections() {
    let pooled = pooled().await;
    let mut instances = Vec::new();
    for _ in 0..3 {
        instances.push(opened(&pooled, Limits::default(), Arc::new(SystemClock)).await);
    }
    let migrated = instances.iter().map(|store| store.migrate());
    let applied: usize = futures_util::future::try_join_all(migrated).await.unwrap().iter().sum();
    assert!(applied > 0);
    let mut writers = tokio::task::JoinSet::new();
    for store in instances {
        for _ in 0..8 {
            let store = Arc::clone(&store);
            writers.spawn(async move {
                for _ in 0..10 {
                    let new = NewRestaurant::draft()
                        .name("Blue Door")
                        .street_address("1 Harbour Road")
                        .description("Fish")
                        .parse()
                        .unwrap();
                    store.create_restaurant(new, &Author::anonymous(), None).await.unwrap();
                    store.list_restaurants(&RestaurantQuery::default()).await.unwrap();
                }
            });
        }
    }
    while let Some(written) = writers.join_next().await {
        written.unwrap();
    }
}

/// The statement timeout applies to a transaction, not to the next user of the connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_takes_too_long_is_ended_and_nobody_elses() {
    let pooled = pooled().await;
    let mut limits = Limits::default();
    limits.statement = Duration::from_millis(300);
    let store = opened(&pooled, limits, Arc::new(SystemClock)).await;
    store.migrate().await.unwrap();
    let lock = "BEGIN; LOCK TABLE restaurants IN ACCESS EXCLUSIVE MODE";
    let (client, connection) =
        tokio_postgres::connect(pooled.database.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(lock).await.unwrap();
    let listed = store.list_restaurants(&RestaurantQuery::default()).await;
    assert!(matches!(listed, Err(StoreError::Unavailable(_))), "{listed:?}");
    client.batch_execute("ROLLBACK").await.unwrap();
    store.list_restaurants(&RestaurantQuery::default()).await.unwrap();
    let url = pooled.pgbouncer.url(&pooled.database);
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    for _ in 0..4 {
        let limit = client.simple_query("SHOW statement_timeout").await.unwrap();
        let shown = limit.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        assert_eq!(shown, Some("0"));
    }
}
