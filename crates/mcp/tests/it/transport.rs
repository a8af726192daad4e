//! The edges of the protocol, by raw HTTP.

use reqwest::{Client, Method, StatusCode};
use restaurant_mcp::CalledTool;
use serde_json::{Value, json};

use crate::endpoint::{adapter, json, post, result, serve, serve_router};

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

#[tokio::test]
async fn every_era_is_served_without_a_session() {
    let url = serve(adapter()).await;
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let client = json!({"name": "test", "version": "1"});
        let params = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client});
        let answer = result(&url, "initialize", params).await;
        assert_eq!(answer["protocolVersion"], version);
        assert!(
            answer["serverInfo"]["name"].is_string() && answer["capabilities"]["tools"].is_object()
        );
    }
    assert_eq!(result(&url, "tools/list", json!({})).await["tools"].as_array().unwrap().len(), 4);
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(post(&url, notification).send().await.unwrap().status(), StatusCode::ACCEPTED);
    let unknown =
        post(&url, LIST).header("mcp-protocol-version", "1999-01-01").send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn any_accept_that_admits_json_works() {
    let url = serve(adapter()).await;
    for accept in [
        "application/json",
        "*/*",
        "application/*",
        "text/html, */*;q=0.1",
        "Application/JSON; charset=utf-8",
        "text/event-stream, application/json",
    ] {
        let request = Client::new()
            .post(&url)
            .header("content-type", "application/json")
            .header("accept", accept);
        let response = request.body(LIST).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{accept}");
        assert_eq!(json(response).await["id"], 1);
    }
    let request = Client::new()
        .post(&url)
        .header("content-type", "application/json")
        .header("accept", "text/html");
    assert_eq!(request.body(LIST).send().await.unwrap().status(), StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn what_is_no_message_gets_a_json_rpc_error() {
    let url = serve(adapter()).await;
    for (body, code) in [
        (&b"{"[..], -32700),
        (b"", -32700),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\xff\"}", -32700),
        (b"[]", -32600),
        (br#"[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]"#, -32600),
        (b"7", -32600),
        (b"{}", -32600),
        (br#"{"jsonrpc":"2.0","id":1}"#, -32600),
        (br#"{"id":1,"method":"tools/list"}"#, -32600),
    ] {
        let response = post(&url, body.to_vec()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{}", String::from_utf8_lossy(body));
        let answer = json(response).await;
        assert_eq!(answer["error"]["code"], code, "{answer}");
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &Value::Null));
    }
}

#[tokio::test]
async fn large_and_foreign_bodies_are_refused_in_the_protocols_form() {
    let url = serve(adapter().max_request_bytes(1000)).await;
    let large = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#, "x".repeat(1000));
    let response = post(&url, large).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(json(response).await["error"]["message"].as_str().unwrap().contains("1000 bytes"));
    let response = Client::new()
        .post(&url)
        .header("content-type", "text/plain")
        .body(LIST)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(
        json(response).await["error"]["message"].as_str().unwrap().contains("application/json")
    );
}

#[tokio::test]
async fn other_methods_are_405_and_other_paths_404() {
    let url = serve(adapter()).await;
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let response = Client::new()
            .request(method, &url)
            .header("accept", "text/event-stream")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "POST");
    }
    for path in ["/", "/more"] {
        let response = post(&format!("{url}{path}"), LIST).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused_unless_named() {
    let url = serve(
        adapter().allowed_hosts(["food.example"]).allowed_origins(["https://chat.example:443"]),
    )
    .await;
    for (header, value, status) in [
        ("host", "evil.example", StatusCode::FORBIDDEN),
        ("host", "food.example", StatusCode::OK),
        ("origin", "https://evil.example", StatusCode::FORBIDDEN),
        ("origin", "null", StatusCode::FORBIDDEN),
        ("origin", "https://chat.example", StatusCode::OK),
    ] {
        let response = post(&url, LIST).header(header, value).send().await.unwrap();
        assert_eq!(response.status(), status, "{header}: {value}");
    }
    let url = serve(adapter()).await;
    let response = post(&url, LIST).header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN, "no list admits no origin");
}

#[tokio::test]
async fn an_unknown_tool_or_method_is_an_error_of_the_protocol() {
    let url = serve(adapter()).await;
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "drop_tables"}});
    let answer = json(post(&url, call.to_string()).send().await.unwrap()).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("list_restaurants_mcp"));
    let unknown = r#"{"jsonrpc":"2.0","id":1,"method":"tools/fly"}"#;
    let response = post(&url, unknown).send().await.unwrap();
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["error"]["code"], -32601, "{answer}");
}

#[tokio::test]
async fn the_response_tells_its_host_which_tool_was_called() {
    let router = adapter().router(&["/mcp"]).layer(axum::middleware::map_response(
        |response: axum::response::Response| async move {
            let tool = response.extensions().get::<CalledTool>().map_or("none", |tool| tool.0);
            ([("x-called-tool", tool)], response)
        },
    ));
    let url = serve_router(router).await;
    let called = async |name: &str| {
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": {}}});
        post(&url, call.to_string()).send().await.unwrap().headers()["x-called-tool"].clone()
    };
    assert_eq!(called("list_restaurants_mcp").await, "list_restaurants_mcp");
    assert_eq!(called("made_up\u{1b}[31m").await, "none");
}
