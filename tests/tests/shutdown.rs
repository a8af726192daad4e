//! SIGTERM under load: every request that the server took is answered, and it ends with exit code 0.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use restaurant_tests::{on_both_databases, product::Product};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

on_both_databases! {
    no_request_fails_when_the_server_stops_under_load
    a_server_without_work_stops_at_once
    ctrl_c_stops_the_server_too
}

/// Asks for pages on one connection after the other, until no connection is taken any more. Gives how many answers came.
///
/// Each connection is used for several requests, until the server says that it is the last.
async fn load(address: String, answered: Arc<AtomicU64>) -> u64 {
    let mut count = 0;
    while let Ok(mut stream) = TcpStream::connect(&address).await {
        loop {
            let request = format!("GET /create HTTP/1.1\r\nHost: {address}\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let last = read_answer(&mut stream).await;
            count += 1;
            answered.fetch_add(1, Ordering::SeqCst);
            if last {
                break;
            }
        }
    }
    count
}

/// Reads a whole answer of status 200 and tells whether the server closes the connection after it.
async fn read_answer(stream: &mut TcpStream) -> bool {
    let mut answer = Vec::new();
    let head = loop {
        let mut part = vec![0; 16384];
        let length = stream.read(&mut part).await.unwrap();
        assert!(
            length > 0,
            "the connection closed in the middle of {:?}",
            String::from_utf8_lossy(&answer)
        );
        answer.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&answer).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .expect("a length");
            if body.len() == length.parse::<usize>().unwrap() {
                break head.to_owned();
            }
        }
    };
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    head.lines().any(|line| line == "connection: close")
}

async fn no_request_fails_when_the_server_stops_under_load(mut product: Product) {
    let address = product.url("").replace("http://", "");
    let answered = Arc::new(AtomicU64::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..32 {
        clients.spawn(load(address.clone(), Arc::clone(&answered)));
    }
    let under_way = async {
        while answered.load(Ordering::SeqCst) < 500 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), under_way).await.unwrap();
    product.server.terminate().unwrap();
    let mut answers = 0;
    while let Some(count) = clients.join_next().await {
        answers += count.expect("no request fails");
    }
    assert!(answers >= 500, "{answers}");
    assert_eq!(product.server.wait().await.unwrap().code(), Some(0));
    let logs = product.server.logs().join("\n");
    assert!(!logs.contains("cut off"), "the drain time was enough");
}

async fn a_server_without_work_stops_at_once(mut product: Product) {
    product.server.terminate().unwrap();
    assert_eq!(product.server.wait().await.unwrap().code(), Some(0));
    assert!(reqwest::get(product.url("/healthz")).await.is_err());
}

async fn ctrl_c_stops_the_server_too(mut product: Product) {
    let pid = product.server.pid().to_string();
    let interrupted = std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(interrupted.success());
    assert_eq!(product.server.wait().await.unwrap().code(), Some(0));
}
