//! The report for continuous integration: `JUnit`'s XML.

use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{CaseReport, Report, Verdict};
use crate::policy::Cell;

impl Report {
    /// As `JUnit`'s XML: a suite for each group. A case that could not be judged is an error.
    #[must_use]
    pub fn to_junit(&self) -> String {
        let mut report = quick_junit::Report::new("test-auth");
        for group in ['A', 'B', 'C', 'D'] {
            let mut suite = TestSuite::new(format!("group {group}"));
            suite.add_property(("url", self.url.as_str()));
            suite.add_property(("run", self.run.as_str()));
            let cases = self.cases.iter().filter(|case| case.id.starts_with(group));
            suite.add_test_cases(cases.map(test_case));
            if !suite.test_cases.is_empty() {
                report.add_test_suite(suite);
            }
        }
        if !self.policy.is_empty() {
            let mut suite = TestSuite::new("policy");
            suite.add_test_cases(self.policy.iter().map(test_case_of_cell));
            report.add_test_suite(suite);
        }
        if !self.opened.is_empty() {
            let mut suite = TestSuite::new("baseline");
            suite.add_test_cases(self.opened.iter().map(|opened| {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(opened.as_str());
                TestCase::new("opened", status)
            }));
            report.add_test_suite(suite);
        }
        if !self.warnings.is_empty() {
            let mut suite = TestSuite::new("alarms");
            suite.add_test_cases(self.warnings.iter().map(|warning| {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
                status.set_message(warning.as_str());
                TestCase::new("alarm", status)
            }));
            report.add_test_suite(suite);
        }
        report.to_string().unwrap_or_default()
    }
}

fn status_of(verdict: Verdict, deliberate: bool) -> TestCaseStatus {
    match verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Skipped if deliberate => TestCaseStatus::skipped(),
        Verdict::Skipped => TestCaseStatus::non_success(NonSuccessKind::Error),
    }
}

fn test_case_of_cell(cell: &Cell) -> TestCase {
    let mut status = status_of(cell.verdict, cell.deliberate);
    if cell.verdict != Verdict::Passed {
        status.set_message(cell.outcome());
    }
    let (identity, tool, rule) = (&cell.identity, &cell.tool, cell.expected.name());
    TestCase::new(format!("{identity} calls {tool}: {rule}"), status)
}

fn test_case(case: &CaseReport) -> TestCase {
    let mut status = status_of(case.verdict, case.deliberate);
    if case.verdict != Verdict::Passed {
        status.set_message(case.outcome());
        let lines = case.particulars().into_iter().map(|(name, value)| format!("{name}: {value}"));
        status.set_description(lines.collect::<Vec<_>>().join("\n"));
    }
    let mut test = TestCase::new(format!("{} {}", case.id, case.title), status);
    test.set_classname("test-auth").set_time(Duration::from_millis(case.ms));
    test
}
