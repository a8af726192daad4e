//! Refuses requests for hosts that are not ours, so that a page elsewhere cannot reach a local server under a name of its own (DNS rebinding).

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Names that always mean this machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Paths that platforms probe under addresses of their own; they say nothing worth protecting.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// The most characters of a refused host that are logged.
const HOST_CHARS: usize = 60;

/// The host names that a request may ask for.
#[derive(Debug, Clone)]
pub struct AllowedHosts(Arc<[String]>);

impl AllowedHosts {
    /// Loopback names and these, compared without regard to case; ports do not matter.
    pub fn new(public: &[String]) -> Self {
        Self(LOOPBACK.into_iter().map(str::to_owned).chain(public.iter().cloned()).collect())
    }

    fn allows(&self, host: &str) -> bool {
        self.0.iter().any(|allowed| allowed.eq_ignore_ascii_case(host))
    }
}

/// Passes a request on when its host is allowed, else answers 421.
pub async fn check(State(allowed): State<AllowedHosts>, request: Request, next: Next) -> Response {
    let probe = PROBES.contains(&request.uri().path());
    let host = requested_host(&request);
    if probe || host.as_deref().is_some_and(|host| allowed.allows(host)) {
        return next.run(request).await;
    }
    let shown: Option<String> = host.map(|host| host.chars().take(HOST_CHARS).collect());
    tracing::warn!(host = shown, "refused a request for a host that is not in ALLOWED_HOSTS");
    let message = "This server does not answer to that host name. Its operator can add it to ALLOWED_HOSTS.\n";
    (StatusCode::MISDIRECTED_REQUEST, message).into_response()
}

/// The host without its port, from the request line or the one `Host` header.
fn requested_host(request: &Request) -> Option<String> {
    let mut headers = request.headers().get_all(header::HOST).iter();
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
