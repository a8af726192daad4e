//! One connection: serves its requests in order, and enforces its time limits.

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, Request, Response, StatusCode, header},
    response::IntoResponse,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use restaurant_mcp::discard_unread_body;
use tokio::{
    net::TcpStream,
    select,
    time::{Instant, Sleep, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    slots::{Slot, Slots},
    stage::{Progress, Stage},
    watched::{AnswerBody, RequestBody, WatchedStream},
};
use crate::{app::App, host_check, socket_options};

/// The time limit for a client that does not read its response.
const WRITE_LIMIT: Duration = Duration::from_secs(30);

/// The limit of a request's head, in bytes: an incomplete head of this size gets 431. One read may exceed
/// it by as much again.
///
/// App Service adds the client principal header (up to [`easyauth::ClientPrincipalHeader::MAX_BYTES`]) and, with its token store,
/// up to three tokens to the caller's own token and cookie: about 80 KiB for a user with 200 groups.
const HEAD_BYTES: usize = 128 * 1024;

/// The time limit for a request that waits for a slot among the served connections.
const QUEUE_LIMIT: Duration = Duration::from_secs(2);

/// The interval of the timer while no deadline applies.
const LOOK_AGAIN: Duration = Duration::from_hours(1);

/// The seconds after which a rejected client may retry.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// The parts of the server that a connection uses.
pub struct Connection {
    /// The application.
    pub app: Arc<App>,
    /// The slots of all connections.
    pub slots: Arc<Slots>,
    /// The time limit between two requests.
    pub idle_limit: Duration,
    /// When cancelled, each response carries `Connection: close`.
    pub stopping: CancellationToken,
    /// When cancelled, the connection closes as soon as it is idle.
    pub closing: CancellationToken,
}

impl Connection {
    /// Serves the connection to its end.
    pub async fn serve(self, stream: TcpStream, slot: Slot) {
        // Without it, small responses wait for the client's acknowledgement. A failure only costs time.
        let _ = stream.set_nodelay(true);
        socket_options::limit_writing(&stream, WRITE_LIMIT);
        let progress = Arc::new(Progress::new());
        let _entry = self.slots.enter(Arc::clone(&progress));
        let responder = Arc::new(Responder {
            app: self.app,
            slots: self.slots,
            slot: Mutex::new(slot),
            progress: Arc::clone(&progress),
            stopping: self.stopping,
        });
        let service = service_fn(|request| Arc::clone(&responder).answer(request));
        let (reader, stream) = stream.into_split();
        let watched = TokioIo::new(WatchedStream::new(reader, Arc::clone(&progress)));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // It would also count the time between two requests: `Deadline` has both limits.
            .header_read_timeout(None)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(watched, service);
        let mut connection = pin!(connection);
        let mut deadline = pin!(Deadline::new());
        let mut is_closing = false;
        loop {
            // Reads first, so that a client that has just sent data keeps its connection.
            let passed = poll_fn(|context| {
                if let Poll::Ready(result) = connection.as_mut().poll(context) {
                    return Poll::Ready(Some(result));
                }
                deadline.as_mut().poll(&progress, self.idle_limit, context).map(|()| None)
            });
            select! {
                biased;
                passed = passed => {
                    if let Some(Err(error)) = passed {
                        tracing::debug!(%error, "a connection broke");
                    }
                    return;
                }
                () = progress.left() => {
                    if progress.makes_room(socket_options::has_unread(stream.as_ref())) {
                        tracing::debug!("closed an idle connection to make room for another one");
                        return;
                    }
                }
                () = self.closing.cancelled(), if !is_closing => {
                    is_closing = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// The time at which a connection exceeds its time limit.
struct Deadline {
    sleep: Pin<Box<Sleep>>,
}

impl Deadline {
    fn new() -> Self {
        Self { sleep: Box::pin(sleep(Duration::ZERO)) }
    }

    /// Completes when the stage exceeds its limit. A later deadline takes effect when the earlier one passes, so that most
    /// requests do not reset the timer.
    fn poll(
        self: Pin<&mut Self>,
        progress: &Progress,
        idle_limit: Duration,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let sleep = &mut self.get_mut().sleep;
        let due = progress.deadline(idle_limit);
        let next = due.unwrap_or_else(|| Instant::now() + LOOK_AGAIN);
        if next < sleep.deadline() {
            sleep.as_mut().reset(next);
        }
        while sleep.as_mut().poll(context).is_ready() {
            if due.is_some_and(|due| due <= Instant::now()) {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(next);
        }
        Poll::Pending
    }
}

/// Answers the requests of a connection.
struct Responder {
    app: Arc<App>,
    slots: Arc<Slots>,
    slot: Mutex<Slot>,
    progress: Arc<Progress>,
    stopping: CancellationToken,
}

impl Responder {
    /// Answers a request. The response is the connection's last while the server stops, or if the connection has no slot.
    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<AnswerBody>, Infallible> {
        let mut request = request.map(|body| RequestBody::watched(body, &self.progress));
        let is_probe = host_check::is_probe(request.uri().path());
        let has_place = self.has_place() || (!is_probe && self.queue().await);
        if has_place {
            // Without one, the connection makes room as soon as it is answered.
            request = discard_unread_body(request);
        }
        let mut response =
            if has_place || is_probe { self.app.answer(request).await } else { no_slot() };
        if !has_place || self.stopping.is_cancelled() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response.map(|body| AnswerBody::new(body, Arc::clone(&self.progress))))
    }

    fn has_place(&self) -> bool {
        let slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        !slot.is_reserve()
    }

    /// Waits for a slot among the served connections. Returns `false` when it times out.
    async fn queue(&self) -> bool {
        self.progress.enter(Stage::Queued);
        let slot = select! {
            slot = self.slots.served() => Some(slot),
            () = self.stopping.cancelled() => Some(Slot::last()),
            () = self.progress.turned_away() => None,
            () = sleep(QUEUE_LIMIT) => None,
        };
        self.progress.served();
        let Some(slot) = slot else { return false };
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = slot;
        true
    }
}

/// The response to a request for which there is no slot.
fn no_slot() -> Response<Body> {
    tracing::debug!("rejected a request: the connection limit is reached");
    let message = "The server has reached its connection limit. Try again in a few seconds.\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)], message).into_response()
}
