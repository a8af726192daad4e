//! Accepts connections, and drains them when the server stops.

mod connection;
mod slots;
mod stage;
mod watched;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    select,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    connection::Connection,
    slots::{Slot, Slots},
};
use crate::{app::App, settings::Settings, shutdown::Shutdown, socket_options};

/// The pause after an accept fails for lack of file descriptors or memory.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// The length of the listener's queue. The operating system may enforce a lower limit.
const QUEUE: u32 = 1024;

/// The divisor of the drain time for its first part, in which the server only asks clients to close their connections.
const POLITE_SHARE: u32 = 4;

/// Listens on an address. The long queue spares clients a retransmission of their SYN, which costs seconds, under load.
///
/// # Errors
/// Another process uses the address, or the machine does not have it.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // After a restart, connections of the previous process may still be in TIME_WAIT.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
}

/// Serves connections until a signal, then drains them.
///
/// Draining accepts no new connection, answers every request that has arrived, and waits for `tasks`. A second signal, or
/// the end of the drain time, ends it at once.
pub async fn serve(
    listener: TcpListener,
    app: App,
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
        server.spawn(stream, Slot::last());
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

/// The open connections and the signals that end them.
struct Server {
    app: Arc<App>,
    slots: Arc<Slots>,
    idle_limit: Duration,
    /// The tasks of the connections and of the writes that their requests began.
    tasks: TaskTracker,
    /// When cancelled, each response carries `Connection: close`.
    stopping: CancellationToken,
    /// When cancelled, idle connections are closed.
    closing: CancellationToken,
}

impl Server {
    fn new(app: App, settings: &Settings, tasks: TaskTracker) -> Self {
        Self {
            app: Arc::new(app),
            slots: Arc::new(Slots::new(settings.max_connections)),
            idle_limit: settings.idle_seconds,
            tasks,
            stopping: CancellationToken::new(),
            closing: CancellationToken::new(),
        }
    }

    /// Accepts connections forever. `waiting` holds the connection that waits for a slot; cancellation leaves it there.
    async fn accept(&self, listener: &TcpListener, waiting: &mut Option<TcpStream>) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    *waiting = Some(stream);
                    let slot = self.slots.take().await;
                    if let Some(stream) = waiting.take() {
                        self.spawn(stream, slot);
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

    /// Accepts the connections that the operating system has established but the server has not accepted yet.
    fn accept_queued(&self, listener: TcpListener) {
        socket_options::reject_new_connections(&listener);
        let Ok(listener) = listener.into_std() else { return };
        while let Ok((stream, _)) = listener.accept() {
            let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
            if let Ok(stream) = stream {
                self.spawn(stream, Slot::last());
            }
        }
    }

    /// Waits for clients to close their connections, then closes idle connections and waits for the rest.
    async fn drain(&self, limit: Duration) {
        self.tasks.close();
        let polite = timeout(limit / POLITE_SHARE, self.tasks.wait()).await;
        if polite.is_err() {
            self.closing.cancel();
            self.tasks.wait().await;
        }
    }

    /// Serves one connection to its end.
    fn spawn(&self, stream: TcpStream, slot: Slot) {
        let connection = Connection {
            app: Arc::clone(&self.app),
            slots: Arc::clone(&self.slots),
            idle_limit: self.idle_limit,
            stopping: self.stopping.clone(),
            closing: self.closing.clone(),
        };
        self.tasks.spawn(connection.serve(stream, slot));
    }
}

/// Whether an error concerns the accepted connection and not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
