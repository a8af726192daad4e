//! Clients that hang up, search broadly or write to one restaurant: another client notices nothing, and the audit record
//! says what was written.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::{Client, StatusCode, redirect::Policy};
use restaurant_tests::{mcp, on_both_databases, product::Product};
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::Mutex,
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_postgres::NoTls;

on_both_databases! {
    clients_that_hang_up_slow_no_other
    broad_searches_slow_no_other
    writers_to_one_restaurant_slow_no_other
    what_was_written_is_what_was_recorded
}

/// How long 99 of 100 answers to another client may take beside the load.
const GOAL: Duration = Duration::from_millis(50);

/// How much longer than without the load they may take, where the machine alone takes long.
const GOAL_FACTOR: u32 = 4;

/// How much longer than those of `/healthz` beside the same load, where the load keeps the processors busy.
const BUSY_FACTOR: u32 = 3;

/// How long the machine is measured without the load.
const WITHOUT_LOAD: Duration = Duration::from_secs(1);

/// What is told of each attempt.
const MEASURED: &str =
    "99 of 100 answers within, number of answers, without the load, of `/healthz` beside it";

/// How long a load lasts.
const LOAD: Duration = Duration::from_secs(3);

/// How often a load is tried: the machine has other work, which may fall into one of them.
const ATTEMPTS: u32 = 4;

/// How long a client waits. None may wait in vain.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The tests measure, so they run one after the other.
static ALONE: Mutex<()> = Mutex::const_new(());

fn client() -> Client {
    Client::builder().redirect(Policy::none()).timeout(TIMEOUT).build().unwrap()
}

/// Runs a load beside a client that reads one restaurant, until 99 of 100 of its answers came in time. `task` makes one of
/// the load's clients, which works until the flag is set.
async fn beside<Load>(
    product: &Product,
    clients: usize,
    task: impl Fn(usize, Arc<AtomicBool>) -> Load,
) where
    Load: Future<Output = ()> + Send + 'static,
{
    let mut measured = Vec::new();
    for _ in 0..ATTEMPTS {
        let (alone, _) = slowest_of(read(&product.url("/details/1"), WITHOUT_LOAD).await);
        let stop = Arc::new(AtomicBool::new(false));
        let mut load = JoinSet::new();
        for number in 0..clients {
            load.spawn(task(number, Arc::clone(&stop)));
        }
        // `/healthz` waits for the processors as the page does, and for nothing else.
        let (page, health) = (product.url("/details/1"), product.url("/healthz"));
        let (times, busy) = tokio::join!(read(&page, LOAD), read(&health, LOAD));
        stop.store(true, Ordering::SeqCst);
        load.join_all().await;
        let (slowest, answers) = slowest_of(times);
        let (busy, _) = slowest_of(busy);
        measured.push((slowest, answers, alone, busy));
        if slowest < GOAL.max(alone * GOAL_FACTOR).max(busy * BUSY_FACTOR) {
            println!("{MEASURED}: {measured:?}");
            return;
        }
    }
    panic!("{MEASURED}: {measured:?}");
}

/// The time within which 99 of 100 answers came, and the number of answers.
fn slowest_of(mut times: Vec<Duration>) -> (Duration, usize) {
    times.sort_unstable();
    (times[times.len() * 99 / 100], times.len())
}

/// Reads a page again and again for this time; gives how long each answer took.
async fn read(url: &str, length: Duration) -> Vec<Duration> {
    let client = client();
    let (mut times, start) = (Vec::new(), Instant::now());
    while start.elapsed() < length {
        let asked = Instant::now();
        let answer = client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.bytes().await.unwrap();
        times.push(asked.elapsed());
    }
    times
}

/// Sends a request and resets the connection a moment later.
async fn hang_up(address: &str, request: &str, after: Duration) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_zero_linger().unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    sleep(after).await; // tidy: the moment at which the client leaves is the test's input
}

async fn clients_that_hang_up_slow_no_other(product: Product) {
    let _alone = ALONE.lock().await;
    write_restaurant(&product).await;
    let address = product.url("").replace("http://", "");
    let load = |_, stop: Arc<AtomicBool>| {
        let address = address.clone();
        async move {
            let request = format!("GET /details/1 HTTP/1.1\r\nHost: {address}\r\n\r\n");
            while !stop.load(Ordering::SeqCst) {
                hang_up(&address, &request, Duration::from_millis(1)).await;
            }
        }
    };
    beside(&product, 8, load).await;
    let before = sessions(&product).await;
    beside(&product, 8, load).await;
    // The pool may grow as long as the load does; a session that a client's leave breaks would be gone.
    let after = sessions(&product).await;
    let lost: Vec<_> = before.difference(&after).collect();
    assert!(lost.is_empty(), "lost {lost:?} of the database sessions {before:?}");
}

async fn broad_searches_slow_no_other(product: Product) {
    let _alone = ALONE.lock().await;
    let seed = product.another().arg("seed").arg("--restaurants").arg("20000").arg("--reviews");
    let seeded = seed.arg("1").run().await.unwrap();
    assert!(seeded.status.success(), "{seeded:?}");
    let client = client();
    let load = |number: usize, stop: Arc<AtomicBool>| {
        let text = ["a", "e", "the", "zq"][number % 4];
        let (client, url) =
            (client.clone(), product.url(&format!("/?search={text}&anew={number}-")));
        async move {
            // Each at an address of its own, so that no answer is kept.
            let mut searches = (0..).map(|search| format!("{url}{search}"));
            while let Some(url) = searches.next().filter(|_| !stop.load(Ordering::SeqCst)) {
                answered_or_put_off(client.get(url), StatusCode::OK).await;
            }
        }
    };
    beside(&product, 64, load).await;
}

