//! Creates that are repeated.

use std::sync::Arc;

use restaurant_domain::{Actor, Author, Permissions, testing::InMemoryStore};
use restaurant_mcp::McpAdapter;
use serde_json::{Value, json};

use crate::{log::Log, server::Server};

fn restaurant(key: &str) -> Value {
    json!({
        "restaurant_name": "Anchor", "street_address": "1 Quay", "description": "Fish",
        "idempotency_key": key,
    })
}

fn review(key: &str) -> Value {
    json!({
        "restaurant_id": 1, "user_name": "Ann", "rating": 4, "review_text": "Good",
        "idempotency_key": key,
    })
}

#[tokio::test]
async fn a_repeated_create_gives_the_first_result_and_writes_nothing() {
    let log = Log::start();
    let server = Server::start().await;
    let first = server.ok("create_restaurant_mcp", restaurant("k")).await;
    let written = server.ok("create_review_mcp", review("r")).await;
    assert_eq!(server.ok("create_restaurant_mcp", restaurant("k")).await, first);
    assert_eq!(server.ok("create_review_mcp", review("r")).await, written);
    let details = server.ok("get_details_mcp", json!({"restaurant_id": 1})).await;
    assert_eq!(details["reviews"], json!([written]));
    assert_eq!(server.ok("list_restaurants_mcp", json!({})).await["total"], 1);
    let outcomes = ["created", "created", "repeated", "repeated"];
    let records = log.audit("");
    assert_eq!(records.len(), outcomes.len());
    for (record, outcome) in records.iter().zip(outcomes) {
        assert!(record.contains(&format!("outcome=\"{outcome}\"")), "{record}");
    }
}

#[tokio::test]
async fn what_is_probably_the_same_is_named() {
    let server = Server::start().await;
    let first = server.ok("create_restaurant_mcp", restaurant("k")).await;
    assert_eq!(first.get("possible_duplicates"), None);
    let mut again = restaurant("l");
    again["restaurant_name"] = json!("THE Anchor!");
    let second = server.ok("create_restaurant_mcp", again.clone()).await;
    assert_eq!(second["possible_duplicates"], json!([1]));
    assert_eq!(second["name"], "THE Anchor!");
    // The results of repeats are the first ones, also of the create that was the first of its kind.
    assert_eq!(server.ok("create_restaurant_mcp", again).await, second);
    assert_eq!(server.ok("create_restaurant_mcp", restaurant("k")).await, first);
}

#[tokio::test]
async fn a_key_of_other_content_is_refused_and_says_what_to_do() {
    let log = Log::start();
    let server = Server::start().await;
    server.ok("create_restaurant_mcp", restaurant("k")).await;
    let mut other = restaurant("k");
    other["description"] = json!("Meat");
    for (tool, arguments) in [("create_restaurant_mcp", other), ("create_review_mcp", review("k"))]
    {
        let error = server.error(tool, arguments).await;
        assert_eq!(error["code"], "idempotency_key_reused");
        assert!(error["message"].as_str().unwrap().starts_with("idempotency_key "), "{error}");
        assert!(error["next_step"].as_str().unwrap().contains("new key"), "{error}");
        assert_eq!(error["problems"][0]["field"], "idempotency_key");
        assert_eq!(
            error["problems"][0]["limit"],
            json!({"type": "string", "minLength": 1, "maxLength": 100})
        );
        assert_eq!(error["retryable"], false);
    }
    assert_eq!(server.ok("list_restaurants_mcp", json!({})).await["total"], 1);
    assert_eq!(log.audit("idempotency_key_reused").len(), 2);
}

#[tokio::test]
async fn a_key_belongs_to_its_caller() {
    let store = Arc::new(InMemoryStore::default());
    for (caller, id) in [("ann", 1), ("bob", 2), ("ann", 1)] {
        let actor = Actor::new(Author::person(caller, None), Permissions::ALL);
        let server = Server::with_actor(McpAdapter::new(store.clone()), actor).await;
        assert_eq!(server.ok("create_restaurant_mcp", restaurant("k")).await["id"], id);
    }
}

#[tokio::test]
async fn a_key_has_its_limits() {
    let server = Server::start().await;
    for (key, code) in [
        (json!(" "), "blank"),
        (json!("x".repeat(101)), "too_long"),
        (json!("a\nb"), "control_character"),
        (json!(7), "wrong_type"),
    ] {
        let mut arguments = restaurant("");
        arguments["idempotency_key"] = key;
        let error = server.error("create_restaurant_mcp", arguments).await;
        assert_eq!(error["problems"][0]["field"], "idempotency_key");
        assert_eq!(error["problems"][0]["code"], code, "{error}");
    }
    for none in [Value::Null, json!("")] {
        let mut arguments = restaurant("");
        arguments["idempotency_key"] = none;
        server.ok("create_restaurant_mcp", arguments).await;
    }
}
