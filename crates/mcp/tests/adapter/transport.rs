//! The transport guard around the adapter.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
};
use futures_util::stream;
use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use restaurant_domain::{Author, Description, NewRestaurant, Repository, testing::InMemoryStore};
use restaurant_mcp::{McpAdapter, TOOL_NAMES};
use rmcp_guard::TransportLayer;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::{Layer, ServiceExt, service_fn};

use crate::{
    log::Log,
    server::{Server, json_of, message},
};

fn adapter() -> McpAdapter {
    McpAdapter::new(Arc::new(InMemoryStore::default()))
}

/// A `tools/list` with this body, and with these headers besides those that it needs.
fn post(body: impl Into<Body>, headers: &[(&str, &str)]) -> Request<Body> {
    let request = Request::post("/mcp").header("host", "localhost");
    let request = request.header(CONTENT_TYPE, "application/json");
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(body.into()).unwrap()
}

fn list() -> String {
    message("tools/list", &json!({}))
}

async fn answer(app: Router, request: Request<Body>) -> (StatusCode, Value) {
    let response = app.oneshot(request).await.unwrap();
    let status = response.status();
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json", "{status}");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_body_that_does_not_end_is_given_up() {
    let log = Log::start();
    let begun = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"{")) });
    let body = Body::from_stream(stream::StreamExt::chain(begun, stream::pending()));
    let app = adapter().body_timeout(Duration::from_millis(50)).router(&["/mcp"]);
    let answer = answer(app, post(body, &[]));
    let (status, body) = tokio::time::timeout(Duration::from_secs(10), answer).await.unwrap();
    assert_eq!((status, &body["error"]["code"]), (StatusCode::REQUEST_TIMEOUT, &json!(-32600)));
    assert_eq!(body["error"]["message"], "the request's body did not end within 0.05 s");
    let lines = log.with("whose body did not end");
    assert!(lines.len() == 1 && lines[0].contains("DEBUG"), "{lines:?}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_the_callers_fault() {
    let body = Body::from_stream(stream::iter([Err::<Bytes, _>(io::Error::other("cut"))]));
    let (status, body) = answer(adapter().router(&["/mcp"]), post(body, &[])).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(body["error"]["message"], "the request's body broke off");
}

