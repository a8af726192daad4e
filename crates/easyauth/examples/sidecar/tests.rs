//! What the service responds for each answer of the sidecar.

use std::net::Ipv4Addr;

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header::LOCATION},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use super::{app, sidecar::Sidecar};

const CLIENT: &str = "6f1b9c3e-0d52-4c8e-9d53-0a6d2a3f7b11";

fn claims() -> Value {
    json!({ "oid": "agent", "sub": "agent", "idtyp": "app", "ver": "2.0", "azp": CLIENT, "roles": ["Tools.Use"] })
}

/// The documented response for these claims.
fn validated(claims: &Value) -> Response {
    Json(json!({ "protocol": "Bearer", "token": "x.y.z", "claims": claims })).into_response()
}

/// A sidecar that is asked with exactly the caller's header, and answers so.
async fn sidecar(answer: impl FnOnce() -> Response + Clone + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let validate = async move |headers: HeaderMap| {
        assert_eq!(headers["authorization"], "Bearer x.y.z");
        answer()
    };
    let elsewhere = get(async || validated(&claims()));
    let router = Router::new().route("/Validate", get(validate)).route("/elsewhere", elsewhere);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// Status, `Retry-After`, and body of the service's response to a request with these `Authorization` headers.
async fn ask(url: &str, authorization: &[&str]) -> (u16, Option<String>, String) {
    let service = app(Sidecar::new(url, CLIENT).unwrap(), "https://tools.example").unwrap();
    let mut request = Request::get("/");
    for value in authorization {
        request = request.header("authorization", *value);
    }
    let response = service.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let retry_after = response.headers().get("retry-after");
    let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    (status, retry_after, String::from_utf8(body.into()).unwrap())
}

async fn status_for(answer: impl FnOnce() -> Response + Clone + Send + Sync + 'static) -> u16 {
    ask(&sidecar(answer).await, &["Bearer x.y.z"]).await.0
}

const UNAVAILABLE: (u16, Option<&str>, &str) = (503, Some("5"), "");

fn as_ref(answer: &(u16, Option<String>, String)) -> (u16, Option<&str>, &str) {
    (answer.0, answer.1.as_deref(), &answer.2)
}

#[tokio::test]
async fn a_token_that_the_sidecar_accepts_authenticates_its_caller() {
    let url = sidecar(|| validated(&claims())).await;
    assert_eq!(as_ref(&ask(&url, &["Bearer x.y.z"]).await), (200, None, "agent"));
}

#[tokio::test]
async fn a_token_that_the_sidecar_refuses_is_a_401() {
    let refused = [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
    for status in refused {
        assert_eq!(status_for(move || status.into_response()).await, 401, "{status}");
    }
    let url = sidecar(|| validated(&claims())).await;
    let long = format!("Bearer {}", "x".repeat(20_000));
    for headers in [&[][..], &["Bearer x.y.z", "Bearer x.y.z"], &[long.as_str()]] {
        assert_eq!(ask(&url, headers).await.0, 401, "{} headers", headers.len());
    }
}

#[tokio::test]
async fn the_client_application_and_the_role_count() {
    for (name, value, status) in [
        ("azp", json!("another"), 401),
        ("azp", Value::Null, 401),
        ("roles", json!(["Tools.UseX"]), 403),
    ] {
        let mut claims = claims();
        claims[name] = value.clone();
        assert_eq!(status_for(move || validated(&claims)).await, status, "{name}: {value}");
    }
}

#[tokio::test]
async fn without_the_sidecar_the_answer_is_to_try_again() {
    let nothing = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", nothing.local_addr().unwrap());
    drop(nothing);
    assert_eq!(as_ref(&ask(&url, &["Bearer x.y.z"]).await), UNAVAILABLE);
    let url = sidecar(|| StatusCode::INTERNAL_SERVER_ERROR.into_response()).await;
    assert_eq!(as_ref(&ask(&url, &["Bearer x.y.z"]).await), UNAVAILABLE);
}

#[tokio::test]
async fn an_undocumented_answer_authenticates_no_caller() {
    let long = format!("{{\"claims\":{{\"oid\":\"{}\"}}}}", "x".repeat(70_000));
    let twice = r#"{"claims":{"oid":"agent","oid":"admin"}}"#;
    for body in ["", "OK", "{}", r#"{"claims":null}"#, r#"{"claims":[]}"#, twice, &long] {
        let body = body.to_owned();
        let shown = body.chars().take(40).collect::<String>();
        let url = sidecar(move || body.into_response()).await;
        assert_eq!(as_ref(&ask(&url, &["Bearer x.y.z"]).await), UNAVAILABLE, "{shown}");
    }
    let cut = || (StatusCode::OK, [("content-length", "500")], "{").into_response();
    assert_eq!(status_for(cut).await, 503, "a response that is cut off");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    assert_eq!(status_for(|| Redirect::temporary("/elsewhere").into_response()).await, 503);
    let moved = || (StatusCode::FOUND, [(LOCATION, "/elsewhere")]).into_response();
    assert_eq!(status_for(moved).await, 503);
}

/// Paused time advances while all tasks are idle: the timeout occurs at once.
#[tokio::test(start_paused = true)]
async fn a_sidecar_that_never_answers_is_given_five_seconds() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let before = tokio::time::Instant::now();
    let url = format!("http://{}", silent.local_addr().unwrap());
    assert_eq!(as_ref(&ask(&url, &["Bearer x.y.z"]).await), UNAVAILABLE);
    let waited = before.elapsed().as_secs_f64();
    assert!((4.9..5.1).contains(&waited), "{waited}");
}
