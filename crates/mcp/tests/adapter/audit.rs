//! The audit record: one for each call of a tool that writes.

use std::sync::Arc;

use axum::{Extension, extract::Request, middleware, response::Response};
use restaurant_domain::{
    Actor, Author, Permissions,
    testing::{Failure, InMemoryStore},
};
use restaurant_mcp::{McpAdapter, TaskTracker};
use serde_json::json;
use tracing::Instrument;

use crate::{
    log::Log,
    server::{Server, message},
    stores,
};

/// A host's layer that gives each request an id.
async fn with_id(request: Request, next: middleware::Next) -> Response {
    next.run(request).instrument(tracing::info_span!("request", request_id = 17)).await
}

async fn serve(adapter: McpAdapter, permissions: Permissions) -> Server {
    let actor = Actor::new(Author::agent("a1b2", Some("Concierge")), permissions);
    let app = adapter.router(&["/mcp"]).layer(Extension(actor));
    Server::serve(app.layer(middleware::from_fn(with_id))).await
}

fn adapter() -> McpAdapter {
    McpAdapter::new(Arc::new(InMemoryStore::default()))
}

#[tokio::test]
async fn a_write_says_who_what_where_and_in_which_request() {
    let log = Log::start();
    let server = serve(adapter(), Permissions::ALL).await;
    let id = server.add_restaurant("Private Anchor").await;
    server.add_review(id, 5).await;
    let records = log.audit("");
    assert_eq!(records.len(), 2, "{records:?}");
    for (record, operation, resource) in [
        (&records[0], "create_restaurant", "restaurant/1 "),
        (&records[1], "create_review", "restaurant/1/review/1 "),
    ] {
        for part in [
            "INFO request{request_id=17}:mcp",
            "actor_kind=\"agent\" actor_id=\"a1b2\" actor_name=\"Concierge\"",
            &format!("channel=\"mcp\" operation=\"{operation}\""),
            &format!("resource={resource}"),
            "outcome=\"created\"",
        ] {
            assert!(record.contains(part), "{part} is not in {record}");
        }
    }
    assert_eq!(log.audit("Private").len() + log.audit("Good").len(), 0, "no texts");
}

#[tokio::test]
async fn what_was_not_written_is_recorded_with_its_reason() {
    let log = Log::start();
    let server = serve(adapter(), Permissions::ALL).await;
    server.error("create_restaurant_mcp", json!({})).await;
    let review = json!({"restaurant_id": 9, "user_name": "A", "rating": 1, "review_text": "B"});
    server.error("create_review_mcp", review.clone()).await;
    let server = serve(adapter(), Permissions::READ).await;
    server.error("create_review_mcp", review.clone()).await;
    for failure in [Failure::Unavailable, Failure::Unconfirmed] {
        let failing = McpAdapter::new(Arc::new(failure.store()));
        let server = serve(failing, Permissions::ALL).await;
        let error = server.error("create_review_mcp", review.clone()).await;
        assert_eq!(error["code"], "unavailable", "{error}");
    }
    let records = log.audit("");
    let expected = [
        ("resource=- ", "invalid_arguments"),
        ("resource=restaurant/9 ", "not_found"),
        ("resource=- ", "forbidden"),
        ("resource=restaurant/9 ", "unavailable"),
        ("resource=restaurant/9 ", "unknown"),
    ];
    assert_eq!(records.len(), expected.len(), "{records:?}");
    for (record, (resource, outcome)) in records.iter().zip(expected) {
        let outcome = format!("outcome=\"{outcome}\"");
        assert!(record.contains(resource) && record.contains(&outcome), "{record}");
    }
}

#[tokio::test]
async fn reading_leaves_no_record() {
    let log = Log::start();
    let server = serve(adapter(), Permissions::ALL).await;
    server.ok("list_restaurants_mcp", json!({})).await;
    server.error("get_details_mcp", json!({"restaurant_id": 1})).await;
    server.tools().await;
    assert_eq!(log.audit(""), Vec::<String>::new());
}

/// Its row is written all the same, the record says so, and the host application can wait for both.
#[tokio::test]
async fn a_write_whose_caller_hangs_up_is_finished() {
    let log = Log::start();
    let (store, begun, leave) = stores::waiting();
    let tasks = TaskTracker::new();
    let server = serve(McpAdapter::new(store).tasks(tasks.clone()), Permissions::ALL).await;
    let arguments =
        json!({"restaurant_name": "Anchor", "street_address": "1 Quay", "description": "Fish"});
    let params = json!({"name": "create_restaurant_mcp", "arguments": arguments});
    let call = tokio::spawn(server.post(message("tools/call", &params)).send());
    begun.await.unwrap();
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    tasks.close();
    assert_eq!((tasks.len(), log.audit("").len()), (1, 0));
    leave.send(()).unwrap();
    tasks.wait().await;
    let outcome = "resource=restaurant/1 outcome=\"created\"";
    assert!(log.audit("")[0].contains(outcome), "{:?}", log.audit(""));
    assert_eq!(server.ok("list_restaurants_mcp", json!({})).await["total"], 1);
}
