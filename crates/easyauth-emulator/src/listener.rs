//! How the emulator's listeners are reached: by TLS or not, from this machine or others, and under which origin.

mod tls_listener;

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use axum::{Router, extract::connect_info::Connected, serve::IncomingStream};
use reqwest::Url;
use tokio::{net::TcpListener, task::JoinHandle};

use self::tls_listener::TlsListener;
use crate::Tls;

/// How the emulator's listeners are reached.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ListenerOptions {
    /// The certificates with which each listener speaks TLS. Default: none, so each speaks plain HTTP.
    pub tls: Option<Tls>,
    /// Whether a listener may have an address that other machines reach, and the app behind the gateway one that is not
    /// on loopback. Default: no. The emulator asks for no password, so every machine that reaches it gets every token.
    pub allows_other_machines: bool,
    /// The origin under which clients reach the issuer, Graph and Resource Manager, such as `https://cloud.test:4281`; every
    /// address that they answer has it. Default: the listener's address.
    pub cloud_origin: Option<String>,
    /// The origin under which clients reach the app behind the gateway. Default: the listener's address.
    pub app_origin: Option<String>,
}

/// The address that a connection comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientAddress(SocketAddr);

impl ClientAddress {
    pub(crate) fn ip(self) -> IpAddr {
        self.0.ip()
    }
}

impl Connected<IncomingStream<'_, TcpListener>> for ClientAddress {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for ClientAddress {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl ListenerOptions {
    /// The origin of a listener at an address, which is `public` where that is given.
    ///
    /// # Errors
    /// Other machines reach the address, and may not; or it has no origin.
    pub(crate) fn origin(&self, address: SocketAddr, public: Option<&str>) -> io::Result<String> {
        if !address.ip().is_loopback() && !self.allows_other_machines {
            return Err(io::Error::other("the emulator listens on loopback alone"));
        }
        match public {
            Some(public) => public_origin(public),
            None if address.ip().is_unspecified() => {
                let message = "a listener on every address needs a public origin";
                Err(io::Error::other(message))
            }
            None if self.tls.is_some() => Ok(format!("https://{address}")),
            None => Ok(format!("http://{address}")),
        }
    }

    /// Serves an app until the task is aborted.
    pub(crate) fn serve(&self, listener: TcpListener, app: Router) -> io::Result<JoinHandle<()>> {
        let app = app.into_make_service_with_connect_info::<ClientAddress>();
        // Accepting never fails for good.
        Ok(match &self.tls {
            Some(tls) => {
                let listener = TlsListener::new(listener, tls.acceptor())?;
                tokio::spawn(async move { drop(axum::serve(listener, app).await) })
            }
            None => tokio::spawn(async move { drop(axum::serve(listener, app).await) }),
        })
    }
}

/// An origin as a client writes it: without a path, and without the scheme's own port.
fn public_origin(text: &str) -> io::Result<String> {
    let is_origin = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && (url.path(), url.query(), url.fragment()) == ("/", None, None)
    };
    let url = Url::parse(text).ok().filter(is_origin);
    let invalid = || io::Error::other(format!("{text} is no origin such as https://app.test:4280"));
    url.map(|url| url.origin().ascii_serialization()).ok_or_else(invalid)
}

/// The host of an origin.
pub(crate) fn host(origin: &str) -> Option<String> {
    Url::parse(origin).ok()?.host_str().map(str::to_owned)
}
