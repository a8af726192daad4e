//! An app that tells what reached it.

use std::convert::Infallible;

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::Request,
    response::Response,
    routing::any,
};
use futures_util::{StreamExt as _, stream};
use serde_json::{Map, Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// A running app; it ends when this value is dropped.
pub struct App {
    pub origin: String,
    task: JoinHandle<()>,
}

impl App {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/echo-body", any(echo_body))
            .route("/broken", any(broken))
            .fallback(echo);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, task }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Tells the request line and the headers; of a header that is there twice, both values.
async fn echo(request: Request) -> Json<Value> {
    let mut headers = Map::new();
    for (name, value) in request.headers() {
        let values = headers.entry(name.as_str()).or_insert_with(|| json!([]));
        values.as_array_mut().unwrap().push(json!(String::from_utf8_lossy(value.as_bytes())));
    }
    Json(json!({
        "method": request.method().as_str(), "target": request.uri().to_string(), "headers": headers,
    }))
}

/// Sends each chunk of the body back as it comes.
async fn echo_body(request: Request) -> Body {
    Body::from_stream(request.into_body().into_data_stream())
}

/// Breaks off in the middle of an answer.
async fn broken() -> Response {
    let chunks = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"half"))])
        .map(|chunk| chunk.map_err(|never| match never {}));
    let fails = stream::once(async { Err(std::io::Error::other("broken")) });
    Response::new(Body::from_stream(chunks.chain(fails)))
}
