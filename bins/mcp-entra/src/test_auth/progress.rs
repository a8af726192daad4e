//! Progress on standard error: a progress bar on a terminal, a line for each case elsewhere.

use std::io::{IsTerminal as _, Write as _};

use auth_probe::{Case, CaseReport, Observer};
use indicatif::{ProgressBar, ProgressStyle};

/// Prints a line. A closed terminal or pipe loses it without ending the run: authentication may be off, and the run must
/// enable it again.
pub(super) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The progress of a run.
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

    /// Removes the progress bar.
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
