//! Requests as no ordinary client sends them: without a host, with several, coded in other ways, from pages of any scheme.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use reqwest::Client;
use restaurant_tests::server::Server;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Sends the lines of a head as they are, and gives everything that comes back.
async fn raw(server: &Server, head: &str) -> String {
    let mut stream = TcpStream::connect(server.url("").replace("http://", "")).await.unwrap();
    let request = format!("{head}Connection: close\r\n\r\n0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset after the answer is an end, too.
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_request_names_one_host() {
    let server = Server::builder().start().await.unwrap();
    for path in ["/", "/healthz", "/mcp"] {
        for host in [
            "",
            "Host: \r\n",
            "Host: user@127.0.0.1\r\n",
            "Host: user:password@127.0.0.1\r\n",
            "Host: localhost\r\nHost: localhost\r\n",
            "Host: local host\r\n",
            "Host: localhost/\r\n",
            "Host: localhost:http\r\n",  // tidy: no port is bound
            "Host: localhost:99999\r\n", // tidy: no port is bound
            "Host: [::1\r\n",
        ] {
            let answer = raw(&server, &format!("GET {path} HTTP/1.1\r\n{host}")).await;
            assert!(answer.starts_with("HTTP/1.1 400"), "{path} {host:?}: {answer}");
        }
    }
    for (target, host) in [("http://user@127.0.0.1/", "127.0.0.1"), ("http://localhost/", "a@b")] {
        let answer = raw(&server, &format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{target}: {answer}");
    }
    for (target, host) in [("/", "LOCALHOST"), ("/", "[::1]"), ("http://127.0.0.1/", "other")] {
        let answer = raw(&server, &format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{target} {host}: {answer}");
    }
    let old = raw(&server, "GET /healthz HTTP/1.0\r\n").await;
    assert!(old.contains(" 200 "), "{old}");
}

#[tokio::test]
async fn a_transfer_coding_that_is_unknown_is_501() {
    let server = Server::builder().start().await.unwrap();
    for (coding, status) in [
        ("gzip, chunked", "501"),
        ("gzip\r\nTransfer-Encoding: chunked", "501"),
        ("identity, chunked", "501"),
        ("chunked, chunked", "400"),
        ("gzip", "400"),
        ("Chunked", "422"),
    ] {
        for path in ["/add", "/mcp"] {
            let media_type = if path == "/mcp" {
                "application/json"
            } else {
                "application/x-www-form-urlencoded"
            };
            let answer = raw(
                &server,
                &format!(
                    "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media_type}\r\nTransfer-Encoding: {coding}\r\n"
                ),
            )
            .await;
            // Without a body there is no message.
            let status = if status == "422" && path == "/mcp" { "400" } else { status };
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path} {coding}: {answer}");
        }
    }
}

#[tokio::test]
async fn an_origin_of_any_scheme_can_be_allowed() {
    let origins =
        "chrome-extension://abcdef,tauri://localhost, vscode-webview://0a1b ,https://in.example";
    let server = Server::builder().env("ALLOWED_ORIGINS", origins).start().await.unwrap();
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    for (origin, status) in [
        ("chrome-extension://abcdef", 200),
        ("tauri://localhost", 200),
        ("vscode-webview://0a1b", 200),
        ("https://in.example", 200),
        ("chrome-extension://other", 403),
        ("tauri://localhost:8080", 403), // tidy: no port is bound
        ("https://localhost.example", 403),
    ] {
        let answer =
            Client::new().post(server.url("/mcp")).header("origin", origin).json(&ping).send();
        assert_eq!(answer.await.unwrap().status().as_u16(), status, "{origin}");
    }
    assert!(!server.logs().join("\n").contains("without a port"), "{:?}", server.logs());
    for wrong in ["tauri://user@localhost", "tauri://", "tauri:localhost", "null", "tauri://x/y"] {
        let refused = Server::builder().arg("config").env("ALLOWED_ORIGINS", wrong).run().await;
        assert_eq!(refused.unwrap().status.code(), Some(2), "{wrong}");
    }
}
