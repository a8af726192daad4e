//! How the values of settings are read: each function gives the value, or words that say what to give.
//!
//! The text comes without white space around it, and is not blank. A function fails by [`Expected`], which never repeats the
//! text: words of another type are not shown.

use std::{net::SocketAddr, ops::RangeInclusive, time::Duration};

use axum::http::{Uri, uri::Authority};
use chrono::{DateTime, Utc};
use restaurant_domain::{Author, Budget, InvalidBudget};
use restaurant_storage::{DatabaseUrl, DatabaseUrlError};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use super::Secret;

/// What a setting takes, for people. Holds nothing of the text that was given, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Expected(String);

impl From<&str> for Expected {
    fn from(words: &str) -> Self {
        Self(words.to_owned())
    }
}

/// Yes or no, in the words that clap takes.
pub(super) fn flag(text: &str) -> Result<bool, Expected> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "on" | "1" => Ok(true),
        "n" | "no" | "f" | "false" | "off" | "0" => Ok(false),
        _ => Err(Expected::from("give true or false")),
    }
}

/// A whole number in a range.
pub fn whole(range: RangeInclusive<u32>) -> impl Fn(&str) -> Result<u32, Expected> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| Expected(format!("give a whole number in {range:?}")))
    }
}

/// A budget of writes.
pub(super) fn budget(text: &str) -> Result<Budget, Expected> {
    text.parse().map_err(|error: InvalidBudget| Expected(error.to_string()))
}

/// An id of an author or a client application.
pub fn author_id(text: &str) -> Result<String, Expected> {
    let wrong = || Expected::from("give an id of 1 to 100 characters, as the audit record has it");
    Author::is_id(text).then(|| text.to_owned()).ok_or_else(wrong)
}

/// A time.
pub fn time(text: &str) -> Result<DateTime<Utc>, Expected> {
    let wrong = |_| Expected::from("give a time in RFC 3339, for example 2026-11-29T08:00:00Z");
    DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).map_err(wrong)
}

/// An address with its port.
pub(super) fn address(text: &str) -> Result<SocketAddr, Expected> {
    let wrong = |_| Expected::from("give an IP address and a port, for example 127.0.0.1:8000");
    text.parse().map_err(wrong)
}

/// A port.
pub(super) fn port(text: &str) -> Result<u16, Expected> {
    text.parse().map_err(|_| Expected::from("give a port from 0 to 65535"))
}

/// A time in seconds, decimals allowed: 0.05 to 3600.
pub(super) fn seconds(text: &str) -> Result<Duration, Expected> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.05..=3600.0).contains(seconds));
    let wrong = || Expected::from("give seconds from 0.05 to 3600");
    seconds.map(Duration::from_secs_f64).ok_or_else(wrong)
}

/// A part of a PostgreSQL's address, by the rules of the whole.
fn part(text: &str, read: Result<DatabaseUrl, DatabaseUrlError>) -> Result<String, Expected> {
    read.map(|_| text.to_owned()).map_err(|error| Expected(error.to_string()))
}

/// A PostgreSQL's host.
pub(super) fn database_host(text: &str) -> Result<String, Expected> {
    part(text, DatabaseUrl::from_parts(Some(text), None, None, None, None, None))
}

/// A PostgreSQL's port.
pub(super) fn database_port(text: &str) -> Result<String, Expected> {
    part(text, DatabaseUrl::from_parts(None, Some(text), None, None, None, None))
}

/// A database's name.
pub(super) fn database_name(text: &str) -> Result<String, Expected> {
    part(text, DatabaseUrl::from_parts(None, None, Some(text), None, None, None))
}

/// A database user's name.
pub fn database_user(text: &str) -> Result<String, Expected> {
    part(text, DatabaseUrl::from_parts(None, None, None, Some(text), None, None))
}

/// libpq's `sslmode`.
pub(super) fn ssl_mode(text: &str) -> Result<String, Expected> {
    part(text, DatabaseUrl::from_parts(None, None, None, None, None, Some(text)))
}

/// What something is called.
pub(super) fn name(text: &str) -> Result<String, Expected> {
    let is_name = !text.contains(|c: char| c.is_control() || "=;:?&%@\"\\".contains(c));
    is_name
        .then(|| text.to_owned())
        .ok_or_else(|| Expected::from("give a name, for example reviews-1"))
}

