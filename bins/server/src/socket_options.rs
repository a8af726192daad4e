//! What Linux does for sockets beyond the common ground; elsewhere, on a developer's machine, it is left out.

use std::{io, mem::MaybeUninit, net::Shutdown, time::Duration};

use tokio::net::{TcpListener, TcpStream};

/// Ends the server's half of a connection: what was written still arrives.
pub fn end_writing(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).shutdown(Shutdown::Write)
}

/// Whether the client has sent something that has not been read. It asks the system, which knows before the runtime does.
pub fn has_unread(stream: &TcpStream) -> bool {
    let mut first = [MaybeUninit::uninit()];
    socket2::SockRef::from(stream).peek(&mut first).is_ok_and(|length| length > 0)
}

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

/// Keeps accepting until the listener is dropped.
#[cfg(not(target_os = "linux"))]
pub fn let_nobody_in(_: &TcpListener) {}
