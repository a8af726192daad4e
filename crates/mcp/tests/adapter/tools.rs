//! What the tools declare, take and return.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use restaurant_domain::{Clock, testing::InMemoryStore};
use restaurant_mcp::McpAdapter;
use serde_json::{Value, json};

use crate::server::Server;

/// Always the first second of 2026.
struct NewYear;

impl Clock for NewYear {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600, 0).unwrap()
    }
}

/// Every tool's name, title, hints, description and schemas: what a model and its client see.
#[tokio::test]
async fn each_tool_is_declared_as_its_snapshot_says() {
    let tools = Server::start().await.tools().await;
    assert_eq!(tools.len(), 4);
    insta::with_settings!({sort_maps => true}, {
        for tool in tools {
            insta::assert_json_snapshot!(tool["name"].as_str().unwrap(), tool);
        }
    });
}

/// Clients refuse or drop tools whose input schemas hold more than the plain subset.
#[tokio::test]
async fn schemas_stay_within_what_every_client_takes() {
    for tool in Server::start().await.tools().await {
        for kind in ["inputSchema", "outputSchema"] {
            let schema = tool[kind].to_string();
            let banned = [
                "$ref",
                "$defs",
                "$schema",
                "anyOf",
                "allOf",
                "oneOf",
                "null",
                "\"type\":[",
                "exclusiveM",
                "int64",
                "uint",
                "double",
            ];
            for word in banned {
                assert!(!schema.contains(word), "{word} in {schema}");
            }
            assert_eq!(tool[kind]["type"], "object");
        }
        for property in tool["inputSchema"]["properties"].as_object().unwrap().values() {
            assert!(property["description"].is_string() && property["type"].is_string());
        }
    }
}

#[tokio::test]
async fn results_have_the_fields_of_the_contract() {
    let store = InMemoryStore::new(Arc::new(NewYear));
    let server = Server::of(McpAdapter::new(Arc::new(store))).await;
    let id = server.add_restaurant("Blue Door").await;
    let fresh = server.ok("list_restaurants_mcp", json!({})).await;
    let expected = json!({
        "restaurants": [{
            "id": id, "name": "Blue Door", "street_address": "1 Quay", "description": "Fish",
            "review_count": 0, "stars_percent": 0,
        }],
        "total": 1,
    });
    assert_eq!(fresh, expected);

    let arguments = json!({
        "restaurant_id": id, "user_name": " Ann ", "rating": 4.0, "review_text": "One\r\ntwo 🐟"
    });
    let review = server.ok("create_review_mcp", arguments).await;
    let expected = json!({
        "id": 1, "restaurant": id, "user_name": "Ann", "rating": 4, "review_text": "One\ntwo 🐟",
        "review_date": "2026-01-01T00:00:00.000000Z",
    });
    assert_eq!(review, expected);

    server.add_review(id, 5).await;
    let details = server.ok("get_details_mcp", json!({"restaurant_id": id})).await;
    assert_eq!(details["restaurant"]["avg_rating"], 4.5);
    assert_eq!(details["restaurant"]["stars_percent"], 90);
    assert_eq!(details["restaurant"]["review_count"], 2);
    assert_eq!(details["reviews"][1], review);
    assert!(details.get("next_cursor").is_none());
}

#[tokio::test]
async fn lists_are_searched_sorted_and_paged() {
    let server = Server::start().await;
    for (name, rating) in [("Anchor", 3), ("Buoy", 5), ("Cliff 50%", 4)] {
        let id = server.add_restaurant(name).await;
        server.add_review(id, rating).await;
    }
    let list = async |arguments| server.ok("list_restaurants_mcp", arguments).await;
    let names = |page: &Value| -> Vec<String> {
        let restaurants = page["restaurants"].as_array().unwrap().iter();
        restaurants.map(|r| r["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&list(json!({})).await), ["Anchor", "Buoy", "Cliff 50%"]);
    assert_eq!(names(&list(json!({"search": "0%"})).await), ["Cliff 50%"]);
    assert_eq!(names(&list(json!({"search": " "})).await).len(), 3);
    assert_eq!(names(&list(json!({"sort": "newest"})).await), ["Cliff 50%", "Buoy", "Anchor"]);

    let first = list(json!({"sort": "rating", "limit": 2})).await;
    assert_eq!(
        (names(&first), &first["total"]),
        (vec!["Buoy".into(), "Cliff 50%".into()], &3.into())
    );
    // The cursor brings its order along.
    let second = list(json!({"cursor": first["next_cursor"], "limit": 2})).await;
    assert_eq!(names(&second), ["Anchor"]);
    assert!(second.get("next_cursor").is_none());
}

#[tokio::test]
async fn reviews_are_paged_newest_first() {
    let server = Server::start().await;
    let id = server.add_restaurant("Anchor").await;
    for rating in [1, 2, 3] {
        server.add_review(id, rating).await;
    }
    let ratings = |page: &Value| -> Vec<i64> {
        let reviews = page["reviews"].as_array().unwrap().iter();
        reviews.map(|review| review["rating"].as_i64().unwrap()).collect()
    };
    let arguments = json!({"restaurant_id": id, "reviews_limit": 2});
    let first = server.ok("get_details_mcp", arguments).await;
    assert_eq!(ratings(&first), [3, 2]);
    let arguments = json!({"restaurant_id": id, "reviews_cursor": first["next_cursor"]});
    assert_eq!(ratings(&server.ok("get_details_mcp", arguments).await), [1]);
}
