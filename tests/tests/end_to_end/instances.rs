//! Several instances on one database: what one of them acknowledges, every other one shows.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use reqwest::Client;
use restaurant_tests::{
    mcp,
    postgres::{Cluster, shared},
    server::{Server, ServerBuilder},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep},
};

/// How many clients write through the proxy at a time.
const WRITERS: u64 = 8;
/// How many reviews each of them writes.
const REVIEWS: u64 = 10;
/// How long a replica may be behind.
const TIMEOUT: Duration = Duration::from_secs(60);

async fn call(server: &Server, tool: &str, arguments: Value) -> Value {
    call_at(&server.url(""), tool, &arguments).await
}

async fn call_at(origin: &str, tool: &str, arguments: &Value) -> Value {
    let call = mcp::tool_call(tool, arguments);
    let request = mcp::post(&Client::new(), format!("{origin}/mcp"), &call);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    answer["result"]["structuredContent"].clone()
}

/// How many reviews each place shows: the tools, the list, and the restaurant's page.
async fn shown(server: &Server, id: &Value) -> [String; 4] {
    let details = call(server, "get_details_mcp", json!({"restaurant_id": id})).await;
    let list = call(server, "list_restaurants_mcp", json!({"search": "instances"})).await;
    let pages = ["/?search=instances".to_owned(), format!("/details/{id}")];
    let [found, page] = pages.map(async |path| {
        let page = reqwest::get(server.url(&path)).await.unwrap().text().await.unwrap();
        let counts = page.split("· ").filter_map(|text| text.split_once(" review"));
        counts
            .map(|(count, _)| count.to_owned())
            .find(|count| count.parse::<u32>().is_ok())
            .unwrap()
    });
    [
        details["restaurant"]["review_count"].to_string(),
        list["restaurants"][0]["review_count"].to_string(),
        found.await,
        page.await,
    ]
}

/// Reads at both and writes at one, in turn.
async fn each_shows_what_the_other_acknowledged(server: impl Fn() -> ServerBuilder) {
    let first = server().start().await.unwrap();
    first.wait_until_ready().await.unwrap();
    let second = server().start().await.unwrap();
    second.wait_until_ready().await.unwrap();
    let new = json!({
        "restaurant_name": "Instances", "street_address": "1 Quay", "description": "Fish",
    });
    let id = call(&first, "create_restaurant_mcp", new).await["id"].clone();
    let review = json!({
        "restaurant_id": id, "user_name": "Ann", "rating": 5, "review_text": "Good.",
    });
    call(&second, "create_review_mcp", review.clone()).await;
    for reviews in 2..12_u32 {
        let (reader, writer) = if reviews % 2 == 0 { (&first, &second) } else { (&second, &first) };
        for server in [reader, writer, reader] {
            assert_eq!(shown(server, &id).await, [(); 4].map(|()| (reviews - 1).to_string()));
        }
        call(writer, "create_review_mcp", review.clone()).await;
        assert_eq!(shown(reader, &id).await, [(); 4].map(|()| reviews.to_string()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_one_postgresql_each_shows_what_the_other_acknowledged() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let server = || Server::builder().env("DATABASE_URL", database.url());
    each_shows_what_the_other_acknowledged(server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_one_sqlite_file_each_shows_what_the_other_acknowledged() {
    let folder = TempDir::new().unwrap();
    let file = format!("sqlite://{}/data.sqlite3", folder.path().display());
    each_shows_what_the_other_acknowledged(|| Server::builder().env("DATABASE_URL", &file)).await;
}

/// A proxy that leads each connection to the next server in turn.
struct Proxy {
    origin: String,
    task: AbortHandle,
    led: Arc<[AtomicU64]>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    async fn start(servers: &[&Server]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let servers: Vec<_> =
            servers.iter().map(|server| server.url("").replace("http://", "")).collect();
        let led: Arc<[AtomicU64]> = servers.iter().map(|_| AtomicU64::new(0)).collect();
        let counts = Arc::clone(&led);
        let task = tokio::spawn(async move {
            for (number, server) in servers.iter().enumerate().cycle() {
                let Ok((mut near, _)) = listener.accept().await else { return };
                counts[number].fetch_add(1, Ordering::SeqCst);
                let server = server.clone();
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(server).await?;
                    copy_bidirectional(&mut near, &mut far).await
                });
            }
        });
        Self { origin, task: task.abort_handle(), led }
    }
}

/// The number of reviews and their average, as the tool gives them.
async fn sums(origin: &str, id: &Value) -> (u64, f64) {
    let details = call_at(origin, "get_details_mcp", &json!({"restaurant_id": id})).await;
    let restaurant = &details["restaurant"];
    let average = restaurant["avg_rating"].as_f64();
    (restaurant["review_count"].as_u64().unwrap(), average.unwrap_or_default())
}

/// Each review is sent twice, as by a client that lost the first answer: the second time to the other instance.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_behind_a_proxy_and_a_replica_stay_right() {
    let primary = Cluster::fast().await.unwrap();
    let administrator = primary.create_database().await.unwrap();
    administrator.execute("CREATE DATABASE reviews").await.unwrap();
    let server = || Server::builder().env("DATABASE_URL", primary.url("reviews"));
    let [first, second] = [server().start().await.unwrap(), server().start().await.unwrap()];
    for server in [&first, &second] {
        server.wait_until_ready().await.unwrap();
    }
    let standby = Cluster::builder().setting("max_connections", "300");
    let standby = standby.start_standby_of(&primary).await.unwrap();
    let replica = Server::builder().env("DATABASE_URL", standby.url("reviews"));
    let replica = replica.env("READ_ONLY", "true").start().await.unwrap();
    replica.wait_until_ready().await.unwrap();

    let proxy = Proxy::start(&[&first, &second]).await;
    let new = json!({
        "restaurant_name": "Instances", "street_address": "1 Quay", "description": "Fish",
    });
    let id = call_at(&proxy.origin, "create_restaurant_mcp", &new).await["id"].clone();
    let acknowledged = Arc::new(AtomicU64::new(0));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (origin, id) = (proxy.origin.clone(), id.clone());
        let acknowledged = Arc::clone(&acknowledged);
        writers.spawn(async move {
            for review in 0..REVIEWS {
                let arguments = json!({
                    "restaurant_id": id, "user_name": format!("Writer {writer}"),
                    "rating": 1 + review % 4, "review_text": "Good.",
                    "idempotency_key": format!("{writer}-{review}"),
                });
                let written = call_at(&origin, "create_review_mcp", &arguments).await;
                let again = call_at(&origin, "create_review_mcp", &arguments).await;
                assert_eq!(written["id"], again["id"]);
                let at_least = acknowledged.fetch_add(1, Ordering::SeqCst) + 1;
                let (shown, _) = sums(&origin, &id).await;
                assert!(shown >= at_least, "{shown} of {at_least} acknowledged");
            }
        });
    }
    writers.join_all().await;

    // 23 stars in each ten reviews.
    let expected = (WRITERS * REVIEWS, 2.3);
    for server in [&first, &second] {
        assert_eq!(sums(&server.url(""), &id).await, expected);
    }
    let end = Instant::now() + TIMEOUT;
    while sums(&replica.url(""), &id).await != expected {
        assert!(Instant::now() < end, "the replica stays behind");
        sleep(Duration::from_millis(20)).await; // tidy: polls, with a deadline
    }
    let led: Vec<_> = proxy.led.iter().map(|led| led.load(Ordering::SeqCst)).collect();
    assert!(led.iter().all(|led| *led > WRITERS * REVIEWS), "{led:?}");
}
