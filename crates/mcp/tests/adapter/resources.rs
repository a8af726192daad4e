//! Restaurants as resources.

use std::{collections::BTreeSet, sync::Arc};

use restaurant_domain::{Actor, Author, Permissions, testing::InMemoryStore};
use restaurant_mcp::McpAdapter;
use serde_json::{Value, json};

use crate::server::Server;

async fn read(server: &Server, uri: &str) -> Value {
    server.request("resources/read", json!({"uri": uri})).await
}

/// The JSON of a resource that must be there.
async fn content(server: &Server, uri: &str) -> Value {
    let response = read(server, uri).await;
    let contents = response["result"]["contents"].as_array().unwrap();
    assert_eq!(contents.len(), 1, "{response}");
    assert_eq!(
        (&contents[0]["uri"], &contents[0]["mimeType"]),
        (&json!(uri), &json!("application/json"))
    );
    serde_json::from_str(contents[0]["text"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_restaurant_reads_as_its_details() {
    let server = Server::start().await;
    let id = server.add_restaurant("Anchor").await;
    for rating in [1, 2, 3] {
        server.add_review(id, rating).await;
    }
    let details = server.ok("get_details_mcp", json!({"restaurant_id": id})).await;
    assert_eq!(content(&server, &format!("restaurant://{id}")).await, details);
}

#[tokio::test]
async fn an_empty_cursor_is_none() {
    let server = Server::start().await;
    server.add_restaurant("Anchor").await;
    let whole = content(&server, "restaurant://1").await;
    assert_eq!(content(&server, "restaurant://1?reviews_cursor=").await, whole);
}

#[tokio::test]
async fn the_reviews_of_a_resource_are_paged() {
    let server = Server::start().await;
    let id = server.add_restaurant("Anchor").await;
    for _ in 0..25 {
        server.add_review(id, 4).await;
    }
    let first = content(&server, &format!("restaurant://{id}")).await;
    assert_eq!(first["reviews"].as_array().unwrap().len(), 20);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = content(&server, &format!("restaurant://{id}?reviews_cursor={cursor}")).await;
    assert_eq!(second["reviews"].as_array().unwrap().len(), 5);
    assert!(second.get("next_cursor").is_none());
}

#[tokio::test]
async fn what_is_no_restaurant_is_not_found() {
    let server = Server::start().await;
    server.add_restaurant("Anchor").await;
    for uri in [
        "restaurant://2",
        "restaurant://01",
        "restaurant://+1",
        "restaurant://-1",
        "restaurant://",
        "restaurant://1/",
        "restaurant://1?",
        "restaurant://1?reviews_cursor=x",
        "restaurant://1?other=x",
        "restaurant://99999999999999999999",
        "RESTAURANT://1",
        "file:///etc/passwd",
        "",
    ] {
        let error = read(&server, uri).await["error"].clone();
        assert_eq!(error["code"], -32002, "{uri}: {error}");
    }
    let error = read(&server, &"x".repeat(1000)).await["error"].clone();
    assert!(error["message"].as_str().unwrap().len() < 200, "{error}");
}

#[tokio::test]
async fn every_restaurant_is_listed_once_a_page_at_a_time() {
    let server = Server::start().await;
    for number in 0..230 {
        server.add_restaurant(&format!("Anchor {number}")).await;
    }
    let (mut seen, mut pages, mut cursor) = (BTreeSet::new(), 0, json!(""));
    loop {
        let page =
            server.request("resources/list", json!({"cursor": cursor})).await["result"].clone();
        for resource in page["resources"].as_array().unwrap() {
            assert!(seen.insert(resource["uri"].to_string()), "{resource} twice");
        }
        pages += 1;
        cursor = page["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!((seen.len(), pages), (230, 3));
}

#[tokio::test]
async fn a_resource_is_declared_as_its_snapshot_says() {
    let server = Server::start().await;
    server.add_restaurant("Anchor").await;
    let resources = server.request("resources/list", json!({})).await["result"].clone();
    let templates = server.request("resources/templates/list", json!({})).await["result"].clone();
    insta::with_settings!({sort_maps => true}, {
        insta::assert_json_snapshot!("resources", json!([resources, templates]));
    });
}

#[tokio::test]
async fn resources_are_for_readers() {
    let permissions = Permissions { read: false, write: true };
    let writer = Actor::new(Author::person("1", None), permissions);
    let server =
        Server::with_actor(McpAdapter::new(Arc::new(InMemoryStore::default())), writer).await;
    server.add_restaurant("Anchor").await;
    let list = server.request("resources/list", json!({})).await;
    assert_eq!(list["result"]["resources"], json!([]));
    let list = server.request("resources/templates/list", json!({})).await;
    assert_eq!(list["result"]["resourceTemplates"], json!([]));
    let error = read(&server, "restaurant://1").await["error"].clone();
    assert_eq!((&error["code"], &error["data"]["code"]), (&json!(-32600), &json!("forbidden")));
}
