//! The comparison of a report with an earlier one: what is open now and was not.

use serde::Deserialize;

use super::{Report, Verdict};
use crate::policy::Rule;

/// An earlier report, read from its JSON.
#[derive(Debug, Clone, Deserialize)]
pub struct Baseline {
    cases: Vec<EarlierCase>,
    #[serde(default)]
    policy: Vec<EarlierCell>,
}

#[derive(Debug, Clone, Deserialize)]
struct EarlierCase {
    id: String,
    verdict: Verdict,
}

#[derive(Debug, Clone, Deserialize)]
struct EarlierCell {
    identity: String,
    tool: String,
    got: Option<Rule>,
}

/// A text is no JSON report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no report of the format json: {0}")]
pub struct NotReport(String);

impl Baseline {
    /// Reads a report of the format JSON.
    ///
    /// # Errors
    /// The text is none.
    pub fn from_json(text: &str) -> Result<Self, NotReport> {
        serde_json::from_str(text).map_err(|error| NotReport(error.to_string()))
    }
}

impl Report {
    /// Notes what opened since an earlier report: cases that passed and fail now, or are no longer judged; and calls that
    /// were denied and are allowed now, also where the policy has come to allow them. The exit code is then at least 1.
    pub fn compare(&mut self, baseline: &Baseline) {
        let passed =
            |id: &str| baseline.cases.iter().any(|it| it.id == id && it.verdict == Verdict::Passed);
        for case in self.cases.iter().filter(|case| passed(case.id)) {
            let now = match case.verdict {
                Verdict::Passed => continue,
                Verdict::Failed => "fails now",
                Verdict::Skipped => "is not judged now",
            };
            self.opened.push(format!(
                "{} {}: it passed, and {now}: {}",
                case.id,
                case.title,
                case.outcome()
            ));
        }
        let denied = |identity: &str, tool: &str| {
            let mut cells = baseline.policy.iter();
            cells.any(|it| {
                it.identity == identity && it.tool == tool && it.got == Some(Rule::Denied)
            })
        };
        for cell in self.policy.iter().filter(|cell| denied(&cell.identity, &cell.tool)) {
            let (identity, tool) = (&cell.identity, &cell.tool);
            match cell.got {
                Some(Rule::Denied) => {}
                Some(Rule::Allowed) => {
                    self.opened.push(format!("{identity} may call {tool}, which was denied"));
                }
                None => self.opened.push(format!(
                    "whether {identity} may call {tool} is not judged now; it was denied"
                )),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::report, Baseline};
    use crate::{
        Verdict,
        policy::{Cell, Rule},
    };

    fn cell(got: Rule) -> Cell {
        Cell {
            identity: "reader".to_owned(),
            tool: "add".to_owned(),
            expected: Rule::Allowed,
            got: Some(got),
            verdict: Verdict::Passed,
            cause: None,
            deliberate: false,
        }
    }

    #[test]
    fn what_opened_is_named_and_nothing_else() {
        let mut earlier =
            report(&[("B1", Verdict::Passed), ("B3", Verdict::Passed), ("B4", Verdict::Failed)]);
        earlier.policy.push(cell(Rule::Denied));
        let baseline = Baseline::from_json(&earlier.to_json()).unwrap();
        let mut same = earlier.clone();
        same.compare(&baseline);
        assert!(same.opened.is_empty(), "{same:?}");
        let mut now = report(&[
            ("B1", Verdict::Skipped),
            ("B3", Verdict::Failed),
            ("B4", Verdict::Failed),
            ("D9", Verdict::Failed),
        ]);
        now.policy.push(cell(Rule::Allowed));
        now.compare(&baseline);
        assert_eq!(now.opened.len(), 3, "{now:?}");
        for (opened, named) in now.opened.iter().zip(["B1 ", "B3 ", "reader may call add"]) {
            assert!(opened.starts_with(named), "{opened}");
        }
        let mut opened = report(&[("B1", Verdict::Passed)]);
        assert_eq!(opened.exit_code(), 0);
        opened.opened.push("x".to_owned());
        assert_eq!(opened.exit_code(), 1);
        assert!(Baseline::from_json("{}").is_err());
    }
}
