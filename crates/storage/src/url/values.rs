//! The keys of a PostgreSQL address, and what each takes. A name that may hold a password by mistake is refused.

use std::net::IpAddr;

use restaurant_domain::quoted;
use tokio_postgres::Config;

use super::{error::DatabaseUrlError, libpq};

/// What each key takes, for those that tokio-postgres checks.
///
/// Left out on purpose: keys that would be dropped without a word (client certificates, password files, services), and
/// `tcp_user_timeout`, which tokio-postgres reads in seconds and libpq in milliseconds.
const EXPECTED: &[(&str, &str)] = &[
    ("host", "host names or addresses without a port, separated by commas"),
    ("hostaddr", "IP addresses, separated by commas"),
    ("port", "a number from 1 to 65535"),
    ("dbname", "a name without \" = ; : / ? & % # and @"),
    ("user", "a name without \" = ; : / ? & and %, and the password apart from it"),
    ("password", "any text"),
    ("application_name", "a name without = ; and &"),
    ("options", "command-line options without ; & and @"),
    ("connect_timeout", "a whole number of seconds"),
    ("target_session_attrs", "any, read-write or read-only"),
    ("load_balance_hosts", "disable or random"),
    ("channel_binding", "disable, prefer or require"),
    ("keepalives", "0 or 1"),
    ("keepalives_idle", "a whole number of seconds"),
    ("keepalives_interval", "a whole number of seconds"),
    ("sslrootcert", "system, or the path of a PEM file without = ; & and ?"),
];

/// Keys that other clients know. An error may name them; any other key may be a part of a password.
const KNOWN: &[&str] = &[
    // libpq's
    "client_encoding",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "keepalives_count",
    "krbsrvname",
    "passfile",
    "replication",
    "require_auth",
    "requirepeer",
    "service",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslnegotiation",
    "sslpassword",
    "sslsni",
    "tcp_user_timeout",
    // Npgsql's, as `npgsql` gives them on, and those of other libraries
    "commandtimeout",
    "connection_limit",
    "connectionlifetime",
    "currentSchema",
    "enlist",
    "includeerrordetail",
    "keepalive",
    "maximumpoolsize",
    "maxpoolsize",
    "minimumpoolsize",
    "minpoolsize",
    "multiplexing",
    "persistsecurityinfo",
    "pgbouncer",
    "pool_timeout",
    "pooling",
    "schema",
    "searchpath",
    "ssl",
    "sslcertificate",
    "targetsessionattributes",
    "tcpkeepalive",
    "timezone",
    "trustservercertificate",
];

/// How keys end whose values are secrets.
const SECRET_KEYS: &[&str] = &["password", "passwd", "pwd", "psw", "secret", "token", "key"];

/// Refuses a key that is not supported, and a value that may hold more than its key takes: the next pair, a password
/// perhaps, which would be shown with it.
pub(super) fn check(
    key: &str,
    value: &str,
    follows_password: bool,
) -> Result<(), DatabaseUrlError> {
    let Some((key, expected)) = EXPECTED.iter().find(|(known, _)| *known == key) else {
        let name = match key {
            key if KNOWN.contains(&key) => format!("the key {}", quoted(key)),
            // It is more likely the password's second word than a key.
            _ if follows_password => "the key after the password".to_owned(),
            _ => "one of the keys".to_owned(),
        };
        return Err(DatabaseUrlError::Key(name));
    };
    if value.contains('\0') {
        return Err(value_error(key, "a text without NUL"));
    }
    let is_right = match *key {
        "host" => value.split(',').all(is_host),
        "user" => is_without(value, "=;:/?&%\""),
        "dbname" => is_without(value, "=;:/?&%#@\""),
        "application_name" => is_without(value, "=;&"),
        "options" => is_without(value, ";&@"),
        "sslrootcert" => is_certificate_path(value),
        _ => true,
    };
    is_right.then_some(()).ok_or_else(|| value_error(key, expected))
}

/// Whether a text has none of these characters, and no control character.
fn is_without(text: &str, separators: &str) -> bool {
    !text.contains(|c: char| c.is_control() || separators.contains(c))
}

/// Whether a text is the name or address of a host, or the folder of a Unix socket.
fn is_host(text: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let without_zone = text.split_once('%').map_or(text, |(address, _)| address);
    match text.strip_prefix('/') {
        Some(folder) => is_without(folder, "=;?&@%"),
        None => text.chars().all(is_name) || without_zone.parse::<IpAddr>().is_ok(),
    }
}

/// Whether a text can be the path of a file of certificates.
fn is_certificate_path(text: &str) -> bool {
    is_without(text, "=&") && is_path(text)
}

/// Whether a text can be the path of a file, and is neither an address with a user and a password nor followed by
/// parameters. A path may hold `=` and `&`, but no `password=`.
pub(super) fn is_path(text: &str) -> bool {
    let has_sign_in = text.split_once(':').is_some_and(|(_, rest)| rest.contains('@'));
    let keys = text.split('=').map(|part| part.trim_end().to_ascii_lowercase());
    let count = text.matches('=').count();
    let is_secret = |key: String| SECRET_KEYS.iter().any(|secret| key.ends_with(secret));
    is_without(text, ";?") && !has_sign_in && !keys.take(count).any(is_secret)
}

/// Has tokio-postgres read pairs whose keys are known; what it refuses, it is asked about one by one.
pub(super) fn read(pairs: &[(String, String)]) -> Result<Config, DatabaseUrlError> {
    let wrong = |pairs: &[(String, String)]| libpq::write(pairs).parse::<Config>().is_err();
    libpq::write(pairs).parse().map_err(|_| {
        let culprit = pairs.iter().find(|pair| wrong(std::slice::from_ref(pair)));
        let expected = culprit.and_then(|(key, _)| EXPECTED.iter().find(|(known, _)| known == key));
        match expected {
            Some((key, expected)) => value_error(key, expected),
            None => DatabaseUrlError::Form("the connection string cannot be read"),
        }
    })
}

pub(super) fn value_error(key: &'static str, expected: &'static str) -> DatabaseUrlError {
    DatabaseUrlError::Value { key, expected }
}
