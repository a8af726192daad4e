//! The edges of the protocol, spoken by hand.

use std::sync::Arc;

use axum::{Extension, body::Body, extract::Request, middleware, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Method, StatusCode};
use restaurant_domain::{Actor, testing::InMemoryStore};
use restaurant_mcp::{CalledTool, McpAdapter, TOOL_NAMES};
use serde_json::{Value, json};
use tower::ServiceExt;
use tracing::Instrument;

use crate::{
    log::Log,
    server::{Server, json_of, message},
};

fn adapter() -> McpAdapter {
    McpAdapter::new(Arc::new(InMemoryStore::default()))
}

fn list() -> String {
    message("tools/list", &json!({}))
}

/// The JSON-RPC error of a refused request.
async fn refusal(response: reqwest::Response, status: StatusCode) -> Value {
    assert_eq!(response.status(), status);
    let body = json_of(response).await;
    assert_eq!(body["jsonrpc"], "2.0");
    assert!(body["result"].is_null());
    body["error"].clone()
}

#[tokio::test]
async fn every_version_of_the_handshake_is_spoken() {
    let adapter = adapter().server_info("guide", "City guide", "1.2.3").instructions("Ask away.");
    let server = Server::of(adapter).await;
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let client = json!({"name": "test", "version": "1"});
        let params = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client});
        let result = server.request("initialize", params).await["result"].clone();
        assert_eq!(result["protocolVersion"], version);
        let info = json!({"name": "guide", "title": "City guide", "version": "1.2.3"});
        assert_eq!(result["serverInfo"], info);
        assert_eq!(result["instructions"], "Ask away.");
        let capabilities = json!({"completions": {}, "prompts": {}, "resources": {}, "tools": {}});
        assert_eq!(result["capabilities"], capabilities);
    }
}

#[tokio::test]
async fn the_server_describes_itself() {
    let hello = async |adapter| {
        let client = json!({"name": "test", "version": "1"});
        let params =
            json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
        let result = Server::of(adapter).await.request("initialize", params).await;
        result["result"]["serverInfo"].clone()
    };
    let info = hello(adapter()).await;
    assert_eq!(info["description"], "Restaurants and what their guests say about them.");
    assert_eq!(info["websiteUrl"], Value::Null, "only a deployment has one");
    let icons = info["icons"].as_array().unwrap().iter().map(|icon| {
        let media_type = icon["mimeType"].as_str().unwrap();
        let data =
            icon["src"].as_str().unwrap().strip_prefix(&format!("data:{media_type};base64,"));
        (media_type.to_owned(), STANDARD.decode(data.unwrap()).unwrap(), icon["sizes"].clone())
    });
    let icons: Vec<_> = icons.collect();
    let [(png, image, size), (svg, drawing, any)] = icons.as_slice() else { panic!("{info}") };
    assert_eq!((png.as_str(), size), ("image/png", &json!(["64x64"])));
    assert!(image.starts_with(b"\x89PNG\r\n"));
    assert_eq!((svg.as_str(), any), ("image/svg+xml", &json!(["any"])));
    assert!(drawing.starts_with(b"<svg"));
    let ours = adapter()
        .server_info("guide", "City guide", "1.2.3")
        .description("Lisbon")
        .website_url("https://guide.example")
        .icon("https://guide.example/icon.png", "image/png", "48x48");
    let icon = json!({"src": "https://guide.example/icon.png", "mimeType": "image/png", "sizes": ["48x48"]});
    let expected = json!({
        "name": "guide", "title": "City guide", "version": "1.2.3", "description": "Lisbon",
        "websiteUrl": "https://guide.example", "icons": [icon],
    });
    assert_eq!(hello(ours).await, expected);
}