#[tokio::test]
async fn a_length_beyond_the_limit_is_refused_unread() {
    let server = Server::start().await;
    let address = server.url.strip_prefix("http://").unwrap().strip_suffix("/mcp").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: 65537\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer[..read.unwrap().unwrap()]).into_owned();
    assert!(
        answer.starts_with("HTTP/1.1 413") && answer.contains("at most 65536 bytes"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_client_that_sends_everything_first_reads_the_refusal() {
    // More than the buffers of a connection hold.
    let body = vec![b' '; 12 * 1024 * 1024];
    let server = Server::start().await;
    let address = server.url.strip_prefix("http://").unwrap().strip_suffix("/mcp").unwrap();
    for (content_type, status) in [("application/json", "413"), ("text/plain", "415")] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let length = body.len();
        let head = format!(
            "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}

#[tokio::test]
async fn a_client_that_was_told_to_continue_reads_the_refusal_too() {
    let server = Server::start().await;
    let address = server.url.strip_prefix("http://").unwrap().strip_suffix("/mcp").unwrap();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
    );
    let mut answer = vec![0; 4096];
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
    let length = stream.read(&mut answer).await.unwrap();
    assert_eq!(&answer[..length], b"HTTP/1.1 100 Continue\r\n\r\n");
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    for _ in 0..12 * 16 {
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let length = stream.read(&mut answer).await.unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 413"));

    // A client that still waits is told the refusal alone.
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}Content-Length: 65537\r\n\r\n").as_bytes()).await.unwrap();
    let length = stream.read(&mut answer).await.unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 413"));
}

#[tokio::test]
async fn an_answer_too_large_is_kept_back_and_the_log_names_the_setting() {
    let log = Log::start();
    // Pages are cut to fit. What cannot be cut is a text that no input could have brought in.
    let store = InMemoryStore::default();
    let draft = NewRestaurant::draft().name("Blue Door").street_address("1 Quay");
    let mut restaurant = draft.description("Fish").parse().unwrap();
    restaurant.description = Description::from_stored("x".repeat(70_000));
    store.create_restaurant(restaurant, &Author::anonymous(), None).await.unwrap();
    let server = Server::of(McpAdapter::new(Arc::new(store)).max_response_bytes(65_536)).await;
    assert_eq!(server.tools().await.len(), TOOL_NAMES.len());
    assert_eq!(log.with("max_response_bytes").len(), 0);
    let call = message("tools/call", &json!({"name": "list_restaurants_mcp", "arguments": {}}));
    let response = server.post(call).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let answer = json_of(response).await;
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!(-32603)), "{answer}");
    assert_eq!(answer["error"]["message"], "the answer is larger than 65536 bytes: ask for less");
    let lines = log.with("McpAdapter::max_response_bytes");
    assert!(lines.len() == 1 && lines[0].contains("ERROR"), "{lines:?}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_leaks_nothing() {
    let log = Log::start();
    let inner = service_fn(async |_| {
        let body = Body::from_stream(stream::iter([Err::<Bytes, _>(io::Error::other("secret"))]));
        let response = Response::builder().header(CONTENT_TYPE, "application/json");
        Ok::<_, Infallible>(response.body(body).unwrap())
    });
    let app = Router::new().route_service("/mcp", TransportLayer::new().layer(inner));
    let (_, body) = answer(app, post(list(), &[])).await;
    assert_eq!((&body["id"], &body["error"]["message"]), (&json!(1), &json!("the server failed")));
    assert_eq!(log.with("secret").len(), 1);
}

#[tokio::test]
async fn the_log_calls_the_settings_what_the_host_calls_them() {
    let log = Log::start();
    let app = adapter().settings_named("GUIDE_HOSTS", "GUIDE_ORIGINS").router(&["/mcp"]);
    let origin = format!("https://{}.example", "e".repeat(60));
    let (status, body) = answer(app, post(list(), &[("origin", &origin)])).await;
    assert_eq!((status, &body["id"]), (StatusCode::FORBIDDEN, &json!(1)));
    let lines = log.with("GUIDE_HOSTS; if the origin is, with GUIDE_ORIGINS");
    assert!(lines.len() == 1 && lines[0].contains("https://eee"), "{lines:?}");
    assert!(!lines[0].contains(&origin), "a caller decides how much is logged: {lines:?}");
}

#[tokio::test]
async fn a_refusal_names_the_request() {
    let version = [("mcp-protocol-version", "1999-01-01")];
    let request = json!({"jsonrpc": "2.0", "id": "seven", "method": "tools/list"}).to_string();
    let (status, body) = answer(adapter().router(&["/mcp"]), post(request, &version)).await;
    assert_eq!((status, &body["id"]), (StatusCode::BAD_REQUEST, &json!("seven")));
    let (status, body) = answer(adapter().router(&["/mcp"]), post(r#"{"id": 5}"#, &[])).await;
    assert_eq!((status, &body["id"]), (StatusCode::BAD_REQUEST, &json!(5)));
}

#[tokio::test]
async fn an_unknown_version_is_repeated_as_it_came() {
    for (version, requested) in
        [("2099-01-01", "2099-01-01".to_owned()), (&*"9".repeat(100), "9".repeat(40))]
    {
        let request = post(list(), &[("mcp-protocol-version", version)]);
        let (status, body) = answer(adapter().router(&["/mcp"]), request).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(body["error"]["data"]["requested"], requested, "{body}");
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_kept_is_named_with_the_requests_id() {
    let call = |id: &str, arguments: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"list_restaurants_mcp","arguments":{{{arguments}}}}}}}"#
        )
    };
    let broken = r#"{"jsonrpc":"2.0","id":6,"method":"#.to_owned();
    let latin =
        [br#"{"id":6,"jsonrpc":"2.0","method":"Z"#.to_vec(), vec![0xfc, b'"', b'}']].concat();
    for (message, id, code, says) in [
        (call("1", r#""search":"pizza \ud83c""#).into_bytes(), json!(1), -32602, "surrogate"),
        (
            call("1", r#""search":"\udf55""#).into_bytes(),
            json!(1),
            -32602,
            "params.arguments.search",
        ),
        (call("\"b\"", r#""limit":1e999"#).into_bytes(), json!("b"), -32602, "number out of range"),
        (call("99999999999999999999", "").into_bytes(), json!(null), -32600, "id"),
        (broken.into_bytes(), json!(6), -32700, "not JSON"),
        (latin, json!(6), -32700, "not UTF-8"),
    ] {
        let (status, body) = answer(adapter().router(&["/mcp"]), post(message, &[])).await;
        assert_eq!((status, &body["id"]), (StatusCode::BAD_REQUEST, &id), "{body}");
        assert_eq!(body["error"]["code"], code, "{body}");
        assert!(body["error"]["message"].as_str().unwrap().contains(says), "{body}");
    }
}

#[tokio::test]
async fn an_origin_of_any_scheme_can_be_allowed() {
    let allowed =
        ["chrome-extension://abcdef", "tauri://localhost", "vscode-webview://0a1b", "app://x:7"];
    let status = async |origin: &str| {
        let app = adapter().allowed_origins(allowed).router(&["/mcp"]);
        app.oneshot(post(list(), &[("origin", origin)])).await.unwrap().status()
    };
    for origin in allowed.into_iter().chain(["TAURI://localhost", "http://localhost"]) {
        assert_eq!(status(origin).await, StatusCode::OK, "{origin}");
    }
    for origin in [
        "chrome-extension://abcdefg",
        "moz-extension://abcdef",
        "tauri://localhost:80", // tidy: no port is bound
        "tauri://localhost.evil",
        "tauri://evil@localhost",
        "app://x",
        "https://abcdef",
        "https://tauri",
        "null",
    ] {
        assert_eq!(status(origin).await, StatusCode::FORBIDDEN, "{origin}");
    }
}
