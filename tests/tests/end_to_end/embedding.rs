//! The adapter in the hands of a stranger: an example with its own axum, users and store, which is a project of its own as well.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use restaurant_tests::{
    agent::Agent,
    server::{self, Server},
};
use rmcp::model::{
    ArgumentInfo, CompleteRequestParams, GetPromptRequestParams, ReadResourceRequestParams,
    Reference,
};
use serde_json::{Value, json};

async fn connect(guide: &Server, token: &str) -> Agent {
    Agent::connect(guide.url("/agents"), Some(token)).await.unwrap()
}

/// The result of a call that succeeds.
async fn ok(agent: &Agent, tool: &'static str, arguments: Value) -> Value {
    agent.call(tool, arguments).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_project_of_its_own_needs_no_dependency_that_it_does_not_name() {
    server::check_project("embedding", "--bins").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_serves_agents() {
    let program = server::build_example("embed").await.unwrap();
    let guide = Server::builder().program(program);
    let guide = guide.env("EDITOR_TOKEN", "e").env("READER_TOKEN", "r").start().await.unwrap();
    let page = reqwest::get(guide.url("/")).await.unwrap().text().await.unwrap();
    assert_eq!(page, "The guide knows 2 restaurants.\n");

    let editor = connect(&guide, "e").await;
    let info = editor.client.peer_info().unwrap();
    assert_eq!(info.server_info.as_ref().unwrap().name, "city-guide");
    // The guide's policy keeps create_restaurant_mcp to itself.
    let allowed = ["list_restaurants_mcp", "get_details_mcp", "create_review_mcp"];
    assert_eq!(editor.tools().await.unwrap(), allowed);
    let found = ok(&editor, "list_restaurants_mcp", json!({"search": "FISH"})).await;
    let id = &found["restaurants"][0]["id"];
    let review = json!({
        "restaurant_id": id, "user_name": "Ann", "rating": 5, "review_text": "Fresh.",
        "idempotency_key": "first",
    });
    let written = ok(&editor, "create_review_mcp", review.clone()).await;
    assert_eq!(ok(&editor, "create_review_mcp", review).await, written);
    let details = ok(&editor, "get_details_mcp", json!({"restaurant_id": id})).await;
    assert_eq!(details["reviews"], json!([written]));
    let new = json!({"restaurant_name": "A", "street_address": "B", "description": "C"});
    editor.call("create_restaurant_mcp", new).await.unwrap().unwrap_err();

    assert_eq!(editor.client.list_all_resources().await.unwrap().len(), 2);
    let read = ReadResourceRequestParams::new(format!("restaurant://{id}"));
    assert_eq!(editor.client.read_resource(read).await.unwrap().contents.len(), 1);
    let prompt = GetPromptRequestParams::new("write_fair_review");
    let prompt =
        prompt.with_arguments(rmcp::model::object(json!({"restaurant": "harbour lights"})));
    assert_eq!(editor.client.get_prompt(prompt).await.unwrap().messages.len(), 2);
    let reference = Reference::for_prompt("write_fair_review");
    let typed = ArgumentInfo::new("restaurant", "the g");
    let completed =
        editor.client.complete(CompleteRequestParams::new(reference, typed)).await.unwrap();
    assert_eq!(completed.completion.values, ["The Green Room"]);
    editor.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_users_decide_who_may_do_what() {
    let program = server::build_example("embed").await.unwrap();
    let guide = || Server::builder().program(program.clone()).env("EDITOR_TOKEN", "e");
    let refused = guide().run().await.unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("READER_TOKEN"), "{refused:?}");

    let guide = guide().env("READER_TOKEN", "r").start().await.unwrap();
    for token in ["", "x", "er"] {
        let request = reqwest::Client::new().post(guide.url("/agents")).bearer_auth(token);
        let refused = request.json(&json!({})).send().await.unwrap();
        assert_eq!(refused.status(), 401);
        assert_eq!(refused.headers()["www-authenticate"], "Bearer");
    }
    let reader = connect(&guide, "r").await;
    assert_eq!(reader.tools().await.unwrap(), ["list_restaurants_mcp", "get_details_mcp"]);
    let review =
        json!({"restaurant_id": 1, "user_name": "Ann", "rating": 5, "review_text": "Fresh."});
    reader.call("create_review_mcp", review).await.unwrap().unwrap_err();
    reader.close().await.unwrap();
}
