//! A relay between a command and Azure: another writer acts while a request is in flight.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::to_bytes,
    extract::{Request, State},
    http::Method,
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// When somebody else comes in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The request was sent, and has not arrived.
    Before,
    /// It has arrived, and the answer is on its way.
    After,
}

type Act = Box<dyn Fn() + Send>;
type IsIt = Box<dyn Fn(&Method, &str) -> bool + Send + Sync>;

struct Way {
    upstream: String,
    when: When,
    /// Whether it is this request.
    is_it: IsIt,
    /// What is done then, and how often it is still done.
    act: Mutex<(Act, u32)>,
}

/// A running relay; it ends when this value is dropped.
pub struct Relay {
    pub origin: String,
    way: Arc<Way>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Lets somebody act `times` times, while requests of a kind are on their way to `upstream`.
    pub async fn start(
        upstream: &str,
        when: When,
        times: u32,
        is_it: impl Fn(&Method, &str) -> bool + Send + Sync + 'static,
        act: impl Fn() + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let act: Act = Box::new(act);
        let way = Arc::new(Way {
            upstream: upstream.to_owned(),
            when,
            is_it: Box::new(is_it),
            act: Mutex::new((act, times)),
        });
        let app = Router::new().fallback(pass).with_state(Arc::clone(&way));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { origin, way, task }
    }

    /// How often nobody came in between, of the times that were wanted.
    pub fn left(&self) -> u32 {
        self.way.act.lock().unwrap().1
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Way {
    fn act(&self, when: When, method: &Method, path: &str) {
        let mut act = self.act.lock().unwrap();
        if when == self.when && act.1 > 0 && (self.is_it)(method, path) {
            act.1 -= 1;
            (act.0)();
        }
    }
}

async fn pass(State(way): State<Arc<Way>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    way.act(When::Before, &method, &path);
    parts.headers.remove("host");
    let url = format!("{}{}", way.upstream, parts.uri);
    let sent = reqwest::Client::new().request(parts.method, url).headers(parts.headers).body(body);
    let answer = sent.send().await.unwrap();
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.unwrap();
    headers.remove("content-length");
    way.act(When::After, &method, &path);
    (status, headers, body).into_response()
}
