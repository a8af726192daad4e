//! Npgsql's `Keyword=value;` form, as Azure writes it for .NET, read into libpq's keys.

use std::{iter::Peekable, str::Chars};

/// Npgsql's keywords, in lower case and without blanks, and libpq's key for each; `None` where there is none.
/// Source: <https://www.npgsql.org/doc/connection-string-parameters.html>.
const KEYWORDS: &[(&str, Option<&str>)] = &[
    ("host", Some("host")),
    ("server", Some("host")),
    ("port", Some("port")),
    ("database", Some("dbname")),
    ("db", Some("dbname")),
    ("username", Some("user")),
    ("userid", Some("user")),
    ("uid", Some("user")),
    ("password", Some("password")),
    ("psw", Some("password")),
    ("pwd", Some("password")),
    ("sslmode", Some("sslmode")),
    ("rootcertificate", Some("sslrootcert")),
    ("applicationname", Some("application_name")),
    ("timeout", Some("connect_timeout")),
    ("options", Some("options")),
    ("commandtimeout", None),
    ("connectionlifetime", None),
    ("enlist", None),
    ("includeerrordetail", None),
    ("keepalive", None),
    ("maximumpoolsize", None),
    ("maxpoolsize", None),
    ("minimumpoolsize", None),
    ("minpoolsize", None),
    ("multiplexing", None),
    ("persistsecurityinfo", None),
    ("pooling", None),
    ("searchpath", None),
    ("sslcertificate", None),
    ("sslkey", None),
    ("sslpassword", None),
    ("targetsessionattributes", None),
    ("tcpkeepalive", None),
    ("timezone", None),
    ("trustservercertificate", None),
];

/// Takes a connection string apart into libpq's keys and values. A keyword that has no such key stands for itself.
/// `None` when the text has another form: no `;`, or a keyword that is not Npgsql's.
pub(super) fn parse(text: &str) -> Option<Vec<(String, String)>> {
    // Pairs without it are libpq's, which has some of the keywords too.
    if !text.contains(';') {
        return None;
    }
    let mut rest = text.chars().peekable();
    let mut pairs = Vec::new();
    loop {
        while rest.next_if(|c| c.is_whitespace() || *c == ';').is_some() {}
        if rest.peek().is_none() {
            return (!pairs.is_empty()).then_some(pairs);
        }
        let mut keyword = String::new();
        while let Some(c) = rest.next_if(|c| !matches!(c, '=' | ';')) {
            keyword.extend(c.to_lowercase().filter(|c| !c.is_whitespace()));
        }
        rest.next_if_eq(&'=')?;
        let (keyword, key) = KEYWORDS.iter().find(|(known, _)| *known == keyword)?;
        let value = value(&mut rest)?;
        pairs.push(match *key {
            Some("sslmode") => ("sslmode".to_owned(), ssl_mode(value)),
            key => (key.unwrap_or(keyword).to_owned(), value),
        });
    }
}

/// A value: up to the next `;`, or between quotes of one kind, which are doubled within.
fn value(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
    let mut value = String::new();
    let Some(quote) = rest.next_if(|c| matches!(c, '\'' | '"')) else {
        value.extend(std::iter::from_fn(|| rest.next_if(|c| *c != ';')));
        value.truncate(value.trim_end().len());
        return Some(value);
    };
    loop {
        let c = rest.next()?;
        if c == quote && rest.next_if_eq(&quote).is_none() {
            break;
        }
        value.push(c);
    }
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
    matches!(rest.peek(), None | Some(';')).then_some(value)
}

/// `VerifyFull` as libpq writes it.
fn ssl_mode(word: String) -> String {
    match word.to_lowercase().replace('-', "").as_str() {
        "verifyca" => "verify-ca".to_owned(),
        "verifyfull" => "verify-full".to_owned(),
        other => other.to_owned(),
    }
}
