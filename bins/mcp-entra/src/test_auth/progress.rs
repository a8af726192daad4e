//! How the run goes on, on standard error: a line that changes on a terminal, a line for each case elsewhere.

use std::io::{IsTerminal as _, Write as _};

use auth_probe::{Case, CaseReport, Observer};
use indicatif::{ProgressBar, ProgressStyle};

/// Tells people something. Where nobody reads any more (a closed terminal, a pipe whose reader has ended) it is lost, and
/// the run goes on: authentication may be off, and has to come on again.
pub(super) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The run so far.
pub(super) struct Progress {
    /// On a terminal.
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn new(cases: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(cases.try_into().unwrap_or(u64::MAX));
            let style = ProgressStyle::with_template("{pos}/{len} {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { bar }
    }

    /// Takes the changing line away.
    pub(super) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Progress {
    fn started(&self, case: &Case) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} {}", case.id, case.title));
        }
    }

    fn finished(&self, case: &CaseReport) {
        match &self.bar {
            Some(bar) => bar.inc(1),
            None => say(&format!("{:<4} {:<8} {:>6} ms", case.id, case.verdict.name(), case.ms)),
        }
    }

    fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(text)),
            None => say(text),
        }
    }
}
