//! The guard around a foreign handler.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{convert::Infallible, sync::Arc};

use axum::{Router, body::Body};
use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use rmcp::{
    ServerHandler, ServiceExt,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use rmcp_guard::{StdioTransport, TransportLayer};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tower::{Layer, ServiceExt as _, service_fn};

/// A `tools/list` with this body, and with these headers besides those that it needs.
fn post(body: impl Into<Body>, headers: &[(&str, &str)]) -> Request<Body> {
    let request = Request::post("/mcp").header("host", "localhost");
    let request = request.header(CONTENT_TYPE, "application/json");
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(body.into()).unwrap()
}

fn message(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
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
async fn the_limit_of_an_answer_is_exact() {
    for (bytes, fits) in [(500, true), (501, false)] {
        let inner = service_fn(move |_| async move {
            let body = Body::from("x".repeat(bytes));
            let response = Response::builder().header(CONTENT_TYPE, "application/json");
            Ok::<_, Infallible>(response.body(body).unwrap())
        });
        let service = TransportLayer::new().max_response_bytes(500).layer(inner);
        let response = service.oneshot(post(list(), &[])).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body.starts_with(b"xxx"), fits);
    }
}

#[tokio::test]
async fn streams_pass_untouched() {
    let inner = service_fn(async |_| {
        let body = Body::from("data: x\n\n".repeat(100));
        let response = Response::builder().header(CONTENT_TYPE, "text/event-stream; charset=utf-8");
        Ok::<_, Infallible>(response.body(body).unwrap())
    });
    let service = TransportLayer::new().max_response_bytes(500).layer(inner);
    let response = service.oneshot(post(list(), &[])).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), 900);
}

/// A handler without tools.
#[derive(Clone)]
struct Foreign;

impl ServerHandler for Foreign {}

/// A handler with sessions and streams behind the layer.
fn foreign() -> Router {
    let sessions = Arc::new(LocalSessionManager::default());
    let config = StreamableHttpServerConfig::default();
    let rmcp = StreamableHttpService::new(|| Ok(Foreign), sessions, config);
    Router::new().route_service("/mcp", TransportLayer::new().layer(rmcp))
}

#[tokio::test]
async fn a_foreign_handler_keeps_its_sessions_and_streams() {
    let app = foreign();
    let client = json!({"name": "test", "version": "1"});
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
    let initialize = post(message("initialize", &params), &[("accept", "*/*")]);
    let response = app.clone().oneshot(initialize).await.unwrap();
    assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
    let session = response.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains(r#""protocolVersion":"2025-11-25""#));
    let delete = Request::delete("/mcp").header("host", "localhost");
    let delete = delete.header("mcp-session-id", session).body(Body::empty()).unwrap();
    assert_eq!(app.oneshot(delete).await.unwrap().status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn what_a_foreign_handler_refuses_is_readable() {
    let get = |accept: &str, method: &str| {
        let request = Request::builder().method(method).uri("/mcp").header("host", "localhost");
        request.header("accept", accept).body(Body::empty()).unwrap()
    };
    for (request, status, says) in [
        (post(list(), &[("mcp-session-id", "gone")]), 404, "initialize again"),
        (post(list(), &[]), 400, "Mcp-Session-Id"),
        (get("application/json", "GET"), 406, "Not Acceptable"),
        (get("text/event-stream", "GET"), 400, "Mcp-Session-Id"),
        (get("*/*", "PUT"), 405, "method"),
    ] {
        let (given, body) = answer(foreign(), request).await;
        assert_eq!((given.as_u16(), &body["error"]["code"]), (status, &json!(-32600)), "{body}");
        assert!(body["error"]["message"].as_str().unwrap().contains(says), "{body}");
    }
    let response = foreign().oneshot(get("*/*", "PUT")).await.unwrap();
    assert_eq!(response.headers()["allow"], "GET, POST, DELETE");
}

#[tokio::test]
async fn over_stdio_a_line_that_is_no_message_is_answered_and_the_session_goes_on() {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let (input, output) = tokio::io::split(server);
    let session = tokio::spawn(async move {
        Foreign.serve(StdioTransport::new(input, output, 1024)).await.unwrap().waiting().await
    });
    let (read, mut write) = tokio::io::split(client);
    let mut lines = BufReader::new(read).lines();
    let client = json!({"name": "test", "version": "1"});
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
    for (line, id, code) in [
        ("{".to_owned(), json!(null), Some(-32700)),
        (message("initialize", &params), json!(1), None),
        (format!(r#"{{"id":7,"x":"{}"}}"#, "x".repeat(2000)), json!(7), Some(-32600)),
        ("[]".to_owned(), json!(null), Some(-32600)),
        (message("ping", &json!({})), json!(1), None),
    ] {
        write.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        let answer = lines.next_line().await.unwrap().unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((&answer["id"], answer["error"]["code"].as_i64()), (&id, code), "{answer}");
    }
    write.shutdown().await.unwrap();
    session.await.unwrap().unwrap();
}
