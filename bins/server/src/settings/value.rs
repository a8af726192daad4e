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

/// An origin of any scheme (RFC 6454), such as that of a browser's extension or of a desktop application's window.
pub(super) fn any_origin(text: &str) -> Result<String, String> {
    let text = text.trim();
    let uri = text.parse::<Uri>().ok();
    let scheme = uri.as_ref().and_then(Uri::scheme_str);
    let authority = uri.as_ref().and_then(Uri::authority).map(Authority::as_str);
    let is_origin = scheme.zip(authority).is_some_and(|(scheme, authority)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && !authority.contains('@')
            && text.eq_ignore_ascii_case(&format!("{scheme}://{authority}"))
    });
    is_origin.then(|| text.to_ascii_lowercase()).ok_or_else(|| {
        "give origins, for example https://inspector.example or chrome-extension://abcdef: a \
         scheme and a host, no path"
            .to_owned()
    })
}

/// The address of a collector: what it is asked for comes after it.
pub(super) fn endpoint(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/');
    let uri = text.parse::<Uri>().ok();
    let is_address = uri.is_some_and(|uri| {
        let named = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        named && matches!(uri.scheme_str(), Some("http" | "https")) && uri.query().is_none()
    });
    is_address.then(|| text.to_owned()).ok_or_else(|| {
        "give an http or https address without user, password and query, for example \
         http://localhost:4318"
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

/// A GUID, or nothing: deployment templates leave empty variables behind.
pub(super) fn guid(text: &str) -> Result<String, String> {
    let text = text.trim();
    let groups: Vec<_> = text.split('-').collect();
    let lengths = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]);
    let is_hex = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    (text.is_empty() || (lengths && is_hex))
        .then(|| text.to_ascii_lowercase())
        .ok_or_else(|| "give a GUID, for example 11111111-2222-3333-4444-555555555555".to_owned())
}

/// A list of GUIDs, which may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guids(Vec<String>);

impl Guids {
    /// The GUIDs.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

/// GUIDs separated by commas.
pub(super) fn guids(text: &str) -> Result<Guids, String> {
    let guids = text.split(',').map(guid).collect::<Result<Vec<_>, _>>()?;
    Ok(Guids(guids.into_iter().filter(|guid| !guid.is_empty()).collect()))
}

/// The name of a role or scope, as it stands in tokens.
pub(super) fn scope(text: &str) -> Result<String, String> {
    let named = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | ',');
    let is_name = !text.is_empty() && text.chars().all(named);
    is_name.then(|| text.to_owned()).ok_or_else(|| {
        "give a name as it stands in tokens, for example MCP.Access: no spaces, quotes or commas"
            .to_owned()
    })
}
