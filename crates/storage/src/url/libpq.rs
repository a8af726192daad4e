//! libpq's `key=value` form, read and written.

use std::iter::Peekable;

use super::error::DatabaseUrlError;

/// Takes a connection string apart.
pub(super) fn parse(text: &str) -> Result<Vec<(String, String)>, DatabaseUrlError> {
    let mut rest = text.chars().peekable();
    let mut pairs = Vec::new();
    loop {
        skip_blanks(&mut rest);
        if rest.peek().is_none() {
            return Ok(pairs);
        }
        let mut key = String::new();
        while let Some(c) = rest.next_if(|c| *c != '=' && !c.is_whitespace()) {
            key.push(c);
        }
        skip_blanks(&mut rest);
        if key.is_empty() || rest.next() != Some('=') {
            return Err(DatabaseUrlError::Form(
                "the connection string is neither postgres://user:password@host:5432/name nor a list of \
                 key=value pairs such as host=… dbname=… user=… password=… \
                 (with '…' around a value with blanks, and \\ before a ' or \\ in it) \
                 or Server=…;Database=…;User Id=…;Password=…",
            ));
        }
        skip_blanks(&mut rest);
        pairs.push((key, value(&mut rest)?));
    }
}

/// Puts pairs together as tokio-postgres reads them.
pub(super) fn write(pairs: &[(String, String)]) -> String {
    let mut text = String::new();
    for (key, value) in pairs {
        let value = value.replace('\\', r"\\").replace('\'', r"\'");
        text.extend([key, "='", &value, "' "]);
    }
    text
}

fn skip_blanks(rest: &mut Peekable<impl Iterator<Item = char>>) {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
}

fn value(rest: &mut Peekable<impl Iterator<Item = char>>) -> Result<String, DatabaseUrlError> {
    let quoted = rest.next_if_eq(&'\'').is_some();
    let mut value = String::new();
    while let Some(c) = rest.next_if(|c| quoted || !c.is_whitespace()) {
        match c {
            '\'' if quoted => return Ok(value),
            '\\' => value.extend(rest.next()),
            c => value.push(c),
        }
    }
    if quoted {
        return Err(DatabaseUrlError::Form("the connection string has a ' without its partner"));
    }
    // The next pair, a password perhaps, would become part of this value, and be shown with it.
    if value.split_once(';').is_some_and(|(_, next)| next.contains('=')) {
        return Err(DatabaseUrlError::Form(
            "pairs of libpq's keys are separated by blanks, not by ; (give host=… dbname=… user=… password=… or \
             Server=…;Database=…;User Id=…;Password=…): put '…' around a value that holds ; and =",
        ));
    }
    Ok(value)
}
