//! The limits of the process: the time of the drain, a second signal, and the file descriptors.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use restaurant_tests::server::{self, Server};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

/// Much shorter than any limit of a request here, much longer than a busy machine needs.
const SOON: Duration = Duration::from_secs(15);

/// A server with a request whose body never ends; the request's own time is a minute.
async fn with_a_pending_request(drain_seconds: &str) -> (Server, TcpStream) {
    let server = Server::builder().env("REQUEST_SECONDS", "60").env("DRAIN_SECONDS", drain_seconds);
    let server = server.env("LOG", "debug").start().await.unwrap();
    let address = server.url("").replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    // The server asks for the body once a handler waits for it.
    let head = format!(
        "POST /add HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Expect: 100-continue\r\nContent-Length: 100\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 64];
    let length = timeout(SOON, stream.read(&mut answer)).await.unwrap().unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 100"), "{answer:?}");
    (server, stream)
}

#[tokio::test]
async fn the_end_of_the_drain_time_cuts_off_what_is_pending() {
    let (mut server, _stream) = with_a_pending_request("1").await;
    let begun = Instant::now();
    server.terminate().unwrap();
    assert_eq!(server.wait().await.unwrap().code(), Some(0));
    assert!(begun.elapsed() >= Duration::from_secs(1) && begun.elapsed() < SOON);
    assert!(server.logs().iter().any(|line| line.contains("the drain time is over")));
}

#[tokio::test]
async fn a_second_signal_ends_the_drain() {
    let (mut server, _stream) = with_a_pending_request("25").await;
    server.terminate().unwrap();
    server.until_logged("stopping").await.unwrap();
    let begun = Instant::now();
    server.terminate().unwrap();
    assert_eq!(server.wait().await.unwrap().code(), Some(0));
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert!(!server.logs().iter().any(|line| line.contains("the drain time is over")));
}

#[tokio::test]
async fn connections_are_accepted_again_once_descriptors_are_free() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("few-descriptors");
    let program = server::binary().await.unwrap();
    std::fs::write(
        &script,
        format!("#!/bin/sh\nulimit -n 48\nexec {} \"$@\"\n", program.display()),
    )
    .unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let server = Server::builder().program(&script).start().await.unwrap();
    let address = server.url("").replace("http://", "");
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(TcpStream::connect(&address).await.unwrap());
    }
    server.until_logged("cannot take a connection").await.unwrap();
    drop(streams);
    let health = async {
        loop {
            match reqwest::get(server.url("/healthz")).await {
                Ok(answer) if answer.status().is_success() => return,
                _ => sleep(Duration::from_millis(20)).await, // tidy: polls a condition, with a deadline
            }
        }
    };
    timeout(SOON, health).await.unwrap();
}
