//! Clients that send the beginning of a request and nothing more: each is answered and let go.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use restaurant_tests::{postgres::shared, server::Server};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_postgres::NoTls;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Sends the head of a POST, which announces so many bytes, and one of them; gives the answer's status line.
async fn never_end_the_body(
    server: &Server,
    path: &str,
    content_type: &str,
    announced: usize,
) -> String {
    let address = server.url("").replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {content_type}\r\nContent-Length: {announced}\r\n\r\n{{"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = timeout(Duration::from_secs(20), stream.read(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_body_that_never_ends_is_answered() {
    let server = Server::builder().env("REQUEST_SECONDS", "0.2").env("MCP_CALL_SECONDS", "0.2");
    let server = server.start().await.unwrap();
    let form = never_end_the_body(&server, "/add", FORM, 100).await;
    assert!(form.starts_with("HTTP/1.1 408"), "{form}");
    let message = never_end_the_body(&server, "/mcp", JSON, 100).await;
    assert!(message.starts_with("HTTP/1.1 408"), "{message}");
}

#[tokio::test]
async fn a_body_announced_as_too_large_is_not_waited_for() {
    // Longer than the test waits for an answer.
    let server = Server::builder().env("REQUEST_SECONDS", "60").env("MCP_CALL_SECONDS", "60");
    let server = server.start().await.unwrap();
    for (path, content_type) in [("/add", FORM), ("/mcp", JSON)] {
        let answer = never_end_the_body(&server, path, content_type, 1_000_000).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_beyond_the_limit_waits_for_its_turn() {
    let server = Server::builder().env("MAX_CONNECTIONS", "1").start().await.unwrap();
    let address = server.url("").replace("http://", "");
    let mut first = TcpStream::connect(&address).await.unwrap();
    let mut answer = vec![0; 4096];
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut second = None;
    for _ in 0..200 {
        first.write_all(request.as_bytes()).await.unwrap();
        assert!(first.read(&mut answer).await.unwrap() > 0);
        second.get_or_insert_with(|| tokio::spawn(reqwest::get(server.url("/healthz"))));
    }
    let second = second.unwrap();
    assert!(!second.is_finished(), "the first connection has the only place");
    drop(first);
    assert!(second.await.unwrap().unwrap().status().is_success());
}

#[tokio::test]
async fn a_caller_that_goes_away_is_in_the_log() {
    let database = shared().await.unwrap().create_database().await.unwrap();
    let server = Server::builder().env("DATABASE_URL", database.url()).start().await.unwrap();
    server.until_ready_to_answer().await.unwrap();
    let (other, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    other.batch_execute("BEGIN; LOCK TABLE restaurants").await.unwrap();
    let address = server.url("").replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    until(async || {
        let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'restaurants'::regclass)";
        other.query_one(waits, &[]).await.unwrap().get(0)
    })
    .await;
    drop(stream);
    let gone = r#""route":"/","status":499"#;
    until(async || server.logs().iter().any(|line| line.contains(gone))).await;
}

async fn until(done: impl AsyncFn() -> bool) {
    let wait = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(20)).await; // tidy: polls, with a deadline
        }
    };
    timeout(Duration::from_secs(20), wait).await.unwrap();
}

#[tokio::test]
async fn what_a_caller_makes_up_is_not_in_the_log() {
    let mut server = Server::builder().start().await.unwrap();
    for method in ["tools/call", "SecretMethod"] {
        let call = format!(
            r#"{{"jsonrpc":"2.0","id":"SecretId","method":"{method}","params":{{"name":"SecretTool"}}}}"#
        );
        let post = reqwest::Client::new().post(server.url("/mcp")).body(call);
        post.header("content-type", "application/json").send().await.unwrap();
    }
    server.terminate().unwrap();
    server.wait().await.unwrap();
    let logs = server.logs().join("\n");
    assert!(logs.contains("/mcp") && !logs.contains("Secret"), "{logs}");
}

#[tokio::test]
async fn a_head_has_a_limit() {
    let server = Server::builder().start().await.unwrap();
    let get = reqwest::Client::new().get(server.url("/")).header("x-long", "x".repeat(300_000));
    assert_eq!(get.send().await.unwrap().status().as_u16(), 431);
}
