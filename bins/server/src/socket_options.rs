//! What Linux does for sockets beyond the common ground; elsewhere, on a developer's machine, it is left out.

use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

/// Gives a client up that does not take its answer for so long: the HTTP library limits reading only.
#[cfg(target_os = "linux")]
pub fn limit_writing(stream: &TcpStream, limit: Duration) {
    // A failure only leaves the limit out.
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(limit));
}

/// Lets no further connection begin: the system drops what comes for a listener with this filter.
///
/// Otherwise a connection that is made between the last look at the queue and the listener's end would be reset.
#[cfg(target_os = "linux")]
pub fn let_nobody_in(listener: &TcpListener) {
    /// The instruction "return 0 bytes of the packet" of a classic packet filter.
    const DROP: socket2::SockFilter = socket2::SockFilter::new(0x06, 0, 0, 0);
    // Without the filter the moment is short, not gone.
    let _ = socket2::SockRef::from(listener).attach_filter(&[DROP]);
}

/// Has no limit here.
#[cfg(not(target_os = "linux"))]
pub fn limit_writing(_: &TcpStream, _: Duration) {}

/// Leaves the door open until the listener is gone.
#[cfg(not(target_os = "linux"))]
pub fn let_nobody_in(_: &TcpListener) {}
