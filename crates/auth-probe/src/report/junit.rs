//! The report for continuous integration: `JUnit`'s XML.

use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{CaseReport, Report, Verdict};

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

fn test_case(case: &CaseReport) -> TestCase {
    let mut status = match case.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Skipped if case.deliberate => TestCaseStatus::skipped(),
        Verdict::Skipped => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if case.verdict != Verdict::Passed {
        status.set_message(case.outcome());
        let lines = case.particulars().into_iter().map(|(name, value)| format!("{name}: {value}"));
        status.set_description(lines.collect::<Vec<_>>().join("\n"));
    }
    let mut test = TestCase::new(format!("{} {}", case.id, case.title), status);
    test.set_classname("test-auth").set_time(Duration::from_millis(case.ms));
    test
}
