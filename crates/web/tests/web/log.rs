//! The audit records that a test's site writes into its log.
//!
//! One subscriber serves all tests: one for each would miss lines that another test's thread is the first to write at the same moment.

use std::{cell::RefCell, io, sync::Once};

use tracing_subscriber::fmt::MakeWriter;

thread_local! {
    /// The lines of a test that wants them; a test and its site share one thread.
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The log of this thread while it lives.
pub(crate) struct Log(());

impl Log {
    /// Begins to gather lines.
    pub(crate) fn start() -> Self {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(Lines).finish();
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
        LINES.set(Some(Vec::new()));
        Self(())
    }

    /// The audit records so far.
    #[expect(clippy::unused_self, reason = "without a log there are no lines")]
    pub(crate) fn audit(&self) -> Vec<String> {
        let lines = LINES.with_borrow(Clone::clone).unwrap_or_default();
        let lines = String::from_utf8(lines).unwrap();
        lines.lines().filter(|line| line.contains(" audit: ")).map(str::to_owned).collect()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        LINES.set(None);
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
