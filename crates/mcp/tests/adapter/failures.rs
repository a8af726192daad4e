//! A store in trouble: callers learn what to do, the log learns why, and the server lives.

use std::{sync::Arc, time::Duration};

use reqwest::StatusCode;
use restaurant_domain::testing::Failure;
use restaurant_mcp::{CancellationToken, McpAdapter, TOOL_NAMES};
use serde_json::{Value, json};

use crate::{
    log::Log,
    server::{Server, json_of, message},
    stores,
};

/// Good arguments for every tool.
fn calls() -> [(&'static str, Value); 4] {
    let restaurant =
        json!({"restaurant_name": "Anchor", "street_address": "1 Quay", "description": "Fish"});
    let review =
        json!({"restaurant_id": 1, "user_name": "Ann", "rating": 4, "review_text": "Good"});
    [
        ("list_restaurants_mcp", json!({})),
        ("get_details_mcp", json!({"restaurant_id": 1})),
        ("create_review_mcp", review),
        ("create_restaurant_mcp", restaurant),
    ]
}

async fn server(failure: Failure) -> Server {
    Server::of(McpAdapter::new(Arc::new(failure.store()))).await
}

#[tokio::test]
async fn an_unavailable_store_asks_to_try_again() {
    let log = Log::start();
    let server = server(Failure::Unavailable).await;
    for (tool, arguments) in calls() {
        let error = server.error(tool, arguments).await;
        assert_eq!((&error["code"], &error["retryable"]), (&json!("unavailable"), &json!(true)));
        assert_eq!(error["retry_after_seconds"], 5);
        assert!(!error.to_string().contains(Failure::SECRET));
    }
    assert_eq!(log.with(Failure::SECRET).len(), calls().len(), "each failure once");
}

#[tokio::test]
async fn a_read_only_store_says_so() {
    let log = Log::start();
    let server = server(Failure::ReadOnly).await;
    for (tool, arguments) in calls() {
        let error = server.error(tool, arguments).await;
        assert_eq!((&error["code"], &error["retryable"]), (&json!("unavailable"), &json!(true)));
        assert!(error["message"].as_str().unwrap().contains("read-only"), "{error}");
        assert!(!error.to_string().contains(Failure::SECRET));
    }
    assert_eq!(log.with(Failure::SECRET).len(), calls().len(), "each failure once");
}

#[tokio::test]
async fn a_failed_store_leaks_nothing() {
    let log = Log::start();
    let server = server(Failure::Failed).await;
    for (tool, arguments) in calls() {
        let error = server.error(tool, arguments).await;
        assert_eq!((&error["code"], &error["retryable"]), (&json!("internal"), &json!(false)));
        assert!(!error.to_string().contains(Failure::SECRET));
    }
    let lines = log.with(Failure::SECRET);
    assert_eq!(lines.len(), calls().len(), "each failure once");
    assert!(lines[0].contains("ERROR") && lines[0].contains("list_restaurants_mcp"), "{lines:?}");
}

#[tokio::test]
async fn a_panic_ends_its_call_and_not_the_server() {
    let log = Log::start();
    let server = server(Failure::Panics).await;
    for (tool, arguments) in calls() {
        let error = server.error(tool, arguments).await;
        assert_eq!(error["code"], "internal");
        assert!(!error.to_string().contains(Failure::SECRET));
    }
    assert_eq!(log.with("a panic").len(), calls().len());
    assert_eq!(server.tools().await.len(), TOOL_NAMES.len());
}

#[tokio::test]
async fn a_call_is_given_up_after_its_time() {
    let (store, _begun, dropped) = stores::hanging();
    let adapter = McpAdapter::new(store).call_timeout(Duration::from_millis(50));
    let server = Server::of(adapter).await;
    let error = server.error("list_restaurants_mcp", json!({}));
    let error = tokio::time::timeout(Duration::from_secs(10), error).await.unwrap();
    assert_eq!((&error["code"], &error["retryable"]), (&json!("timeout"), &json!(true)));
    assert_eq!(error["message"], "the call was given up after 0.05 s: try again in 5 s");
    dropped.await.unwrap_err();
}

#[tokio::test]
async fn a_caller_that_hangs_up_ends_the_work() {
    let (store, begun, dropped) = stores::hanging();
    let server = Server::of(McpAdapter::new(store)).await;
    let params = json!({"name": "list_restaurants_mcp", "arguments": {}});
    let call = tokio::spawn(server.post(message("tools/call", &params)).send());
    begun.await.unwrap();
    call.abort();
    let dropped = tokio::time::timeout(Duration::from_secs(10), dropped).await;
    dropped.expect("the work goes on without its caller").unwrap_err();
}

#[tokio::test]
async fn the_hosts_token_ends_what_still_runs() {
    let (store, begun, dropped) = stores::hanging();
    let token = CancellationToken::new();
    let server = Server::of(McpAdapter::new(store).cancellation_token(token.clone())).await;
    let params = json!({"name": "list_restaurants_mcp", "arguments": {}});
    let call = tokio::spawn(server.post(message("tools/call", &params)).send());
    begun.await.unwrap();
    token.cancel();
    let response = call.await.unwrap().unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let error = json_of(response).await["error"].clone();
    assert_eq!(error, json!({"code": -32603, "message": "the server failed"}));
    dropped.await.unwrap_err();
}
