//! Writes to standard output.

use std::{
    fmt::Display,
    io::{self, ErrorKind, Write as _},
};

/// Writes a line. A reader that went away, as `head` does, is no failure.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Writes a document whole.
///
/// # Errors
/// It cannot be written, for another reason than a reader that went away.
pub(crate) fn write(document: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(document.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}