async fn writers_to_one_restaurant_slow_no_other(product: Product) {
    let _alone = ALONE.lock().await;
    write_restaurant(&product).await;
    write_restaurant(&product).await;
    let client = client();
    let load = |_, stop: Arc<AtomicBool>| {
        let (client, url) = (client.clone(), product.url("/review/2"));
        async move {
            while !stop.load(Ordering::SeqCst) {
                let request = client.post(&url).form(&REVIEW);
                answered_or_put_off(request, StatusCode::SEE_OTHER).await;
            }
        }
    };
    beside(&product, 64, load).await;
}

/// A client of the load is answered, or told when to come back.
async fn answered_or_put_off(request: reqwest::RequestBuilder, status: StatusCode) {
    let answer = request.send().await.unwrap();
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        assert!(answer.headers().contains_key("retry-after"));
    } else {
        assert_eq!(answer.status(), status);
    }
    answer.bytes().await.unwrap();
}

const REVIEW: [(&str, &str); 3] = [("user_name", "Ann"), ("rating", "4"), ("review_text", "Good")];

async fn write_restaurant(product: &Product) {
    let form =
        [("restaurant_name", "Anchor"), ("street_address", "1 Quay"), ("description", "Fish")];
    let added = client().post(product.url("/add")).form(&form).send().await.unwrap();
    assert_eq!(added.status(), StatusCode::SEE_OTHER);
}

/// The sessions of the server in PostgreSQL.
async fn sessions(product: &Product) -> BTreeSet<i32> {
    let Some(database) = product.database() else { return BTreeSet::new() };
    let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let pids = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    client.query(pids, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Writers hang up at any moment, and the server ends in the middle of it.
async fn what_was_written_is_what_was_recorded(mut product: Product) {
    write_restaurant(&product).await;
    let address = product.url("").replace("http://", "");
    let before = reviews(&product.url("/mcp")).await;
    let mut writers = JoinSet::new();
    for writer in 0..8_u64 {
        let address = address.clone();
        writers.spawn(async move {
            let requests = [form(&address), tool(&address)];
            for round in 0.. {
                let after = Duration::from_micros((writer * 971 + round * 613) % 8000);
                if TcpStream::connect(&address).await.is_err() {
                    return;
                }
                let request = &requests[usize::from(round % 2 == 0)];
                tokio::select! {
                    () = hang_up(&address, request, after) => {}
                    () = sleep(TIMEOUT) => return, // tidy: a limit
                }
            }
        });
    }
    until_recorded(&product, 200).await;
    product.server.terminate().unwrap();
    assert_eq!(product.server.wait().await.unwrap().code(), Some(0));
    writers.shutdown().await;
    let recorded = recorded(&product).len();
    let again = product.another().start().await.unwrap();
    again.wait_until_ready().await.unwrap();
    let written = reviews(&again.url("/mcp")).await - before;
    assert_eq!(written, u64::try_from(recorded).unwrap(), "rows, and records of created rows");
}

fn form(address: &str) -> String {
    let body = "user_name=Ann&rating=4&review_text=Good";
    post(address, "/review/1", "application/x-www-form-urlencoded", body)
}

fn tool(address: &str) -> String {
    let arguments =
        json!({"restaurant_id": 1, "user_name": "Ann", "rating": 4, "review_text": "Good"});
    let call = mcp::tool_call("create_review_mcp", &arguments);
    post(address, "/mcp", "application/json", &call.to_string())
}

fn post(address: &str, path: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json, text/event-stream\r\n\
         Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// How many reviews the first restaurant has.
async fn reviews(url: &str) -> u64 {
    let call = mcp::tool_call("get_details_mcp", &json!({"restaurant_id": 1}));
    let answer: Value =
        mcp::post(&client(), url, &call).send().await.unwrap().json().await.unwrap();
    let restaurant = &answer["result"]["structuredContent"]["restaurant"];
    restaurant["review_count"].as_u64().unwrap()
}

/// The records of reviews that were created. No write may end in a way that leaves open whether it was done.
fn recorded(product: &Product) -> Vec<Value> {
    let lines = product.server.logs();
    let records = lines.iter().filter(|line| line.contains("\"target\":\"audit\""));
    let records = records.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let reviews = records.filter(|record| record["operation"] == "create_review");
    let created = |record: &Value| match record["outcome"].as_str().unwrap() {
        "created" => true,
        // The client left in the middle of its request, or too many writes waited for the row: neither wrote.
        "unreadable" | "unavailable" => false,
        other => panic!("{other}: {record}"),
    };
    reviews.filter(created).collect()
}

async fn until_recorded(product: &Product, count: usize) {
    let start = Instant::now();
    while recorded(product).len() < count {
        assert!(start.elapsed() < TIMEOUT, "{} records", recorded(product).len());
        sleep(Duration::from_millis(20)).await; // tidy: polls, with a deadline
    }
}
