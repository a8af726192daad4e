//! The guard around a stranger's handler, whose tools are careless: an example, which is a project of its own as well.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use reqwest::{Client, StatusCode, header::CONTENT_TYPE};
use restaurant_tests::{
    agent::Agent,
    server::{self, Server},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

async fn start() -> Server {
    let program = server::build_example("books").await.unwrap();
    Server::builder().program(program).start().await.unwrap()
}

#[tokio::test]
async fn a_project_of_its_own_needs_no_dependency_that_it_does_not_name() {
    server::check_project("books", "--bins").await.unwrap();
}

/// A call of a tool.
fn call(tool: &str, arguments: &Value) -> String {
    let params = json!({"name": tool, "arguments": arguments});
    json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}).to_string()
}

async fn post(
    server: &Server,
    headers: &[(&str, &str)],
    body: impl Into<reqwest::Body>,
) -> (StatusCode, Value) {
    let request = Client::new().post(server.url("/mcp")).header(CONTENT_TYPE, "application/json");
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let response = request.body(body).send().await.unwrap();
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    (response.status(), response.json().await.unwrap())
}

/// The result of a call.
async fn result(server: &Server, tool: &str, arguments: Value) -> Value {
    let (status, body) = post(server, &[], call(tool, &arguments)).await;
    assert_eq!((status, &body["id"]), (StatusCode::OK, &json!(7)), "{body}");
    body["result"].clone()
}

async fn text(server: &Server, tool: &str, arguments: Value) -> String {
    let result = result(server, tool, arguments).await;
    assert_ne!(result["isError"], true, "{result}");
    result["content"][0]["text"].as_str().unwrap().to_owned()
}

/// The report of a call that fails.
async fn report(server: &Server, tool: &str, arguments: Value) -> Value {
    let result = result(server, tool, arguments).await;
    assert_eq!(result["isError"], true, "{result}");
    serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn careless_tools_cannot_hurt_the_server() {
    let server = start().await;
    let panicked = report(&server, "get_book", json!({"number": 3})).await;
    assert_eq!(panicked["code"], "internal");
    assert!(!panicked.to_string().contains("index"), "{panicked}");
    assert_eq!(text(&server, "get_book", json!({"number": 1})).await, "Persuasion");

    let begun = Instant::now();
    assert_eq!(report(&server, "await_book", json!({"number": 1})).await["code"], "timeout");
    assert!(begun.elapsed() < Duration::from_secs(20));

    let large = call("list_books", &json!({"copies": 100_000}));
    let (_, large) = post(&server, &[], large).await;
    assert_eq!(large["error"]["data"]["code"], "too_large", "{large}");
    assert_eq!(text(&server, "list_books", json!({"title": "V"})).await, "Villette\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_arguments_say_what_to_do() {
    let server = start().await;
    for (tool, arguments, message) in [
        ("get_book", json!({}), "number is missing: give a whole number from 0 to 1000"),
        (
            "get_book",
            json!({"number": "1"}),
            "number is the text \"1\": give a whole number from 0 to 1000",
        ),
        ("get_book", json!({"number": -1}), "number is -1: give a whole number from 0 to 1000"),
        (
            "get_book",
            json!({"number": 70_000}),
            "number is 70000: give a whole number from 0 to 1000",
        ),
        (
            "list_books",
            json!({"titel": "V"}),
            "\"titel\" is not an argument here: did you mean title?",
        ),
        (
            "list_books",
            json!({"title": ""}),
            "title has 0 characters: give a text of 1 to 40 characters, or leave it out",
        ),
        (
            "count_waiting",
            json!({"x": 1}),
            "\"x\" is not an argument here: leave it out; it takes no arguments",
        ),
    ] {
        let report = report(&server, tool, arguments).await;
        assert_eq!(
            (&report["code"], &report["message"]),
            (&json!("invalid_arguments"), &json!(message))
        );
    }
    let both = report(&server, "list_books", json!({"title": 5, "copies": -1})).await;
    assert_eq!(both["problems"].as_array().unwrap().len(), 2, "{both}");
    let (_, unknown) = post(&server, &[], call("burn_books", &json!({}))).await;
    assert_eq!(unknown["error"]["code"], -32602);
    assert!(unknown["error"]["message"].as_str().unwrap().contains("await_book"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_leaves_ends_its_call() {
    let server = start().await;
    let request = Client::new().post(server.url("/mcp")).header(CONTENT_TYPE, "application/json");
    let waiting = tokio::spawn(request.body(call("await_book", &json!({"number": 1}))).send());
    let count = async |expected: &str| {
        while text(&server, "count_waiting", json!({})).await != expected {
            sleep(Duration::from_millis(5)).await; // tidy: polls, with a deadline
        }
    };
    let left = async {
        count("1").await;
        waiting.abort();
        count("0").await;
    };
    // The time limit, 5 s, would end the call too.
    timeout(Duration::from_secs(4), left).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_requests_are_answered_with_json_rpc_errors() {
    let server = start().await;
    let good = call("count_waiting", &json!({}));
    let long = call("list_books", &json!({"title": "x".repeat(2_000_000)}));
    for (headers, body, status, code) in [
        (&[("origin", "https://evil.example")][..], good.clone(), 403, -32600),
        (&[("host", "evil.example")], good.clone(), 403, -32600),
        (&[], "{".to_owned(), 400, -32700),
        (&[], String::new(), 400, -32700),
        (&[], format!("[{good}]"), 400, -32600),
        (&[], "{}".to_owned(), 400, -32600),
        (&[], long, 413, -32600),
        (&[("mcp-protocol-version", "1999-01-01")], good.clone(), 400, -32022),
    ] {
        let shown: String = body.chars().take(60).collect();
        let (given, answer) = post(&server, headers, body).await;
        assert_eq!(
            (given.as_u16(), &answer["error"]["code"]),
            (status, &json!(code)),
            "{headers:?} {shown}: {answer}"
        );
    }
    let local = [("origin", "http://localhost:3000")]; // tidy: a name in a header
    let (status, _) = post(&server, &local, good).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_clients_are_served() {
    let server = start().await;
    let agent = Agent::connect(server.url("/mcp"), None).await.unwrap();
    let tools = agent.tools().await.unwrap();
    assert_eq!(tools.len(), 4, "{tools:?}");
    agent.close().await.unwrap();
}
