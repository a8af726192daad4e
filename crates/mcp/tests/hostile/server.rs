//! A server, and what is asked of its every answer.

use std::{
    cell::RefCell,
    panic,
    sync::{
        Arc, Once,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
};
use http::{Request, StatusCode, header::CONTENT_TYPE};
use proptest::prelude::*;
use restaurant_domain::{Actor, Author, NewRestaurant, Repository, testing::InMemoryStore};
use restaurant_mcp::McpAdapter;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

use crate::input::TOOLS;

/// How long an answer may take; none comes near it.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a POST may be answered with.
const STATUSES: [StatusCode; 7] = [
    StatusCode::OK,
    StatusCode::ACCEPTED,
    StatusCode::BAD_REQUEST,
    StatusCode::NOT_FOUND,
    StatusCode::NOT_ACCEPTABLE,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
];

thread_local! {
    /// On a server's thread: how many panics there were, whether or not somebody caught them.
    static PANICS: RefCell<Option<Arc<AtomicUsize>>> = const { RefCell::new(None) };

    /// One for all cases of a test: what one case leaves behind, the next may trip over.
    static SERVER: Server = Server::start();
}

/// A server on a thread of its own, so that also a busy one is noticed in time.
struct Server {
    app: Router,
    runtime: Runtime,
    panics: Arc<AtomicUsize>,
}

impl Server {
    fn start() -> Self {
        static COUNT_PANICS: Once = Once::new();
        COUNT_PANICS.call_once(|| {
            let report = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                PANICS.with_borrow(|panics| panics.iter().for_each(count));
                report(info);
            }));
        });
        let store = Arc::new(InMemoryStore::default());
        let adapter = McpAdapter::new(Arc::clone(&store) as Arc<dyn Repository>);
        let app = adapter.router(&["/mcp"]).layer(Extension(Actor::unauthenticated()));
        let panics = Arc::new(AtomicUsize::new(0));
        let of_thread = Arc::clone(&panics);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .on_thread_start(move || PANICS.set(Some(Arc::clone(&of_thread))))
            .enable_all()
            .build()
            .unwrap();
        let good = NewRestaurant::draft()
            .name("good")
            .street_address("1 Quay")
            .description("Fish")
            .parse()
            .unwrap();
        runtime.block_on(store.create_restaurant(good, &Author::anonymous(), None)).unwrap();
        Self { app, runtime, panics }
    }

    /// Sends a request, checks the form of its answer, and that nothing broke. The body is `Null` where there is none.
    fn ask(&self, request: Request<Body>) -> Result<(StatusCode, Value), TestCaseError> {
        let response = self.app.clone().oneshot(request);
        let (answered, answer) = mpsc::channel();
        self.runtime.spawn(async move {
            let (head, body) = response.await.unwrap().into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            answered.send((head, body))
        });
        let answer = answer.recv_timeout(PATIENCE);
        prop_assert_eq!(self.panics.swap(0, Ordering::SeqCst), 0, "the server panicked");
        let (head, body) = answer.map_err(|_| TestCaseError::fail("no answer in time"))?;
        prop_assert!(STATUSES.contains(&head.status), "{}", head.status);
        if head.status == StatusCode::ACCEPTED {
            prop_assert!(body.is_empty());
            return Ok((head.status, Value::Null));
        }
        prop_assert_eq!(head.headers.get(CONTENT_TYPE).unwrap(), "application/json");
        let body = serde_json::from_slice(&body).map_err(|error| {
            TestCaseError::fail(format!("{error}: {}", String::from_utf8_lossy(&body)))
        })?;
        check_form(head.status, &body)?;
        Ok((head.status, body))
    }

    /// Asks something sensible, which must be answered.
    fn lives(&self) -> Result<(), TestCaseError> {
        let body = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list"});
        let (status, answer) = self.ask(post(body.to_string()))?;
        prop_assert_eq!(status, StatusCode::OK);
        prop_assert_eq!(&answer["id"], &json!(7));
        prop_assert_eq!(answer["result"]["tools"].as_array().unwrap().len(), TOOLS.len());
        Ok(())
    }
}

fn count(panics: &Arc<AtomicUsize>) {
    panics.fetch_add(1, Ordering::SeqCst);
}

/// A JSON-RPC response: a result or an error, never both.
fn check_form(status: StatusCode, body: &Value) -> Result<(), TestCaseError> {
    prop_assert_eq!(&body["jsonrpc"], "2.0", "{}", body);
    prop_assert!(
        matches!(&body["id"], Value::Null | Value::String(_) | Value::Number(_)),
        "{}",
        body
    );
    if let Some(error) = body.get("error") {
        prop_assert!(body.get("result").is_none(), "{}", body);
        prop_assert!(error["code"].is_i64() && error["message"].is_string(), "{}", body);
    } else {
        prop_assert_eq!(status, StatusCode::OK);
        prop_assert!(body["result"].is_object(), "{}", body);
    }
    Ok(())
}

pub(crate) fn post(body: impl Into<Body>) -> Request<Body> {
    Request::post("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(body.into())
        .unwrap()
}

/// Sends requests to this thread's server, judges each answer, and sees whether the server lives.
pub(crate) fn send(
    requests: impl IntoIterator<Item = Request<Body>>,
    judge: impl Fn(&Value) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    SERVER.with(|server| {
        for request in requests {
            let (_, answer) = server.ask(request)?;
            judge(&answer)?;
        }
        server.lives()
    })
}
