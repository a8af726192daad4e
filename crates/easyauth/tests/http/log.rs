//! The log line of a rejected request: the reason and the path, once, without anything else of the request.

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::Router;
use http::{Request, Response};
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    client_principal::{OBJECT_ID, header},
    service::{answer, app, request_of},
};

/// The log of one test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The one event of a request.
async fn event_of(request: http::request::Builder) -> Value {
    logged(&app(), request).await.1
}

/// The response to a request, and its one event.
pub(crate) async fn logged(
    app: &Router,
    request: http::request::Builder,
) -> (Response<String>, Value) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(log.clone()).finish();
    let response = {
        let _guard = tracing::subscriber::set_default(subscriber);
        answer(app, request).await
    };
    let lines = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(lines.lines().count(), 1, "{lines}");
    (response, serde_json::from_str(&lines).unwrap())
}

#[tokio::test]
async fn a_refusal_is_logged_once_with_its_reason_and_nothing_of_the_caller() {
    let secret = header(&[("oid", "secret-oid"), ("oid", "secret-too"), ("roles", "secret")]);
    let long = format!("/mcp/{}?token=secret", "x".repeat(300));
    for (value, path, reason) in [
        (&*secret, "/mcp", "client principal header: its claim `oid` has different values"),
        ("secret", "/mcp?token=secret", "client principal header: it is not base64"),
        ("!secret", &long, "client principal header: it is not base64"),
    ] {
        let request = request_of(path, value).header("authorization", "Bearer secret");
        let event = event_of(request).await;
        assert_eq!((&event["level"], &event["target"]), (&"INFO".into(), &"easyauth".into()));
        assert_eq!(event["fields"]["reason"], reason, "{event}");
        assert_eq!(event["fields"]["scheme"], "client principal header", "{event}");
        let logged = event["fields"]["path"].as_str().unwrap();
        assert!(path.starts_with(logged) && logged.len() <= 200, "{event}");
        assert!(!event.to_string().contains("secret"), "{event}");
    }
    let event = event_of(Request::get("/nothing")).await;
    assert_eq!(event["fields"]["reason"], "the request names no caller");
}

#[tokio::test]
async fn who_lacks_a_right_is_named() {
    let header = header(&[("oid", OBJECT_ID), ("idtyp", "app"), ("roles", "Other")]);
    let event = event_of(request_of("/mcp/mcp?x=1", &header)).await;
    let fields = &event["fields"];
    assert_eq!(fields["reason"], "the caller lacks the app role or scope");
    assert_eq!(
        (&fields["role"], &fields["scope"]),
        (&"MCP.Access".into(), &"user_impersonation".into())
    );
    assert_eq!((&fields["caller_id"], &fields["path"]), (&OBJECT_ID.into(), &"/mcp/mcp".into()));
    assert_eq!(fields["caller_kind"], "Application");
}
