//! Several instances on one database: what one of them acknowledges, every other one shows.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use reqwest::Client;
use restaurant_tests::{
    mcp,
    postgres::shared,
    server::{Server, ServerBuilder},
};
use serde_json::{Value, json};
use tempfile::TempDir;

async fn call(server: &Server, tool: &str, arguments: Value) -> Value {
    let request = mcp::post(&Client::new(), server.url("/mcp"), &mcp::tool_call(tool, &arguments));
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
