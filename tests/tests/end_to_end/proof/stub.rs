//! An app that is none: it gives whatever answers a test wants of it.

use std::sync::Arc;

use axum::{Router, extract::Request, response::Response};
use tokio::{net::TcpListener, task::JoinHandle};

/// A running stub; it ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) origin: String,
    task: JoinHandle<()>,
}

impl Stub {
    pub(crate) async fn start(
        answer: impl Fn(Request) -> Response + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::new(answer);
        let app = Router::new().fallback(async move |request: Request| answer(request));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { origin, task }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}
