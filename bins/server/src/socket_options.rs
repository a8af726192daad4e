//! Socket options. Those that only Linux has do nothing on other systems.

use std::{io, mem::MaybeUninit, net::Shutdown, time::Duration};

use tokio::net::{TcpListener, TcpStream};

/// Closes the sending half of a connection. Data that was written still arrives.
pub fn end_writing(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).shutdown(Shutdown::Write)
}

/// Whether the socket has unread data. Asks the operating system, which knows before the runtime does.
pub fn has_unread(stream: &TcpStream) -> bool {
    let mut first = [MaybeUninit::uninit()];
    socket2::SockRef::from(stream).peek(&mut first).is_ok_and(|length| length > 0)
}

/// Limits how long a client may leave sent data unacknowledged. The HTTP library limits reading only.
#[cfg(target_os = "linux")]
pub fn limit_writing(stream: &TcpStream, limit: Duration) {
    // Without the option there is no limit, which is harmless.
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(limit));
}

/// Rejects new connections: the kernel drops packets for a listener with this filter.
///
/// Without it, the kernel would reset a connection established between the last accept and the listener's close.
#[cfg(target_os = "linux")]
pub fn reject_new_connections(listener: &TcpListener) {
    /// The instruction "return 0 bytes of the packet" of a classic packet filter.
    const DROP: socket2::SockFilter = socket2::SockFilter::new(0x06, 0, 0, 0);
    // Without the filter the race remains, but it is short.
    let _ = socket2::SockRef::from(listener).attach_filter(&[DROP]);
}

/// Does nothing on this system.
#[cfg(not(target_os = "linux"))]
pub fn limit_writing(_: &TcpStream, _: Duration) {}

/// Does nothing on this system: the listener accepts until it is closed.
#[cfg(not(target_os = "linux"))]
pub fn reject_new_connections(_: &TcpListener) {}