#[tokio::test]
async fn the_stateless_version_is_spoken() {
    let server = Server::start().await;
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    });
    let send = async |method: &str, name: &str, mut params: Value| {
        params["_meta"] = meta.clone();
        let request = server.post(message(method, &params)).header("mcp-method", method);
        let request = request.header("mcp-protocol-version", "2026-07-28");
        let request = if name.is_empty() { request } else { request.header("mcp-name", name) };
        json_of(request.send().await.unwrap()).await["result"].clone()
    };
    let discovered = send("server/discover", "", json!({})).await;
    assert_eq!(discovered["supportedVersions"].as_array().unwrap().len(), 5, "{discovered}");
    assert_eq!(discovered["cacheScope"], "public");
    let tools = send("tools/list", "", json!({})).await;
    assert_eq!(tools["cacheScope"], "private", "the list depends on the caller");
    assert_eq!(tools["ttlMs"], 300_000);
    let params = json!({"name": "list_restaurants_mcp", "arguments": {}});
    let result = send("tools/call", "list_restaurants_mcp", params).await;
    assert_eq!(result["structuredContent"]["total"], 0, "{result}");
}

#[tokio::test]
async fn requests_need_no_handshake_and_notifications_are_taken() {
    let server = Server::start().await;
    assert_eq!(server.tools().await.len(), TOOL_NAMES.len());
    assert_eq!(server.request("ping", json!({})).await["result"], json!({}));
    let body = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
    let response = server.post(body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn any_accept_that_admits_json_is_served() {
    let server = Server::start().await;
    for accept in ["*/*", "application/json", "application/*;q=0.5", "text/html, */*"] {
        let request = reqwest::Client::new().post(&server.url).body(list());
        let request = request.header("content-type", "application/json; charset=utf-8");
        let response = request.header("accept", accept).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{accept}");
        assert_eq!(
            json_of(response).await["result"]["tools"].as_array().unwrap().len(),
            TOOL_NAMES.len()
        );
    }
    // reqwest always sends Accept, so this request goes to the router directly.
    let request = Request::post("/mcp").header("host", "localhost");
    let request = request.header("content-type", "application/json").body(Body::from(list()));
    let response = adapter().router(&["/mcp"]).oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);

    let request = reqwest::Client::new().post(&server.url).body(list());
    let request = request.header("content-type", "application/json");
    let response = request.header("accept", "text/event-stream").send().await.unwrap();
    let error = refusal(response, StatusCode::NOT_ACCEPTABLE).await;
    assert!(error["message"].as_str().unwrap().contains("Accept"));
}

#[tokio::test]
async fn another_content_type_is_told_what_to_send() {
    let server = Server::start().await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
        let request = reqwest::Client::new().post(&server.url).body(list());
        let response = request.header("content-type", content_type).send().await.unwrap();
        let error = refusal(response, StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
        assert_eq!(error["code"], -32600);
        assert!(error["message"].as_str().unwrap().contains("application/json"));
    }
}

#[tokio::test]
async fn only_post_is_taken_at_exactly_its_addresses() {
    let server = Server::start().await;
    let client = reqwest::Client::new();
    for method in [Method::GET, Method::DELETE, Method::PUT, Method::OPTIONS] {
        let request = client.request(method, &server.url).header("accept", "text/event-stream");
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["allow"], "POST");
        refusal(response, StatusCode::METHOD_NOT_ALLOWED).await;
    }
    for (path, status) in [
        ("/mcp", StatusCode::OK),
        ("", StatusCode::OK),
        ("/", StatusCode::NOT_FOUND),
        ("/mcp/", StatusCode::NOT_FOUND),
        ("/other", StatusCode::NOT_FOUND),
    ] {
        let request = client.post(format!("{}{path}", server.url)).body(list());
        let request = request.header("content-type", "application/json");
        assert_eq!(request.send().await.unwrap().status(), status, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_json_is_a_parse_error() {
    let server = Server::start().await;
    let bodies: [&[u8]; 6] =
        [b"", b"{", b"{\"jsonrpc\":", b"{} {}", b"\xff\xfe{}", b"{\"a\":\"\xc3\"}"];
    for body in bodies {
        let response = server.post(body).send().await.unwrap();
        let error = refusal(response, StatusCode::BAD_REQUEST).await;
        assert_eq!(error["code"], -32700, "{error}");
    }
}

#[tokio::test]
async fn what_is_no_message_is_an_invalid_request() {
    let server = Server::start().await;
    let nested = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    let batch = format!("[{}]", list());
    for (body, hint) in [
        (batch.as_str(), "one message per request"),
        ("[]", "one message per request"),
        ("7", "JSON-RPC 2.0"),
        ("null", "JSON-RPC 2.0"),
        ("{}", "JSON-RPC 2.0"),
        (r#"{"jsonrpc":"1.0","id":1,"method":"tools/list"}"#, "JSON-RPC 2.0"),
        (r#"{"jsonrpc":"2.0","id":{},"method":"tools/list"}"#, "JSON-RPC 2.0"),
        (&nested, "JSON-RPC 2.0"),
    ] {
        let response = server.post(body.to_owned()).send().await.unwrap();
        let error = refusal(response, StatusCode::BAD_REQUEST).await;
        assert_eq!(error["code"], -32600, "{error}");
        assert!(error["message"].as_str().unwrap().contains(hint), "{error}");
    }
    let response = json!({"jsonrpc": "2.0", "id": 1, "result": {}}).to_string();
    let response = server.post(response).send().await.unwrap();
    assert_eq!(refusal(response, StatusCode::BAD_REQUEST).await["code"], -32600);
}

#[tokio::test]
async fn a_request_too_large_is_refused_with_the_limit() {
    let server = Server::of(adapter().max_request_bytes(1000)).await;
    let padded = |bytes: usize| format!("{}{}", list(), " ".repeat(bytes - list().len()));
    let response = server.post(padded(1000)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let response = server.post(padded(1001)).send().await.unwrap();
    let error = refusal(response, StatusCode::PAYLOAD_TOO_LARGE).await;
    assert_eq!(error["message"], "the request is too large: send at most 1000 bytes");
}

#[tokio::test]
async fn an_unknown_version_gets_the_known_ones() {
    let server = Server::start().await;
    let request = server.post(list()).header("mcp-protocol-version", "1999-01-01");
    let error = refusal(request.send().await.unwrap(), StatusCode::BAD_REQUEST).await;
    let supported = error["data"]["supported"].as_array().unwrap();
    assert!(supported.contains(&json!("2025-11-25")), "{error}");
    let request = server.post(list()).header("mcp-protocol-version", "2025-11-25");
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn foreign_origins_are_refused_and_the_log_names_the_setting() {
    let log = Log::start();
    let server = Server::of(adapter().allowed_origins(["https://guide.example.com"])).await;
    let status = async |origin: &str| {
        server.post(list()).header("origin", origin).send().await.unwrap().status()
    };
    for origin in [
        "http://localhost:6274", // tidy: a name in a header
        "http://127.0.0.1",
        "http://[::1]:80", // tidy: a name in a header
        "https://guide.example.com",
    ] {
        assert_eq!(status(origin).await, StatusCode::OK, "{origin}");
    }
    assert_eq!(log.with("McpAdapter::allowed_origins").len(), 0);
    let foreign = [
        "https://evil.example",
        "http://guide.example.com",
        "https://guide.example.com:8443",
        "https://guide.example.com.evil.example",
        "null",
        "nonsense",
    ];
    for origin in foreign {
        assert_eq!(status(origin).await, StatusCode::FORBIDDEN, "{origin}");
    }
    assert_eq!(log.with("McpAdapter::allowed_origins").len(), foreign.len());
    let response = server.post(list()).header("origin", "https://evil.example").send().await;
    refusal(response.unwrap(), StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn foreign_hosts_are_refused_and_the_log_names_the_setting() {
    let log = Log::start();
    let server = Server::of(adapter().allowed_hosts(["guide.example.com"])).await;
    let status =
        async |host: &str| server.post(list()).header("host", host).send().await.unwrap().status();
    // tidy: names in a header
    for host in ["guide.example.com", "guide.example.com:8000", "localhost:1", "[::1]"] {
        assert_eq!(status(host).await, StatusCode::OK, "{host}");
    }
    assert_eq!(log.with("McpAdapter::allowed_hosts").len(), 0);
    assert_eq!(status("evil.example").await, StatusCode::FORBIDDEN);
    assert_eq!(log.with("McpAdapter::allowed_hosts").len(), 1);
}

#[tokio::test]
async fn unknown_methods_and_unreadable_params_are_told_apart() {
    let server = Server::start().await;
    for (method, params, code) in [
        ("tools/fly", json!({}), -32601),
        ("resources/subscribe", json!({"uri": "restaurant://1"}), -32601),
        ("resources/read", json!({}), -32602),
        ("prompts/get", json!({"name": "no_such_prompt"}), -32602),
        ("completion/complete", json!({"ref": {"type": "ref/tool", "name": "x"}}), -32602),
        ("tools/list", json!({"cursor": "x"}), -32602),
        ("prompts/list", json!({"cursor": "x"}), -32602),
        ("resources/list", json!({"cursor": "x"}), -32602),
        ("resources/templates/list", json!({"cursor": "x"}), -32602),
        ("tools/call", json!({"name": "no_such_tool"}), -32602),
        ("tools/call", json!({"name": "list_restaurants_mcp", "arguments": [1]}), -32602),
        ("tools/call", json!({"arguments": {}}), -32602),
        ("initialize", json!({}), -32602),
    ] {
        let response = server.request(method, params.clone()).await;
        assert_eq!(response["error"]["code"], code, "{method} {params} {response}");
        assert_eq!(response["id"], 1);
    }
    let params = json!({"name": "no_such_tool"});
    let response = server.request("tools/call", params).await;
    let message = response["error"]["message"].as_str().unwrap();
    assert!(message.contains("the tools are list_restaurants_mcp, get_details_mcp"), "{message}");
}

/// A host's layer that shows what it finds in the response's extensions.
async fn show_called_tool(request: Request, next: middleware::Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(CalledTool(name)) = response.extensions().get().cloned() {
        response.headers_mut().insert("x-called-tool", name.parse().unwrap());
    }
    response
}

#[tokio::test]
async fn the_host_learns_which_tool_was_called() {
    let app = adapter().router(&["/mcp"]).layer(Extension(Actor::unauthenticated()));
    let server = Server::serve(app.layer(middleware::from_fn(show_called_tool))).await;
    for (method, name, expected) in [
        ("tools/call", "list_restaurants_mcp", Some("list_restaurants_mcp")),
        ("tools/call", "get_details_mcp", Some("get_details_mcp")),
        ("tools/call", "no_such_tool", None),
        ("tools/list", "list_restaurants_mcp", None),
    ] {
        let body = message(method, &json!({"name": name, "arguments": {}}));
        let response = server.post(body).send().await.unwrap();
        let called = response.headers().get("x-called-tool").map(|name| name.to_str().unwrap());
        assert_eq!(called, expected);
    }
}

/// A host's layer that logs in a span of its own.
async fn in_a_span(request: Request, next: middleware::Next) -> Response {
    next.run(request).instrument(tracing::info_span!("host", request = 17)).await
}

#[tokio::test]
async fn what_a_call_logs_belongs_to_the_hosts_request() {
    let log = Log::start();
    let app = adapter().router(&["/mcp"]).layer(Extension(Actor::unauthenticated()));
    let server = Server::serve(app.layer(middleware::from_fn(in_a_span))).await;
    server.ok("list_restaurants_mcp", json!({})).await;
    let calls = log.with("answered");
    assert!(
        calls[0]
            .contains("host{request=17}:mcp{method=\"tools/call\" tool=\"list_restaurants_mcp\"}"),
        "{calls:?}"
    );
}

#[tokio::test]
async fn the_log_has_the_tool_and_no_argument() {
    let log = Log::start();
    let server = Server::start().await;
    server.add_restaurant("Very Private Place").await;
    server.error("create_review_mcp", json!({"review_text": "Very private words"})).await;
    let calls = log.with("answered");
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert!(calls[0].contains("create_restaurant_mcp") && calls[0].contains("outcome=\"ok\""));
    assert!(calls[1].contains("create_review_mcp") && calls[1].contains("invalid_arguments"));
    assert_eq!(log.with("rivate").len(), 0);
}
