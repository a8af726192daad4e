//! Requests as bytes: shapes that no client library sends.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{
    attack,
    forge::Forge,
    protected_server::{Deployment, ProtectedServer},
};

/// Sends bytes, and gives what comes back until the other side closes.
async fn exchange(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut answer = Vec::new();
    // Who refuses a request may close before it has read all of it.
    let _ = stream.write_all(bytes).await;
    let read = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "the connection stays open");
    String::from_utf8_lossy(&answer).into_owned()
}

fn statuses(answer: &str) -> Vec<&str> {
    answer.split("HTTP/1.1 ").skip(1).filter_map(|rest| rest.get(..3)).collect()
}

const WRITE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_review_mcp","arguments":{"restaurant_id":1,"user_name":"Mallory","rating":1,"review_text":"smuggled"}}}"#;

/// A whole request without a token, to be hidden in the body of another.
fn hidden(host: &str) -> String {
    format!(
        "POST /mcp HTTP/1.1\r\nHost: {host}\r\nX-MS-CLIENT-PRINCIPAL: e30=\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: {}\r\n\r\n{WRITE}",
        WRITE.len()
    )
}

/// What parts heads and bodies in two ways at once, with the hidden request where one reader would begin anew.
fn smuggled(host: &str, token: &str) -> Vec<(&'static str, String)> {
    let hidden = hidden(host);
    let message = |framing: &str, body: &str| {
        format!(
            "POST /mcp HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n{framing}\r\n\r\n{body}"
        )
    };
    let chunked = format!("0\r\n\r\n{hidden}");
    let as_chunk = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
    let signed_chunk = format!("+5\r\nhello\r\n0\r\n\r\n{hidden}");
    let (all, length) = (chunked.len(), hidden.len());
    let te = "Transfer-Encoding: chunked";
    vec![
        ("CL.TE", message(&format!("Content-Length: {all}\r\n{te}"), &chunked)),
        ("TE.CL", message(&format!("{te}\r\nContent-Length: 4"), &as_chunk)),
        (
            "two lengths",
            message(&format!("Content-Length: 0\r\nContent-Length: {length}"), &hidden),
        ),
        ("a list of lengths", message(&format!("Content-Length: 0, {length}"), &hidden)),
        ("a length with a sign", message(&format!("Content-Length: +{length}"), &hidden)),
        ("an unknown coding", message("Transfer-Encoding: xchunked", &chunked)),
        ("a coding after chunked", message("Transfer-Encoding: chunked, identity", &chunked)),
        ("a space before the colon", message(&format!("Content-Length : {all}\r\n{te}"), &chunked)),
        (
            "a folded line",
            message(
                &format!("Content-Length:\r\n {all}\r\nTransfer-Encoding:\r\n chunked"),
                &chunked,
            ),
        ),
        ("a bare line feed", message(&format!("X: y\n{te}\r\nContent-Length: {all}"), &chunked)),
        ("a signed chunk", message(te, &signed_chunk)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_smuggled_behind_another() {
    for deployment in Deployment::ALL {
        let protected = ProtectedServer::start(deployment).await;
        let token = Forge::agent(protected.cloud()).sign();
        let address = protected.url("").replace("http://", "");
        for (name, bytes) in smuggled(&address, &token) {
            // The connection closes after the last request that the other side sees.
            let answer =
                exchange(&address, bytes.replace("Host:", "Connection: close\r\nHost:").as_bytes())
                    .await;
            let statuses = statuses(&answer);
            assert!(!statuses.is_empty(), "{deployment:?} {name}: no answer");
            assert!(
                statuses[1..].iter().all(|status| *status == "401" || *status == "400"),
                "{deployment:?} {name}: {answer}"
            );
        }
        let reviews = attack::details(&protected, &attack::bearer(&token)).await;
        let smuggled = reviews.iter().any(|review| review["review_text"] == "smuggled");
        assert!(!smuggled, "{deployment:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn header_names_are_one_in_every_case() {
    for deployment in Deployment::ALL {
        let protected = ProtectedServer::start(deployment).await;
        let token = Forge::agent(protected.cloud()).sign();
        let address = protected.url("").replace("http://", "");
        let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
        let request = |lines: &str| {
            format!(
                "POST /mcp HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: {}\r\n{lines}\r\n\r\n{list}",
                list.len()
            )
        };
        for (lines, status) in [
            (format!("AUTHORIZATION: Bearer {token}"), "200"),
            (format!("authorization: bearer {token}"), "200"),
            (format!("aUtHoRiZaTiOn: BEARER {token}"), "200"),
            (format!("Authorization: Bearer {token}\r\nAUTHORIZATION: Bearer {token}"), "401"),
            (format!("Authorization: Bearer {token}\r\nauthorization: Basic eA=="), "401"),
            (format!("Authorization : Bearer {token}"), "400"),
            (format!("Authorization: Bearer\r\n {token}"), "400"),
            ("X-MS-CLIENT-PRINCIPAL: e30=".to_owned(), "401"),
            ("x-ms-client-principal: e30=\r\nX-Ms-Client-Principal: e30=".to_owned(), "401"),
            (format!("Connection: X-MS-CLIENT-PRINCIPAL\r\nAuthorization: Bearer {token}"), "200"),
            (
                format!("Connection: Authorization\r\nAuthorization: Bearer {token}"),
                if deployment == Deployment::Entra { "200" } else { "401" },
            ),
        ] {
            let answer = exchange(&address, request(&lines).as_bytes()).await;
            assert_eq!(statuses(&answer), [status], "{deployment:?} {lines}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_megabyte_of_header_is_not_read_to_its_end() {
    for deployment in Deployment::ALL {
        let protected = ProtectedServer::start(deployment).await;
        let address = protected.url("").replace("http://", "");
        for name in ["Authorization: Bearer ", "X-MS-CLIENT-PRINCIPAL: ", "X-Other: "] {
            let value = "A".repeat(1 << 20);
            let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\n{name}{value}\r\n\r\n");
            let answer = exchange(&address, request.as_bytes()).await;
            // Whoever closes while more comes in may take the answer along.
            assert!(
                answer.is_empty() || statuses(&answer) == ["431"],
                "{deployment:?} {name}: {answer}"
            );
        }
        assert_eq!(reqwest::get(protected.url("/healthz")).await.unwrap().status(), 200);
    }
}
