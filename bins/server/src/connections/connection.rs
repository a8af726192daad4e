//! One connection: its requests are answered one after the other, and it ends when its client has waited or dawdled too long.

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, Response, StatusCode, header},
    response::IntoResponse,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::TcpStream,
    select,
    time::{Instant, Sleep, sleep},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{
    places::{Place, Places},
    stage::{Progress, Stage},
    watched::{AnswerBody, RequestBody, Watched},
};
use crate::{host_check, socket_options};

/// How long a client may take nothing of an answer.
const WRITE_LIMIT: Duration = Duration::from_secs(30);

/// From this many bytes on a head that has not ended gets 431; what was read along may be as much again.
///
/// In front of the server App Service writes the client principal header (up to [`easyauth::ClientPrincipalHeader::MAX_BYTES`]), and with its token
/// store up to three tokens, beside the caller's own token and cookie: for a person with 200 groups some 80 KiB.
const HEAD_BYTES: usize = 128 * 1024;

/// How long a request waits for a place among the connections that are served.
const QUEUE_LIMIT: Duration = Duration::from_secs(2);

/// What is looked at when nothing else is due.
const LOOK_AGAIN: Duration = Duration::from_hours(1);

/// After how many seconds a client that found no place may come again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// What a connection needs of its server.
pub struct Connection {
    /// What answers.
    pub app: Router,
    /// The places of all connections.
    pub places: Arc<Places>,
    /// How long the connection is kept between two requests.
    pub idle_limit: Duration,
    /// From here on each answer asks its client to close the connection.
    pub stopping: CancellationToken,
    /// From here on the connection is closed when it is idle.
    pub closing: CancellationToken,
}

impl Connection {
    /// Serves the connection to its end.
    pub async fn serve(self, stream: TcpStream, place: Place) {
        // Without it small answers wait for the client's acknowledgement; a failure only costs time.
        let _ = stream.set_nodelay(true);
        socket_options::limit_writing(&stream, WRITE_LIMIT);
        let progress = Arc::new(Progress::new());
        let _entry = self.places.enter(Arc::clone(&progress));
        let answers = Arc::new(Answers {
            app: self.app,
            places: self.places,
            place: Mutex::new(place),
            progress: Arc::clone(&progress),
            stopping: self.stopping,
        });
        let service = service_fn(|request| Arc::clone(&answers).answer(request));
        let stream = Arc::new(stream);
        let watched = TokioIo::new(Watched::new(Arc::clone(&stream), Arc::clone(&progress)));
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                // It would count the time between two requests as well: `Deadline` has both limits.
                .header_read_timeout(None)
                .max_buf_size(HEAD_BYTES)
                .serve_connection(watched, service)
        );
        let mut deadline = pin!(Deadline::new());
        let mut is_closing = false;
        loop {
            // What has come is read first, so that a client which has just sent something keeps its connection.
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
                    if progress.makes_room(socket_options::has_unread(&stream)) {
                        tracing::debug!("closed a connection for the sake of another one");
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

/// The time at which a connection has waited too long for its client.
struct Deadline {
    sleep: Pin<Box<Sleep>>,
}

impl Deadline {
    fn new() -> Self {
        Self { sleep: Box::pin(sleep(Duration::ZERO)) }
    }

    /// Completes when the stage has lasted too long. A later deadline is looked up when the earlier one passes: most
    /// requests come and go without a change of the timer.
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

/// What answers the requests of a connection.
struct Answers {
    app: Router,
    places: Arc<Places>,
    place: Mutex<Place>,
    progress: Arc<Progress>,
    stopping: CancellationToken,
}

impl Answers {
    /// Answers a request; while the server stops, or when there is no place for the connection, the answer is its last.
    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<AnswerBody>, Infallible> {
        let request = request.map(|body| RequestBody::new(body, Arc::clone(&self.progress)));
        let is_probe = host_check::is_probe(request.uri().path());
        let has_place = self.has_place() || (!is_probe && self.queue().await);
        let mut response = if has_place || is_probe {
            self.app.clone().oneshot(request.map(Body::new)).await?
        } else {
            no_place()
        };
        if !has_place || self.stopping.is_cancelled() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response.map(|body| AnswerBody::new(body, Arc::clone(&self.progress))))
    }

    fn has_place(&self) -> bool {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        !place.is_reserve()
    }

    /// Waits for a free connection slot; `false` when none is free in time.
    async fn queue(&self) -> bool {
        self.progress.enter(Stage::Queued);
        let place = select! {
            place = self.places.served() => Some(place),
            () = self.stopping.cancelled() => Some(Place::last()),
            () = self.progress.turned_away() => None,
            () = sleep(QUEUE_LIMIT) => None,
        };
        self.progress.served();
        let Some(place) = place else { return false };
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = place;
        true
    }
}

/// The answer to a request for which there is no place.
fn no_place() -> Response<Body> {
    tracing::debug!("turned a request away: all connections are taken");
    let message = "The server has more clients than it can serve. Try again in a few seconds.\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)], message).into_response()
}