/// A host name alone: its port and scheme do not matter, and would look as if they did.
pub(super) fn host(text: &str) -> Result<String, Expected> {
    let text = text.trim();
    let authority = text.parse::<Authority>().ok();
    let alone = authority.is_some_and(|authority| authority.host() == text);
    let of_name = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    let named = alone && text.chars().any(char::is_alphanumeric) && text.chars().all(of_name);
    named.then(|| text.to_owned()).ok_or_else(|| {
        Expected::from(
            "give host names alone, for example reviews.example.com: no scheme, no port, no *",
        )
    })
}

/// An origin: scheme, host, and a port unless it is the scheme's own.
pub(super) fn origin(text: &str) -> Result<String, Expected> {
    let text = text.trim();
    let uri = text.parse::<Uri>().ok();
    let scheme = uri.as_ref().and_then(Uri::scheme_str);
    let authority = uri.as_ref().and_then(Uri::authority);
    let is_origin = scheme.zip(authority).is_some_and(|(scheme, authority)| {
        matches!(scheme, "http" | "https")
            && text == format!("{scheme}://{authority}")
            && !text.contains('@')
    });
    is_origin.then(|| text.to_owned()).ok_or_else(|| {
        Expected::from(
            "give origins, for example https://inspector.example: a scheme and a host, no path",
        )
    })
}

/// An origin of any scheme (RFC 6454), such as that of a browser's extension or of a desktop application's window.
pub(super) fn any_origin(text: &str) -> Result<String, Expected> {
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
        Expected::from(
            "give origins, for example https://inspector.example or chrome-extension://abcdef: a \
             scheme and a host, no path",
        )
    })
}

/// The address of a collector: what it is asked for comes after it. Its path may hold a key.
pub(super) fn endpoint(text: &str) -> Result<Secret, Expected> {
    let text = text.trim_end_matches('/');
    is_address(text).then(|| Secret::from(text)).ok_or_else(|| {
        Expected::from(
            "give an http or https address without user, password and query, for example \
             http://localhost:4318",
        )
    })
}

/// The address of an authority. What is wrong with it beyond its form, the authentication says.
pub(super) fn authority(text: &str) -> Result<String, Expected> {
    is_address(text).then(|| text.to_owned()).ok_or_else(|| {
        Expected::from(
            "give an http or https address without user, password and query, for example \
             https://login.microsoftonline.com",
        )
    })
}

/// Whether a text is an http or https address without user, password, query and fragment.
fn is_address(text: &str) -> bool {
    let uri = text.parse::<Uri>().ok();
    let is_http = uri.is_some_and(|uri| {
        uri.authority().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
    });
    is_http && !text.contains(['@', '?', '#'])
}

/// What to log. A bare word must be a level: as a target, which it could be, it would silence all others.
pub(super) fn directives(text: &str) -> Result<String, Expected> {
    let bare = text.split(',').filter(|directive| !directive.contains(['=', '[', ']']));
    let levels = bare.map(str::trim).all(|level| level.parse::<LevelFilter>().is_ok());
    if levels && EnvFilter::try_new(text).is_ok() {
        return Ok(text.to_owned());
    }
    Err(Expected::from(
        "give a level (error, warn, info, debug, trace) or directives such as \
         info,restaurant_storage=debug",
    ))
}

/// A GUID, or nothing: deployment templates leave empty variables behind.
pub fn guid(text: &str) -> Result<String, Expected> {
    let text = text.trim();
    let groups: Vec<_> = text.split('-').collect();
    let lengths = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]);
    let is_hex = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let wrong = || Expected::from("give a GUID, for example 11111111-2222-3333-4444-555555555555");
    (text.is_empty() || (lengths && is_hex)).then(|| text.to_ascii_lowercase()).ok_or_else(wrong)
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
pub(super) fn guids(text: &str) -> Result<Guids, Expected> {
    let guids = text.split(',').map(guid).collect::<Result<Vec<_>, _>>()?;
    Ok(Guids(guids.into_iter().filter(|guid| !guid.is_empty()).collect()))
}

/// The name of a role or scope, as it stands in tokens.
pub(super) fn scope(text: &str) -> Result<String, Expected> {
    let named = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | ',');
    let is_name = !text.is_empty() && text.chars().all(named);
    is_name.then(|| text.to_owned()).ok_or_else(|| {
        Expected::from(
            "give a name as it stands in tokens, for example MCP.Access: no spaces, quotes or commas",
        )
    })
}
