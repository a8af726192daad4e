//! Refuses requests for foreign hosts and from pages of foreign origins, so that no web page reaches the emulator by a name
//! of its own (DNS rebinding) or from a person's browser.

use axum::{
    extract::Request,
    http::{
        HeaderMap, StatusCode,
        header::{HOST, ORIGIN},
        uri::Authority,
    },
    response::{IntoResponse, Response},
};
use http::Uri;

use crate::listener::host;

/// Names that always mean this machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Which hosts and origins besides this machine's own are served, at every listener of the emulator.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct AccessOptions {
    /// Host names under which the emulator answers as well, without ports. Default: none.
    pub hosts: Vec<String>,
    /// Origins whose pages may send requests as well, such as `chrome-extension://…`. Default: none.
    pub origins: Vec<String>,
}

impl AccessOptions {
    /// The same, with the host of an origin among those that are served.
    pub(crate) fn with_origin(mut self, origin: &str) -> Self {
        self.hosts.extend(host(origin));
        self
    }

    /// The refusal of a request for a host that is not ours (421). The one host has to be named: what is in doubt is not
    /// ours.
    pub(crate) fn refuse_host(&self, request: &Request) -> Option<Response> {
        let host = requested_host(request);
        if host.is_some_and(|host| self.is_ours(&host)) {
            return None;
        }
        let message =
            "The emulator does not answer to that host name: use 127.0.0.1 or localhost.\n";
        Some((StatusCode::MISDIRECTED_REQUEST, message).into_response())
    }

    /// The refusal of a request from a page of a foreign origin (403). Programs send no `Origin`.
    pub(crate) fn refuse_origin(&self, headers: &HeaderMap) -> Option<Response> {
        let is_ours = |origin: &str| {
            self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
                || page_host(origin).is_some_and(|host| self.is_ours(&host))
        };
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => None,
            (Some(origin), None) if origin.to_str().is_ok_and(is_ours) => None,
            _ => {
                let message = "The emulator takes no requests from pages of other origins.\n";
                Some((StatusCode::FORBIDDEN, message).into_response())
            }
        }
    }

    /// Whether a host is this machine, or was allowed; ports do not matter.
    fn is_ours(&self, host: &str) -> bool {
        let allowed = self.hosts.iter().map(String::as_str);
        LOOPBACK.into_iter().chain(allowed).any(|ours| ours.eq_ignore_ascii_case(host))
    }
}

/// The host without its port, from the request line or the one `Host` header.
fn requested_host(request: &Request) -> Option<String> {
    let mut headers = request.headers().get_all(HOST).iter();
    let header = headers.next();
    if headers.next().is_some() {
        return None;
    }
    let authority = match request.uri().authority() {
        Some(authority) => authority.clone(),
        None => header?.to_str().ok()?.parse::<Authority>().ok()?,
    };
    Some(authority.host().to_owned())
}

/// The host of a page's origin.
fn page_host(origin: &str) -> Option<String> {
    let origin = origin.parse::<Uri>().ok()?;
    let is_page = matches!(origin.scheme_str(), Some("http" | "https"));
    origin.authority().filter(|_| is_page).map(|it| it.host().to_owned())
}
