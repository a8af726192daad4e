//! How large a response may be.

use std::sync::Arc;

use restaurant_domain::{
    Import, ImportRestaurant, ImportReview, NewRestaurant, NewReview, Rating, Repository,
    ReviewText, UserName, testing::InMemoryStore,
};
use restaurant_mcp::{McpAdapter, TOOL_NAMES};
use serde_json::{Value, json};

use crate::server::{Server, json_of, message};

const LIMIT: usize = 64 * 1024;

/// The text of so many characters that takes the most bytes in JSON within JSON.
fn widest(chars: usize) -> String {
    "\"\u{1F41F}".chars().cycle().take(chars).collect()
}

/// As many restaurants with the widest texts, the first with 100 such reviews.
async fn store(restaurants: usize) -> Arc<InMemoryStore> {
    let at = chrono::DateTime::UNIX_EPOCH;
    let review = || ImportReview {
        review: NewReview {
            user_name: UserName::parse(&widest(50)).unwrap(),
            rating: Rating::new(3).unwrap(),
            text: ReviewText::parse(&widest(500)).unwrap(),
        },
        created_at: at,
    };
    let import = (0..restaurants).map(|number| ImportRestaurant {
        restaurant: NewRestaurant::draft()
            .name(widest(50))
            .street_address(widest(50))
            .description(widest(250))
            .parse()
            .unwrap(),
        created_at: at,
        reviews: (0..if number == 0 { 100 } else { 0 }).map(|_| review()).collect(),
    });
    let store = Arc::new(InMemoryStore::default());
    store.import(import.collect(), true).await.unwrap();
    store
}

/// The answer to a request, which keeps to the limit.
async fn bounded(server: &Server, method: &str, params: Value) -> Value {
    let response = server.post(message(method, &params)).send().await.unwrap();
    let bytes = response.content_length().unwrap();
    assert!(bytes <= LIMIT as u64, "{method} {params} has {bytes} bytes");
    let body = json_of(response).await;
    assert!(body["error"].is_null(), "{body}");
    body["result"].clone()
}

async fn serve(store: Arc<dyn Repository>) -> Server {
    Server::of(McpAdapter::new(store).max_response_bytes(LIMIT)).await
}

#[tokio::test]
async fn pages_are_cut_to_fit_and_nothing_is_lost() {
    let server = serve(store(100).await).await;
    for (tool, rows, id, mut arguments, cursor) in [
        ("list_restaurants_mcp", "restaurants", "id", json!({"limit": 100}), "cursor"),
        (
            "list_restaurants_mcp",
            "restaurants",
            "id",
            json!({"limit": 100, "sort": "rating"}),
            "cursor",
        ),
        (
            "get_details_mcp",
            "reviews",
            "id",
            json!({"restaurant_id": 1, "reviews_limit": 100}),
            "reviews_cursor",
        ),
    ] {
        let (mut seen, mut pages) = (std::collections::BTreeSet::new(), 0);
        loop {
            let params = json!({"name": tool, "arguments": arguments});
            let page = bounded(&server, "tools/call", params).await["structuredContent"].clone();
            for row in page[rows].as_array().unwrap() {
                assert!(seen.insert(row[id].as_i64().unwrap()), "{row} twice");
            }
            pages += 1;
            if page["next_cursor"].is_null() {
                break;
            }
            arguments[cursor] = page["next_cursor"].clone();
        }
        assert_eq!(seen.len(), 100, "{tool}");
        assert!(pages > 5, "{tool}: the texts fill {pages} pages");
    }
}

#[tokio::test]
async fn every_answer_keeps_to_the_limit_with_ten_thousand_restaurants() {
    let server = serve(store(10_000).await).await;
    let restaurant = json!({"type": "ref/prompt", "name": "write_fair_review"});
    let argument = json!({"name": "restaurant", "value": ""});
    for (method, params) in [
        ("tools/list", json!({})),
        ("prompts/list", json!({})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({"uri": "restaurant://1"})),
        ("completion/complete", json!({"ref": restaurant, "argument": argument})),
        ("prompts/get", json!({"name": "write_fair_review", "arguments": {"restaurant": "1"}})),
        (
            "prompts/get",
            json!({
                "name": "compare_restaurants",
                "arguments": {"first_restaurant": "1", "second_restaurant": "1", "third_restaurant": "1"},
            }),
        ),
        ("tools/call", json!({"name": "list_restaurants_mcp", "arguments": {"limit": 100}})),
        (
            "tools/call",
            json!({"name": "list_restaurants_mcp", "arguments": {"limit": 100, "search": "\u{1F41F}"}}),
        ),
        ("tools/call", json!({"name": "get_details_mcp", "arguments": {"restaurant_id": 1}})),
    ] {
        bounded(&server, method, params).await;
    }
}

#[tokio::test]
async fn a_limit_below_the_least_is_raised_to_it() {
    let store = store(1).await;
    let server = Server::of(McpAdapter::new(store).max_response_bytes(1)).await;
    assert_eq!(server.tools().await.len(), TOOL_NAMES.len());
    let details = server.ok("get_details_mcp", json!({"restaurant_id": 1})).await;
    assert!(details["reviews"].as_array().unwrap().len() > 1);
}
