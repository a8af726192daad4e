//! Takes connections, and on the way out finishes what they asked for.

mod connection;
mod places;
mod stage;
mod watched;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    select,
    signal::unix::{Signal, SignalKind, signal},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    connection::Connection,
    places::{Place, Places},
};
use crate::{settings::Settings, socket_options};

/// How long the loop rests when the system has no file descriptor or memory for a further connection.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// How many connections the system may hold until they are taken; it may have a lower limit of its own.
const QUEUE: u32 = 1024;

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

    /// Completes with the next signal.
    pub async fn requested(&mut self) {
        select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Listens on an address, with a queue long enough that a client in a crowd is not told to try again by its own system, seconds later.
///
/// # Errors
/// When another process has the address, or the machine does not have it.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that starts again finds connections of the last one still closing.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
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
    let server = Server::new(app, settings, tasks);
    let mut waiting = None;
    select! {
        () = server.accept(&listener, &mut waiting) => {}
        () = shutdown.requested() => {}
    }
    tracing::info!("stopping");
    server.stopping.cancel();
    if let Some(stream) = waiting {
        server.spawn(stream, Place::last());
    }
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
    places: Arc<Places>,
    idle_limit: Duration,
    /// The connections, and what their requests write.
    tasks: TaskTracker,
    /// From here on each answer asks its client to close the connection.
    stopping: CancellationToken,
    /// From here on idle connections are closed.
    closing: CancellationToken,
}

impl Server {
    fn new(app: Router, settings: &Settings, tasks: TaskTracker) -> Self {
        Self {
            app,
            places: Arc::new(Places::new(settings.max_connections)),
            idle_limit: settings.idle_seconds,
            tasks,
            stopping: CancellationToken::new(),
            closing: CancellationToken::new(),
        }
    }

    /// Takes connections for ever. One that waits for its place stands in `waiting`, where the end of this leaves it.
    async fn accept(&self, listener: &TcpListener, waiting: &mut Option<TcpStream>) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    *waiting = Some(stream);
                    let place = self.places.take().await;
                    if let Some(stream) = waiting.take() {
                        self.spawn(stream, place);
                    }
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "cannot take a connection");
                    sleep(ACCEPT_REST).await;
                }
            }
        }
    }

    /// Accepts the connections that the system has queued: for their clients they are already established.
    fn accept_queued(&self, listener: TcpListener) {
        socket_options::let_nobody_in(&listener);
        let Ok(listener) = listener.into_std() else { return };
        while let Ok((stream, _)) = listener.accept() {
            let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
            if let Ok(stream) = stream {
                self.spawn(stream, Place::last());
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
    fn spawn(&self, stream: TcpStream, place: Place) {
        let connection = Connection {
            app: self.app.clone(),
            places: Arc::clone(&self.places),
            idle_limit: self.idle_limit,
            stopping: self.stopping.clone(),
            closing: self.closing.clone(),
        };
        self.tasks.spawn(connection.serve(stream, place));
    }
}

/// Whether an error concerns the connection that was to be taken, and not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
