//! The origins of the pages that may call from a browser.

use std::collections::BTreeSet;

use http::{HeaderValue, Uri};

/// The origins of pages from the machine itself, on any port: always allowed. Never empty, since rmcp takes an empty list for "any origin".
const LOOPBACK_ORIGINS: [&str; 6] = [
    "http://localhost:*",
    "http://127.0.0.1:*",
    "http://[::1]:*",
    "https://localhost:*",
    "https://127.0.0.1:*",
    "https://[::1]:*",
];

/// The origins whose pages may call from a browser.
///
/// rmcp takes an origin without a port for one on any port, and compares only scheme and host of schemes other than `http` and
/// `https`. [`Self::for_rmcp`] writes the ports out; [`TransportLayer::allowed_origins`](crate::TransportLayer::allowed_origins)
/// compares the other schemes as a whole.
#[derive(Debug, Clone)]
pub struct AllowedOrigins {
    for_rmcp: Vec<String>,
    /// Of schemes other than `http` and `https`, in lower case.
    other: BTreeSet<String>,
}

impl AllowedOrigins {
    /// Allows pages from this machine, on any port.
    #[must_use]
    pub fn loopback() -> Self {
        Self { for_rmcp: LOOPBACK_ORIGINS.map(str::to_owned).into(), other: BTreeSet::new() }
    }

    /// Allows an origin: `https://example.com` on the scheme's own port, `https://example.com:8443` on one,
    /// `https://example.com:*` on any. An origin of another scheme, such as `chrome-extension://abcdef`, is compared as a whole.
    pub fn allow(&mut self, origin: &str) {
        if is_of_the_web(origin) {
            self.for_rmcp.push(with_port(origin.to_owned()));
        } else {
            self.for_rmcp.push(on_any_port(origin));
            self.other.insert(origin.to_ascii_lowercase());
        }
    }

    /// The list for rmcp's `StreamableHttpServerConfig::with_allowed_origins`. It is never empty.
    #[must_use]
    pub fn for_rmcp(&self) -> &[String] {
        &self.for_rmcp
    }

    /// Whether an `Origin` header is allowed, or is one that rmcp compares as a whole.
    pub(crate) fn admits(&self, origin: Option<&HeaderValue>) -> bool {
        let Some(origin) = origin.filter(|_| !self.other.is_empty()) else { return true };
        let origin = String::from_utf8_lossy(origin.as_bytes()).to_ascii_lowercase();
        is_of_the_web(&origin) || origin == "null" || self.other.contains(&origin)
    }
}

/// Whether an origin's scheme has a port of its own.
fn is_of_the_web(origin: &str) -> bool {
    let scheme = origin.split_once("://").map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// An origin of a scheme without ports, in rmcp's words; the transport layer has compared the whole.
fn on_any_port(origin: &str) -> String {
    let uri = origin.parse::<Uri>().ok();
    let parts = uri.as_ref().and_then(|uri| uri.scheme_str().zip(uri.host()));
    parts.map_or_else(|| origin.to_owned(), |(scheme, host)| format!("{scheme}://{host}:*"))
}

/// An origin with its port written out, since rmcp takes one without a port for any port.
fn with_port(origin: String) -> String {
    let uri = origin.parse::<Uri>().ok().filter(|uri| uri.port().is_none());
    let port = match uri.as_ref().and_then(Uri::scheme_str) {
        Some("https") => ":443",
        Some("http") => ":80",
        _ => return origin,
    };
    format!("{}{port}", origin.trim_end_matches('/'))
}
