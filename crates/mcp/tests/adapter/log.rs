//! What a test's server writes into its log.
//!
//! One subscriber serves all tests, and is there before the first of them logs: a subscriber for each would miss lines
//! that another test's thread is the first to write at the same moment.

use std::{cell::RefCell, io, sync::Once};

use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

thread_local! {
    /// The lines of a test that wants them; a test and its server share one thread.
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The log of this thread while it lives, from debug up.
pub(crate) struct Log(());

/// Brings the subscriber up. Every test does so before its server may log.
pub(crate) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_ansi(false)
            .with_writer(Lines)
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

impl Drop for Log {
    fn drop(&mut self) {
        LINES.set(None);
    }
}

impl Log {
    /// Begins to gather lines.
    pub(crate) fn start() -> Self {
        install();
        LINES.set(Some(Vec::new()));
        Self(())
    }

    /// The lines of this crate and of the guard that hold a text.
    pub(crate) fn with(&self, text: &str) -> Vec<String> {
        [self.of(" restaurant_mcp::", text), self.of(" rmcp_guard::", text)].concat()
    }

    /// The audit records that hold a text.
    pub(crate) fn audit(&self, text: &str) -> Vec<String> {
        self.of(" audit: ", text)
    }

    #[expect(clippy::unused_self, reason = "without a log there are no lines")]
    fn of(&self, target: &str, text: &str) -> Vec<String> {
        let lines = LINES.with_borrow(Clone::clone).unwrap_or_default();
        let lines = String::from_utf8(lines).unwrap();
        let ours = lines.lines().filter(|line| line.contains(target));
        ours.filter(|line| line.contains(text)).map(str::to_owned).collect()
    }
}

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.as_mut().map(|lines| lines.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}
