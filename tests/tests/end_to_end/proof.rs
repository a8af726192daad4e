//! The proof of `auth-probe`: it believes an app that is well, and tells exactly what is wrong with one that is not.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod advice;
mod hostile;
mod lies;
mod matrix;
mod open;
mod relay;
mod shapes;
mod stub;
mod switching;
mod token_lies;
mod vacuous;

use std::sync::Mutex;

use auth_probe::{CancellationToken, Case, CaseReport, Observer, Probe, Report, Verdict};
use restaurant_tests::workspace;

/// Somebody who only takes note.
#[derive(Debug, Default)]
struct Notes(Mutex<Vec<String>>);

impl Observer for Notes {
    fn started(&self, _case: &Case) {}

    fn finished(&self, _case: &CaseReport) {}

    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

async fn run(probe: &Probe) -> Report {
    probe.run(&Notes::default(), &CancellationToken::new()).await.unwrap()
}

#[test]
fn the_documentation_has_every_case_and_no_other() {
    let text = std::fs::read_to_string(workspace::root().join("docs/test-auth.md")).unwrap();
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let (id, title, proves) = (cells.next()?, cells.next()?, cells.next()?);
        Case::by_id(id).map(|_| format!("{id} {title}: {proves}"))
    });
    let cases = Case::all().map(|case| format!("{} {}: {}", case.id, case.title, case.proves));
    assert_eq!(rows.collect::<Vec<_>>(), cases.collect::<Vec<_>>());
}

/// The ids of the cases with a verdict.
fn ids(report: &Report, verdict: Verdict) -> Vec<&'static str> {
    report.cases.iter().filter(|case| case.verdict == verdict).map(|case| case.id).collect()
}
