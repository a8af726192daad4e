//! How the values of settings are read: each function gives the value, or words that say what to give.

use std::{net::SocketAddr, time::Duration};

use axum::http::{Uri, uri::Authority};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// An address with its port.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let wrong = |_| "give an IP address and a port, for example 127.0.0.1:8000".to_owned();
    text.parse().map_err(wrong)
}

/// A port.
pub(super) fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "give a port from 0 to 65535".to_owned())
}

/// A time in seconds, decimals allowed: 0.05 to 3600.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.05..=3600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "give seconds from 0.05 to 3600".to_owned())
}

/// A host name alone: its port and scheme do not matter, and would look as if they did.
pub(super) fn host(text: &str) -> Result<String, String> {
    let text = text.trim();
    let authority = text.parse::<Authority>().ok();
    let alone = authority.is_some_and(|authority| authority.host() == text);
    let named = alone && text.chars().any(char::is_alphanumeric);
    named.then(|| text.to_owned()).ok_or_else(|| {
        "give host names alone, for example reviews.example.com: no scheme, no port, no *"
            .to_owned()
    })
}

/// An origin: scheme, host, and a port unless it is the scheme's own.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let text = text.trim();
    let uri = text.parse::<Uri>().ok();
    let scheme = uri.as_ref().and_then(Uri::scheme_str);
    let authority = uri.as_ref().and_then(Uri::authority);
    let is_origin = scheme.zip(authority).is_some_and(|(scheme, authority)| {
        matches!(scheme, "http" | "https") && text == format!("{scheme}://{authority}")
    });
    is_origin.then(|| text.to_owned()).ok_or_else(|| {
        "give origins, for example https://inspector.example: a scheme and a host, no path"
            .to_owned()
    })
}

/// What to log. A bare word must be a level: as a target, which it could be, it would silence all others.
pub(super) fn directives(text: &str) -> Result<String, String> {
    let bare = text.split(',').filter(|directive| !directive.contains(['=', '[', ']']));
    let levels = bare.map(str::trim).all(|level| level.parse::<LevelFilter>().is_ok());
    if levels && EnvFilter::try_new(text).is_ok() {
        return Ok(text.to_owned());
    }
    Err("give a level (error, warn, info, debug, trace) or directives such as \
         info,restaurant_storage=debug"
        .to_owned())
}
