//! Rejects requests for hosts that are not allowed, which prevents DNS rebinding, and requests that do not name exactly one host.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, Uri, Version, header, uri::Authority},
    response::{IntoResponse, Response},
};

/// The names of the loopback interface.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The paths of health probes, which platforms send with their own host names. Their responses hold no data to protect.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// The maximum number of characters of a rejected host that are logged.
const HOST_CHARS: usize = 60;

/// Whether a path is that of a health probe.
pub fn is_probe(path: &str) -> bool {
    PROBES.contains(&path)
}

/// The allowed host names.
#[derive(Debug, Clone)]
pub struct AllowedHosts(Arc<[String]>);

impl AllowedHosts {
    /// Allows loopback names and these. The comparison ignores case and ports.
    pub fn new(public: &[String]) -> Self {
        Self(LOOPBACK.into_iter().map(str::to_owned).chain(public.iter().cloned()).collect())
    }

    fn allows(&self, host: &str) -> bool {
        self.0.iter().any(|allowed| allowed.eq_ignore_ascii_case(host))
    }
}

/// The refusal of a request that does not name exactly one host (400), or one that is not allowed (421).
pub fn refusal(request: &Request, allowed: &AllowedHosts) -> Option<Response> {
    let host = match requested_host(request.version(), request.uri(), request.headers()) {
        Ok(host) => host,
        Err(Malformed(message)) => {
            tracing::debug!(why = message, "rejected a request");
            return Some((StatusCode::BAD_REQUEST, message).into_response());
        }
    };
    if is_probe(request.uri().path()) || host.is_some_and(|host| allowed.allows(host)) {
        return None;
    }
    let shown: Option<String> = host.map(|host| host.chars().take(HOST_CHARS).collect());
    tracing::warn!(host = shown, "rejected a request for a host that is not in ALLOWED_HOSTS");
    let message = "This server does not answer to that host name. Its operator can add it to ALLOWED_HOSTS.\n";
    Some((StatusCode::MISDIRECTED_REQUEST, message).into_response())
}

/// The error of a request's host.
struct Malformed(&'static str);

/// The host without its port, from the request line or the `Host` header (RFC 9112, section 3.2); `None` when a request of
/// HTTP/1.0 names none.
fn requested_host<'a>(
    version: Version,
    target: &'a Uri,
    headers: &'a HeaderMap,
) -> Result<Option<&'a str>, Malformed> {
    const MISSING: Malformed =
        Malformed("The request has no Host header, which HTTP/1.1 requires.\n");
    const REPEATED: Malformed = Malformed("The request has more than one Host header: send one.\n");
    const NO_HOST: Malformed = Malformed(
        "The request's Host header is no host: send a name or an address, with or without a port.\n",
    );
    let mut values = headers.get_all(header::HOST).iter();
    let named = match (values.next(), values.next()) {
        (Some(value), None) => Some(value.to_str().ok().and_then(host_of).ok_or(NO_HOST)?),
        (Some(_), Some(_)) => return Err(REPEATED),
        (None, _) if version < Version::HTTP_11 => None,
        (None, _) => return Err(MISSING),
    };
    match target.authority() {
        Some(authority) => host_of(authority.as_str()).map(Some).ok_or(NO_HOST),
        None => Ok(named),
    }
}

/// The host of `host` or `host:port`; `None` for any other form, such as one with user information.
fn host_of(text: &str) -> Option<&str> {
    let authority = text.parse::<Authority>().ok()?;
    let port = text.strip_prefix(authority.host())?;
    let host = text.strip_suffix(port)?;
    let is_port = match port.strip_prefix(':') {
        Some("") => true,
        Some(digits) => {
            digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
        }
        None => port.is_empty(),
    };
    (is_port && !host.is_empty()).then_some(host)
}
