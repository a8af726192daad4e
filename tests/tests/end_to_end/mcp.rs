//! An agent over MCP, in detail, on both databases.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use restaurant_tests::{agent::Agent, on_both_databases, product::Product};
use serde_json::{Value, json};

on_both_databases! {
    rmcps_client_lists_and_calls_all_four
    both_addresses_and_the_pages_show_the_same_data
}

const TOOLS: [&str; 4] =
    ["create_restaurant_mcp", "create_review_mcp", "get_details_mcp", "list_restaurants_mcp"];

async fn connect(product: &Product, path: &str) -> Agent {
    Agent::connect(product.url(path), None).await.unwrap()
}

/// The result of a call that succeeds.
async fn ok(client: &Agent, tool: &'static str, arguments: Value) -> Value {
    client.call(tool, arguments).await.unwrap().unwrap()
}

async fn create(client: &Agent, name: &str) -> Value {
    let arguments =
        json!({"restaurant_name": name, "street_address": "1 Main Street", "description": "Soup"});
    ok(client, "create_restaurant_mcp", arguments).await
}

async fn rmcps_client_lists_and_calls_all_four(product: Product) {
    let client = connect(&product, "/mcp/mcp").await;
    let mut names = client.tools().await.unwrap();
    names.sort_unstable();
    assert_eq!(names, TOOLS);

    let restaurant = create(&client, "Agent's choice").await;
    let id = &restaurant["id"];
    assert_eq!(restaurant["review_count"], 0);
    assert!(restaurant.get("avg_rating").is_none(), "{restaurant}");
    let arguments =
        json!({"restaurant_id": id, "user_name": "Bot", "rating": 4, "review_text": "Good"});
    let review = ok(&client, "create_review_mcp", arguments).await;
    assert_eq!((&review["restaurant"], &review["rating"]), (id, &json!(4)));
    assert!(review["review_date"].as_str().unwrap().ends_with('Z'), "{review}");

    let details = ok(&client, "get_details_mcp", json!({"restaurant_id": id})).await;
    assert_eq!(details["reviews"], json!([review]));
    assert_eq!(details["restaurant"]["avg_rating"], 4.0);
    assert_eq!(details["restaurant"]["stars_percent"], 80);
    let list = ok(&client, "list_restaurants_mcp", json!({"search": "agent's CHOICE"})).await;
    assert_eq!(list["restaurants"], json!([details["restaurant"]]));
    assert_eq!(list["total"], 1);

    for (tool, arguments, says) in [
        (
            "create_review_mcp",
            json!({"restaurant_id": id, "user_name": "Bot", "rating": 9, "review_text": "x"}),
            "rating",
        ),
        (
            "create_review_mcp",
            json!({"restaurant_id": id, "user_name": " ", "rating": 1, "review_text": "x"}),
            "user_name",
        ),
        (
            "create_restaurant_mcp",
            json!({"restaurant_name": "x".repeat(51), "street_address": "x", "description": "x"}),
            "50",
        ),
        ("get_details_mcp", json!({"restaurant_id": 999_999}), "list_restaurants_mcp"),
        ("get_details_mcp", json!({}), "restaurant_id"),
        ("list_restaurants_mcp", json!({"cursor": "nonsense"}), "cursor"),
    ] {
        let error = client.call(tool, arguments).await.unwrap().unwrap_err();
        assert!(error.to_string().contains(says), "{tool}: {error}");
    }
    let details = ok(&client, "get_details_mcp", json!({"restaurant_id": id})).await;
    assert_eq!(details["restaurant"]["review_count"], 1, "a refused call writes nothing");
    client.close().await.unwrap();
}

async fn both_addresses_and_the_pages_show_the_same_data(product: Product) {
    let (short, original) = (connect(&product, "/mcp").await, connect(&product, "/mcp/mcp").await);
    let restaurant = create(&short, "Seen by all").await;
    let details =
        ok(&original, "get_details_mcp", json!({"restaurant_id": restaurant["id"]})).await;
    assert_eq!(details["restaurant"], restaurant);
    let page = reqwest::get(product.url(&format!("/details/{}", restaurant["id"]))).await.unwrap();
    assert!(page.text().await.unwrap().contains("Seen by all"));
}

#[tokio::test]
async fn a_foreign_origin_is_refused_and_the_log_names_the_setting_once() {
    let product = Product::on_sqlite().await.unwrap();
    let post = reqwest::Client::new().post(product.url("/mcp")).body("{}");
    let post = post.header("content-type", "application/json");
    let answer = post.header("origin", "https://elsewhere.example").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 403);
    let mut server = product.server;
    server.terminate().unwrap();
    server.wait().await.unwrap();
    let lines = server.logs();
    let lines: Vec<_> = lines.iter().filter(|line| line.contains("elsewhere.example")).collect();
    assert!(lines.len() == 1 && lines[0].contains("ALLOWED_ORIGINS"), "{lines:?}");
}
