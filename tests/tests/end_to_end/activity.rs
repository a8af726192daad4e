//! The activity record of a running server.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use reqwest::{Client, StatusCode, redirect::Policy};
use restaurant_tests::{
    postgres::shared,
    server::{Server, ServerBuilder},
};
use tokio::time::{Instant, sleep};
use tokio_postgres::NoTls;

const TIMEOUT: Duration = Duration::from_secs(60);

/// Starts a server and adds a restaurant.
async fn start_and_write(server: ServerBuilder) -> Server {
    let server = server.start().await.unwrap();
    server.wait_until_ready().await.unwrap();
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let form =
        [("restaurant_name", "Anchor"), ("street_address", "1 Quay"), ("description", "Fish")];
    let added = client.post(server.url("/add")).form(&form).send().await.unwrap();
    assert_eq!(added.status(), StatusCode::SEE_OTHER);
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_deleted_after_their_retention() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let server = || Server::builder().env("DATABASE_URL", database.url());
    drop(start_and_write(server()).await);
    // The record refuses every change.
    let age = "ALTER TABLE activity DISABLE TRIGGER USER; \
        UPDATE activity SET at = at - INTERVAL '3 days'; \
        ALTER TABLE activity ENABLE TRIGGER USER";
    database.execute(age).await.unwrap();
    let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let kept = async || -> i64 {
        client.query_one("SELECT count(*) FROM activity", &[]).await.unwrap().get(0)
    };
    let _longer = start_and_write(server().env("ACTIVITY_RETENTION", "4")).await;
    assert_eq!(kept().await, 2);
    let shorter = start_and_write(server().env("ACTIVITY_RETENTION", "2")).await;
    let end = Instant::now() + TIMEOUT;
    while kept().await != 2 {
        assert!(Instant::now() < end, "{} entries: {:?}", kept().await, shorter.logs());
        sleep(Duration::from_millis(20)).await; // tidy: polls, with a deadline
    }
    let oldest = "SELECT min(at) > now() AT TIME ZONE 'UTC' - INTERVAL '1 day' FROM activity";
    assert!(client.query_one(oldest, &[]).await.unwrap().get::<_, bool>(0));
}
