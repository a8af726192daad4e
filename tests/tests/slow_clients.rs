//! Clients that send the beginning of a request and nothing more: each is answered and let go.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use restaurant_tests::server::Server;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Sends the head of a POST and one byte of its body; gives the answer's status line.
async fn never_end_the_body(server: &Server, path: &str, content_type: &str) -> String {
    let address = server.url("").replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {content_type}\r\nContent-Length: 100\r\n\r\n{{"
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
    let form = never_end_the_body(&server, "/add", "application/x-www-form-urlencoded").await;
    assert!(form.starts_with("HTTP/1.1 503"), "{form}");
    let message = never_end_the_body(&server, "/mcp", "application/json").await;
    assert!(message.starts_with("HTTP/1.1 408"), "{message}");
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
