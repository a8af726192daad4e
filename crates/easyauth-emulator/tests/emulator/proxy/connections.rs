//! Connections that end early, on either side.

use easyauth_emulator::{Gateway, Options};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::app::{Guarded, before, soon};

/// A request whose path is open to all.
fn get(host: &str) -> String {
    format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_request_with_it() {
    let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = format!("http://{}", app.local_addr().unwrap());
    let (_emulator, gateway) = before(&upstream, Options::default()).await;
    let host = gateway.origin().replace("http://", "");
    let mut client = TcpStream::connect(&host).await.unwrap();
    client.write_all(get(&host).as_bytes()).await.unwrap();
    let (mut connection, _) = soon(app.accept()).await.unwrap();
    assert!(soon(connection.read(&mut [0; 4096])).await.unwrap() > 0);
    drop(client);
    let mut rest = Vec::new();
    let _ = soon(connection.read_to_end(&mut rest)).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_broken_for_the_client_too() {
    for head in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = format!("http://{}", app.local_addr().unwrap());
        let (_emulator, gateway) = before(&upstream, Options::default()).await;
        let url = format!("{}/healthz", gateway.origin());
        let request = tokio::spawn(async move { reqwest::get(url).await.unwrap().bytes().await });
        let (mut connection, _) = soon(app.accept()).await.unwrap();
        assert!(soon(connection.read(&mut [0; 4096])).await.unwrap() > 0);
        let half = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n4\r\nhalf\r\n");
        connection.write_all(half.as_bytes()).await.unwrap();
        drop(connection);
        assert!(soon(request).await.unwrap().is_err(), "{head}");
    }
}

#[tokio::test]
async fn an_app_that_answers_no_http_is_a_bad_gateway() {
    for answer in ["", "SSH-2.0-x\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"] {
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = format!("http://{}", app.local_addr().unwrap());
        let (_emulator, gateway) = before(&upstream, Options::default()).await;
        let url = format!("{}/healthz", gateway.origin());
        let request = tokio::spawn(reqwest::get(url));
        let (mut connection, _) = soon(app.accept()).await.unwrap();
        assert!(soon(connection.read(&mut [0; 4096])).await.unwrap() > 0);
        connection.write_all(answer.as_bytes()).await.unwrap();
        drop(connection);
        assert_eq!(soon(request).await.unwrap().unwrap().status(), 502, "{answer}");
    }
}

#[tokio::test]
async fn a_gateway_that_is_gone_answers_nobody() {
    let mut guarded = Guarded::start().await;
    let mut kept = TcpStream::connect(&guarded.address).await.unwrap();
    let request = get(&guarded.address);
    kept.write_all(request.as_bytes()).await.unwrap();
    assert!(soon(kept.read(&mut [0; 4096])).await.unwrap() > 0);
    drop(guarded.gateway.take());
    let mut rest = Vec::new();
    let _ = soon(kept.read_to_end(&mut rest)).await;
    assert!(rest.is_empty());
    assert!(TcpStream::connect(&guarded.address).await.is_err());
}

#[tokio::test]
async fn an_app_that_is_away_is_said_to_be() {
    let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = format!("http://{}", app.local_addr().unwrap());
    drop(app);
    let (_emulator, gateway) = before(&upstream, Options::default()).await;
    let answer = reqwest::get(format!("{}/healthz", gateway.origin())).await.unwrap();
    assert_eq!(answer.status(), 503);
    let text = answer.text().await.unwrap();
    assert!(!text.contains("127.0.0.1"), "{text}");
}

#[tokio::test]
async fn bodies_stream_both_ways() {
    let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = format!("http://{}", app.local_addr().unwrap());
    let (_emulator, gateway) = before(&upstream, Options::default()).await;
    let host = gateway.origin().replace("http://", "");
    let mut client = TcpStream::connect(&host).await.unwrap();
    let head = format!("POST /healthz HTTP/1.1\r\nHost: {host}\r\n");
    let head = format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    let (mut app, _) = soon(app.accept()).await.unwrap();
    until(&mut app, "first").await;
    client.write_all(b"6\r\nsecond\r\n0\r\n\r\n").await.unwrap();
    until(&mut app, "second").await;
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    app.write_all(format!("{head}9\r\ndata: 1\n\n\r\n").as_bytes()).await.unwrap();
    until(&mut client, "data: 1\n\n").await;
    app.write_all(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n").await.unwrap();
    until(&mut client, "data: 2\n\n").await;
}

/// Reads until this comes.
async fn until(stream: &mut TcpStream, text: &str) {
    let mut bytes = Vec::new();
    while !String::from_utf8_lossy(&bytes).contains(text) {
        assert!(soon(stream.read_buf(&mut bytes)).await.unwrap() > 0, "no {text:?}");
    }
}

#[tokio::test]
async fn the_gateway_and_its_app_are_near() {
    let guarded = Guarded::start().await;
    let cloud = guarded.emulator.cloud();
    for upstream in [
        "http://192.0.2.1:80",
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://localhost@192.0.2.1",
        "https://127.0.0.1",
        "file:///etc",
        "127.0.0.1",
        "",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let served = Gateway::serve(listener, cloud.clone(), "reviews", upstream);
        assert!(served.is_err(), "{upstream}");
    }
    let everywhere = TcpListener::bind("0.0.0.0:0").await.unwrap();
    assert!(Gateway::serve(everywhere, cloud.clone(), "reviews", "http://127.0.0.1").is_err());
}
