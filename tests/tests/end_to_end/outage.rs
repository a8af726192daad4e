//! PostgreSQL that is away: at the start, and in the middle of the work. Nothing acknowledged is lost, and all works again by itself.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use reqwest::{Client, StatusCode, redirect::Policy};
use restaurant_tests::{
    mcp,
    postgres::{Cluster, TestDatabase},
    server::Server,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_postgres::NoTls;

/// How long the product may take to notice that its database is back.
const TIMEOUT: Duration = Duration::from_secs(30);

async fn server(database: &TestDatabase) -> Server {
    // Short limits, so that a database that hangs is noticed soon.
    let server = Server::builder().env("DATABASE_URL", database.url());
    let server = server.env("DATABASE_CONNECT_SECONDS", "2").env("DATABASE_ACQUIRE_SECONDS", "2");
    server.start().await.unwrap()
}

fn client() -> Client {
    Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(20)).build().unwrap()
}

/// What one call of `list_restaurants_mcp` answers.
async fn list_by_mcp(client: &Client, server: &Server) -> Value {
    let call = mcp::tool_call("list_restaurants_mcp", &json!({}));
    mcp::post(client, server.url("/mcp"), &call).send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_at_the_start_is_waited_for() {
    let mut cluster = Cluster::start(&[]).await.unwrap();
    let database = cluster.create_database().await.unwrap();
    cluster.stop().await.unwrap();
    let mut server = server(&database).await;
    let client = client();
    for path in ["/", "/details/1", "/readyz"] {
        let response = client.get(server.url(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        let seconds: u32 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!(seconds >= 1);
        let text = response.text().await.unwrap();
        assert!(!text.contains("127.0.0.1") && !text.to_lowercase().contains("postgres"), "{text}");
    }
    assert_eq!(client.get(server.url("/healthz")).send().await.unwrap().status(), StatusCode::OK);
    let answer = list_by_mcp(&client, &server).await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");

    cluster.start_again().await.unwrap();
    server.wait_until_ready().await.unwrap();
    assert_eq!(client.get(server.url("/")).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(list_by_mcp(&client, &server).await["result"]["structuredContent"]["total"], 0);
    server.terminate().unwrap();
    assert!(server.wait().await.unwrap().success());
    let logs = server.logs();
    let failure = logs.iter().find(|line| line.contains("store unavailable")).expect("a line");
    let failure: Value = serde_json::from_str(failure).unwrap();
    assert!(failure["spans"][0]["request_id"].is_string(), "it belongs to its request: {failure}");
    let why = logs.iter().find(|line| line.contains("asking again")).expect("a line");
    let why: Value = serde_json::from_str(why).unwrap();
    // With what caused it, to the last.
    assert!(why["error"].as_str().unwrap().contains("(os error "), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_database_killed_under_load() {
    let mut cluster = Cluster::start(&[]).await.unwrap();
    let database = cluster.create_database().await.unwrap();
    let server = Arc::new(server(&database).await);
    server.wait_until_ready().await.unwrap();
    let client = client();
    let form =
        [("restaurant_name", "Survivor"), ("street_address", "1 Street"), ("description", "Words")];
    let added = client.post(server.url("/add")).form(&form).send().await.unwrap();
    assert_eq!(added.status(), StatusCode::SEE_OTHER);

    let counts = Arc::new(Counts::default());
    let mut writers = JoinSet::new();
    for _ in 0..16 {
        writers.spawn(write_until_told_to_stop(
            client.clone(),
            Arc::clone(&server),
            Arc::clone(&counts),
        ));
    }
    counts.until(|counts| counts.written.load(Ordering::SeqCst) >= 200).await;
    for _ in 0..2 {
        cluster.kill().await.unwrap();
        let refused = counts.refused.load(Ordering::SeqCst);
        counts.until(|counts| counts.refused.load(Ordering::SeqCst) >= refused + 50).await;
        cluster.start_again().await.unwrap();
        let written = counts.written.load(Ordering::SeqCst);
        counts.until(|counts| counts.written.load(Ordering::SeqCst) >= written + 200).await;
    }
    counts.stop.store(true, Ordering::SeqCst);
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }

    let answer = list_by_mcp(&client, &server).await;
    let kept =
        answer["result"]["structuredContent"]["restaurants"][0]["review_count"].as_u64().unwrap();
    let written = counts.written.load(Ordering::SeqCst);
    // A write whose acknowledgement was lost with its connection may have been kept all the same.
    let refused = counts.refused.load(Ordering::SeqCst);
    assert!(
        (written..=written + refused).contains(&kept),
        "{written} acknowledged, {refused} refused, {kept} kept"
    );
    println!("{written} reviews acknowledged, {refused} refused, {kept} kept");
    let mut server = Arc::into_inner(server).unwrap();
    server.terminate().unwrap();
    server.wait().await.unwrap();
    let recorded = |outcome| count(&server.logs(), "create_review", outcome);
    let (created, unknown) = (recorded("created"), recorded("unknown"));
    assert_eq!(created, written);
    assert!(kept - created <= unknown, "{kept} kept, {created} created, {unknown} unknown");
}

/// The backend stands still, so the server gives up on its silence; then the backend goes on with what it was told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_to_a_silent_database_is_recorded_as_unknown() {
    let cluster = Cluster::start(&[]).await.unwrap();
    let database = cluster.create_database().await.unwrap();
    let server = server(&database).await;
    server.wait_until_ready().await.unwrap();
    let client = client();
    let form =
        [("restaurant_name", "Quiet"), ("street_address", "1 Street"), ("description", "Words")];
    assert_eq!(
        client.post(server.url("/add")).form(&form).send().await.unwrap().status(),
        StatusCode::SEE_OTHER
    );
    let backends = backends(&database).await;
    signal("-STOP", &backends);
    let response = client.post(server.url("/add")).form(&form).send().await.unwrap();
    signal("-CONT", &backends);
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
    server.until_logged("\"outcome\":\"unknown\"").await.unwrap();
    assert_eq!(count(&server.logs(), "create_restaurant", "unknown"), 1);
    let again = client.post(server.url("/add")).form(&form).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::SEE_OTHER);
}

/// The postmaster lives and all backends stand still, as when the server moved to another machine without a word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_hang_are_given_up_together() {
    let cluster = Cluster::start(&[]).await.unwrap();
    let database = cluster.create_database().await.unwrap();
    let server = Server::builder().env("DATABASE_URL", database.url());
    let server = server.env("DATABASE_STATEMENT_SECONDS", "1").start().await.unwrap();
    server.wait_until_ready().await.unwrap();
    let client = client();
    let read = async |path: String| client.get(server.url(&path)).send().await.unwrap().status();
    // Each read waits for the lock, so each has a connection of its own.
    let (locker, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    locker.batch_execute("BEGIN; LOCK TABLE restaurants").await.unwrap();
    join_all((1..7).map(|id| read(format!("/details/{id}")))).await;
    locker.batch_execute("ROLLBACK").await.unwrap();
    drop(locker);

    let backends = backends(&database).await;
    assert!(backends.len() > 4, "{backends:?}");
    signal("-STOP", &backends);
    let mut answers = Vec::new();
    for _ in &backends {
        answers.push(read("/".to_owned()).await);
    }
    signal("-CONT", &backends);
    let refused = answers.iter().filter(|status| **status != StatusCode::OK).count();
    assert!(refused <= 1, "{answers:?}");
}

/// The process ids of the sessions in a database, the asking one aside.
async fn backends(database: &TestDatabase) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "SELECT pid::text FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

fn signal(signal: &str, processes: &[String]) {
    assert!(!processes.is_empty());
    assert!(Command::new("kill").arg(signal).args(processes).status().unwrap().success());
}

/// How many audit records of an operation have this outcome.
fn count(logs: &[String], operation: &str, outcome: &str) -> u64 {
    let lines = logs.iter().filter(|line| line.contains("\"target\":\"audit\""));
    let records = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let ours =
        records.filter(|record| record["operation"] == operation && record["outcome"] == outcome);
    ours.count().try_into().unwrap()
}

#[derive(Default)]
struct Counts {
    written: AtomicU64,
    refused: AtomicU64,
    stop: AtomicBool,
}

impl Counts {
    /// Waits until the counts are so, at most [`TIMEOUT`].
    async fn until(&self, reached: impl Fn(&Self) -> bool) {
        let wait = async {
            while !reached(self) {
                tokio::time::sleep(Duration::from_millis(5)).await; // tidy: polls a condition, with a deadline
            }
        };
        let state = || format!("{:?} written, {:?} refused", self.written, self.refused);
        tokio::time::timeout(TIMEOUT, wait)
            .await
            .unwrap_or_else(|_| panic!("stuck at {}", state()));
    }
}

/// Writes reviews one after the other. Each answer is 303 or 503 with `Retry-After`: no reset, no 500, no hang.
async fn write_until_told_to_stop(client: Client, server: Arc<Server>, counts: Arc<Counts>) {
    while !counts.stop.load(Ordering::SeqCst) {
        let form = [("user_name", "Ann"), ("rating", "4"), ("review_text", "Under load")];
        let response = client.post(server.url("/review/1")).form(&form).send().await.unwrap();
        match response.status() {
            StatusCode::SEE_OTHER => counts.written.fetch_add(1, Ordering::SeqCst),
            StatusCode::SERVICE_UNAVAILABLE => {
                assert!(response.headers().contains_key("retry-after"));
                counts.refused.fetch_add(1, Ordering::SeqCst)
            }
            other => panic!("{other}: {:?}", response.text().await),
        };
    }
}
