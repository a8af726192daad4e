//! Takes connections, and on the way out finishes what they asked for.

use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    signal::unix::{Signal, SignalKind, signal},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use crate::{settings::Settings, socket_options};

/// How long a client may take to send a request's head or to take a part of an answer, and how long an idle connection is kept.
const HEAD_LIMIT: Duration = Duration::from_secs(30);

/// From this many bytes on a head that has not ended gets 431; what was read along may be as much again.
const HEAD_BYTES: usize = 64 * 1024;

/// How long the loop rests when the system has no file descriptor or memory for a further connection.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// The greatest share of the drain time in which clients are only asked to close, in place of being closed.
const POLITE_SHARE: u32 = 4;

/// The signals that stop the server.
pub struct Shutdown {
    terminate: Signal,
    interrupt: Signal,
}

impl Shutdown {
    /// Catches SIGTERM and SIGINT from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn requested(&mut self) {
        select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Serves connections until a signal, then drains: no new connection, every request that came is answered, and what it
/// writes in `tasks` is written.
///
/// A second signal, or the end of the drain time, ends it at once.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    settings: &Settings,
    tasks: TaskTracker,
    mut shutdown: Shutdown,
) {
    let server = Server::new(app, settings.max_connections, tasks);
    select! {
        () = server.accept(&listener) => {}
        () = shutdown.requested() => {}
    }
    tracing::info!("stopping");
    server.stopping.cancel();
    server.accept_queued(listener);
    select! {
        drained = timeout(settings.drain_seconds, server.drain(settings.drain_seconds)) => {
            if drained.is_err() {
                tracing::warn!("the drain time is over; some requests were cut off");
            }
        }
        () = shutdown.requested() => {}
    }
}

/// The connections, and what ends them.
struct Server {
    app: Router,
    slots: Arc<Semaphore>,
    /// The connections, and what their requests write.
    tasks: TaskTracker,
    /// From here on each answer asks its client to close the connection.
    stopping: CancellationToken,
    /// From here on idle connections are closed.
    closing: CancellationToken,
}

impl Server {
    fn new(app: Router, max_connections: u32, tasks: TaskTracker) -> Self {
        let slots = usize::try_from(max_connections).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            app,
            slots: Arc::new(Semaphore::new(slots.min(Semaphore::MAX_PERMITS))),
            tasks,
            stopping: CancellationToken::new(),
            closing: CancellationToken::new(),
        }
    }

    /// Takes connections for ever.
    async fn accept(&self, listener: &TcpListener) {
        while let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let connection = self.connection(stream);
                    self.tasks.spawn(async move {
                        connection.await;
                        drop(slot);
                    });
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "cannot take a connection");
                    sleep(ACCEPT_REST).await;
                }
            }
        }
    }

    /// Takes the connections that the system has made but nobody has fetched: their clients believe that they are served.
    fn accept_queued(&self, listener: TcpListener) {
        socket_options::let_nobody_in(&listener);
        let Ok(listener) = listener.into_std() else { return };
        while let Ok((stream, _)) = listener.accept() {
            let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
            if let Ok(stream) = stream {
                self.tasks.spawn(self.connection(stream));
            }
        }
    }

    /// Lets clients that are at work close by themselves first, then closes idle connections, and waits for the rest.
    async fn drain(&self, limit: Duration) {
        self.tasks.close();
        let polite = timeout(limit / POLITE_SHARE, self.tasks.wait()).await;
        if polite.is_err() {
            self.closing.cancel();
            self.tasks.wait().await;
        }
    }

    /// Serves one connection to its end.
    fn connection(&self, stream: TcpStream) -> impl Future<Output = ()> + Send + 'static {
        let (app, stopping, closing) =
            (self.app.clone(), self.stopping.clone(), self.closing.clone());
        async move {
            // Without it small answers wait for the client's acknowledgement; a failure only costs time.
            let _ = stream.set_nodelay(true);
            socket_options::limit_writing(&stream, HEAD_LIMIT);
            let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
                answer(app.clone(), stopping.clone(), request.map(Body::new))
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_LIMIT)
                .max_buf_size(HEAD_BYTES)
                .serve_connection(TokioIo::new(stream), service);
            let mut connection = pin!(connection);
            let result = select! {
                result = connection.as_mut() => result,
                () = closing.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = result {
                tracing::debug!(%error, "a connection broke");
            }
        }
    }
}

/// Answers a request; while the server stops, the answer is the connection's last.
async fn answer(
    app: Router,
    stopping: CancellationToken,
    request: Request,
) -> Result<Response, Infallible> {
    let mut response = app.oneshot(request).await?;
    if stopping.is_cancelled() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// Whether an error concerns the connection that was to be taken, and not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
