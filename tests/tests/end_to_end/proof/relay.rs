//! What stands between the proof and Azure Resource Manager, and does one thing wrong.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use auth_probe::CancellationToken;
use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{
        StatusCode,
        header::{AUTHORIZATION, ETAG, IF_MATCH},
    },
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

/// What it does wrong.
pub(crate) enum Wrong {
    /// Answers about what the path ends with break off in the middle, with the status 200.
    BreaksOff(&'static str),
    /// They have no properties.
    HasNone(&'static str),
    /// Before the write of this number, from 1, arrives, somebody else changes something.
    IsOvertaken(u32, Box<dyn Fn() + Send + Sync>),
    /// The second write reaches Azure when the third is through; the proof is interrupted while it is on its way.
    IsLate(CancellationToken),
}

/// A running relay; it ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) origin: String,
    task: JoinHandle<()>,
}

struct Way {
    wrong: Wrong,
    upstream: String,
    writes: AtomicU32,
    third_is_through: Notify,
}

/// How long the late write waits for one that must not come.
const AT_MOST: Duration = Duration::from_secs(2);

impl Relay {
    pub(crate) async fn start(wrong: Wrong, upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let way = Way {
            wrong,
            upstream: upstream.to_owned(),
            writes: AtomicU32::new(0),
            third_is_through: Notify::new(),
        };
        let app = Router::new().fallback(handle).with_state(Arc::new(way));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { origin, task }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Goes on when the caller has gone: what was sent arrives.
async fn handle(State(way): State<Arc<Way>>, request: Request) -> Response {
    tokio::spawn(async move { way.pass(request).await }).await.unwrap()
}

impl Way {
    async fn pass(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let is_write = parts.method == "PUT";
        let nth = if is_write { self.writes.fetch_add(1, Ordering::SeqCst) + 1 } else { 0 };
        if let (Wrong::IsLate(interrupt), 2) = (&self.wrong, nth) {
            interrupt.cancel();
            let _ = tokio::time::timeout(AT_MOST, self.third_is_through.notified()).await;
        }
        if let Wrong::IsOvertaken(at, act) = &self.wrong
            && nth == *at
        {
            act();
        }
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}{}", self.upstream, parts.uri);
        let sent = client.request(parts.method, url).body(body);
        let mut sent = sent.header(AUTHORIZATION, &parts.headers[AUTHORIZATION]);
        if let Some(version) = parts.headers.get(IF_MATCH) {
            sent = sent.header(IF_MATCH, version);
        }
        let answer = sent.header("content-type", "application/json").send().await.unwrap();
        let (status, version) = (answer.status(), answer.headers().get(ETAG).cloned());
        let body = answer.bytes().await.unwrap();
        if nth == 3 {
            self.third_is_through.notify_one();
        }
        let mut response = if is_write {
            (status, body).into_response()
        } else {
            self.read(parts.uri.path(), status, body)
        };
        response.headers_mut().extend(version.map(|version| (ETAG, version)));
        response
    }

    fn read(&self, path: &str, status: StatusCode, body: Bytes) -> Response {
        match self.wrong {
            Wrong::BreaksOff(what) if path.ends_with(what) => {
                (status, body.slice(..body.len() / 2)).into_response()
            }
            Wrong::HasNone(what) if path.ends_with(what) => (status, "{}").into_response(),
            _ => (status, body).into_response(),
        }
    }
}
