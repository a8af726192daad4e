//! Creates that are repeated, by callers that do not know whether the first one was done.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use reqwest::Client;
use restaurant_tests::{
    mcp,
    postgres::shared,
    server::{Server, ServerBuilder},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

/// How many callers repeat a create at the same time.
const CALLERS: usize = 64;

fn create(key: &str) -> Value {
    let arguments = json!({
        "restaurant_name": "Once", "street_address": "1 Quay", "description": "Fish",
        "idempotency_key": key,
    });
    mcp::tool_call("create_restaurant_mcp", &arguments)
}

/// The created restaurant; an error of the connection, or a result that asks to try again, is none.
async fn ask(client: &Client, url: &str, key: &str) -> Option<Value> {
    let request = client.post(url).json(&create(key)).timeout(Duration::from_secs(30));
    let answer: Value = request.send().await.ok()?.json().await.ok()?;
    let result = &answer["result"];
    if result["isError"] == true {
        let error: Value =
            serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(error["retryable"], true, "{error}");
        return None;
    }
    Some(result["structuredContent"].clone())
}

/// Asks until there is an answer.
async fn insist(client: &Client, url: &str, key: &str) -> Value {
    loop {
        if let Some(created) = ask(client, url, key).await {
            return created;
        }
    }
}

async fn count(server: &Server) -> Value {
    let call = mcp::tool_call("list_restaurants_mcp", &json!({"search": "once"}));
    let request = mcp::post(&Client::new(), server.url("/mcp"), &call);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["result"]["structuredContent"]["total"].clone()
}

/// Many callers, two servers, one key; then one server dies in the middle of the same with another key.
async fn one_key_is_one_restaurant(server: impl Fn() -> ServerBuilder) {
    let first = server().start().await.unwrap();
    first.wait_until_ready().await.unwrap();
    let mut second = server().start().await.unwrap();
    second.wait_until_ready().await.unwrap();
    let client = Client::new();
    let (lasting, dying) = (first.url("/mcp"), second.url("/mcp"));

    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let url = if caller % 2 == 0 { lasting.clone() } else { dying.clone() };
        let client = client.clone();
        callers.spawn(async move { insist(&client, &url, "a").await });
    }
    let created = callers.join_all().await;
    assert!(created.iter().all(|answer| *answer == created[0]), "{created:?}");
    assert_eq!(count(&first).await, 1);

    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (client, dying, lasting) = (client.clone(), dying.clone(), lasting.clone());
        callers.spawn(async move {
            match ask(&client, &dying, "b").await {
                Some(created) => created,
                None => insist(&client, &lasting, "b").await,
            }
        });
    }
    let one = callers.join_next().await.unwrap().unwrap();
    second.kill().await.unwrap();
    assert!(callers.join_all().await.iter().all(|answer| *answer == one));
    assert_eq!(count(&first).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_one_postgresql_two_servers_write_once() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    one_key_is_one_restaurant(|| Server::builder().env("DATABASE_URL", database.url())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_one_sqlite_file_two_servers_write_once() {
    let folder = TempDir::new().unwrap();
    let file = format!("sqlite://{}/data.sqlite3", folder.path().display());
    one_key_is_one_restaurant(|| Server::builder().env("DATABASE_URL", &file)).await;
}
