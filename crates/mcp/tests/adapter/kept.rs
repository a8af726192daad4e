//! Results that are kept while nothing is written.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Extension, Router, body::Body, http::Request};
use http_body_util::BodyExt;
use restaurant_domain::{
    Actor, Author, Permissions,
    testing::{InMemoryStore, InterceptedStore},
};
use restaurant_mcp::{McpAdapter, Operation};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::server::{Server, message};

/// The adapter over an empty store, and how often the store is asked something.
fn counted() -> (Router, Arc<AtomicUsize>) {
    let questions = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&questions);
    let store = InterceptedStore::new(Arc::new(InMemoryStore::default()), move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }
    });
    (McpAdapter::new(Arc::new(store)).router(&["/mcp"]), questions)
}

#[tokio::test]
async fn a_result_is_read_again_after_a_write_only() {
    let (router, questions) = counted();
    let server = Server::serve(router.layer(Extension(Actor::unauthenticated()))).await;
    let id = server.add_restaurant("Anchor").await;
    for reviews in 0..3 {
        for (tool, arguments) in [
            ("list_restaurants_mcp", json!({})),
            ("list_restaurants_mcp", json!({"limit": 5})),
            ("get_details_mcp", json!({"restaurant_id": id})),
        ] {
            // Whether something was written, and at first what there is.
            let mut results = Vec::new();
            for expected in [2, 1] {
                let before = questions.load(Ordering::SeqCst);
                results.push(server.ok(tool, arguments.clone()).await);
                assert_eq!(questions.load(Ordering::SeqCst) - before, expected, "{tool}");
            }
            assert_eq!(results[0], results[1]);
            assert!(results[0].to_string().contains(&format!("\"review_count\":{reviews}")));
        }
        server.add_review(id, 5).await;
    }
}

#[tokio::test]
async fn what_is_kept_is_for_callers_with_the_right_to_read() {
    let (router, _) = counted();
    let may = Server::serve(router.clone().layer(Extension(Actor::unauthenticated()))).await;
    may.ok("list_restaurants_mcp", json!({})).await;
    let writer = Actor::new(Author::agent("1", None), Permissions { read: false, write: true });
    let may_not = Server::serve(router.layer(Extension(writer))).await;
    let error = may_not.error("list_restaurants_mcp", json!({})).await;
    assert_eq!(error["code"], "forbidden");
    assert_eq!(error["message"], "you may not read restaurants and reviews");
}

#[tokio::test]
async fn each_caller_gets_the_lists_of_its_own_rights() {
    const OPERATIONS: [Operation; 4] = [
        Operation::ListRestaurants,
        Operation::GetDetails,
        Operation::CreateReview,
        Operation::CreateRestaurant,
    ];
    // The author's id says which operations are allowed, a bit for each.
    let adapter = || {
        McpAdapter::new(Arc::new(InMemoryStore::default())).permission_policy(|actor, operation| {
            let allowed: u32 = actor.author().id().unwrap().parse().unwrap();
            let place = OPERATIONS.iter().position(|it| *it == operation).unwrap();
            allowed >> place & 1 == 1
        })
    };
    let shared = adapter().router(&["/mcp"]);
    for round in 0..2 {
        for allowed in 0_u32..16 {
            let actor = Actor::new(Author::agent(&allowed.to_string(), None), Permissions::ALL);
            let of = |router: Router| router.layer(Extension(actor.clone()));
            for method in ["tools/list", "prompts/list", "resources/templates/list"] {
                let kept = list(of(shared.clone()), method).await;
                let made = list(of(adapter().router(&["/mcp"])), method).await;
                assert_eq!(kept, made, "{method} of {allowed}, round {round}");
                if method == "tools/list" {
                    let tools = kept["result"]["tools"].as_array().unwrap().len();
                    assert_eq!(tools, usize::try_from(allowed.count_ones()).unwrap());
                }
            }
        }
    }
}

/// A list, asked for in process: each client has the same `Host`.
async fn list(router: Router, method: &str) -> Value {
    let request = Request::post("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Body::from(message(method, &json!({}))))
        .unwrap();
    let response = router.oneshot(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}
