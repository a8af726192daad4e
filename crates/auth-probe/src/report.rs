//! What came of a run, and the forms in which it is told.

mod baseline;
mod junit;
mod markdown;
mod sarif;
mod table;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use self::baseline::{Baseline, NotReport};
use crate::policy::Cell;

/// What is said of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The app did what it must.
    Passed,
    /// It did not.
    Failed,
    /// Nothing is said of the app.
    Skipped,
}

/// What came of a case.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CaseReport {
    /// Its id.
    pub id: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// What a pass proves.
    pub proves: &'static str,
    /// What a pass does not prove, and the evidence that would.
    pub leaves_open: &'static str,
    /// What is said of it.
    pub verdict: Verdict,
    /// The requests, without tokens.
    pub sent: Vec<String>,
    /// What has to come back.
    pub expected: &'static str,
    /// What came back; nothing where nothing was sent.
    pub got: Option<String>,
    /// Why it failed, likely, or why it was skipped.
    pub cause: Option<String>,
    /// What to do.
    pub fix: Option<String>,
    /// Whether it was skipped because nobody asked for it, or gave what it needs beyond a credential. A case that is
    /// skipped for another reason could not be judged.
    pub deliberate: bool,
    /// Milliseconds that it took.
    pub ms: u64,
}

/// Something that the run wrote into the app.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// The case that wrote it.
    pub case: &'static str,
    /// The profile's word for it, such as `review`.
    pub kind: String,
    /// Its id in the app: a number or a text, or null where the app gives none.
    pub id: serde_json::Value,
    /// Its name or text, which has the run's id.
    pub text: String,
}

/// What came of a run.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The run's id, which stands in everything that it wrote.
    pub run: String,
    /// The app.
    pub url: String,
    /// The MCP endpoint.
    pub mcp: String,
    /// The cases, in the order of their ids.
    pub cases: Vec<CaseReport>,
    /// The cells of the policy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policy: Vec<Cell>,
    /// What is open now and was not in the baseline, if one was given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub opened: Vec<String>,
    /// What it wrote.
    pub rows: Vec<Row>,
    /// What else went wrong: authentication that could not be switched on again, above all.
    #[serde(rename = "alarms")]
    pub warnings: Vec<String>,
    /// Whether it was ended before it was through.
    pub interrupted: bool,
}

impl Report {
    /// How many cases have this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cases.iter().filter(|case| case.verdict == verdict).count()
    }

    /// The cases that could not be judged.
    pub fn unjudged(&self) -> impl Iterator<Item = &CaseReport> {
        self.cases.iter().filter(|case| case.verdict == Verdict::Skipped && !case.deliberate)
    }

    /// The exit code that tells of it: 130 it was interrupted; 1 a case or a cell of the policy failed, something opened since
    /// the baseline, or something else went wrong; 3 a case or a cell could not be judged, since the app or a token could not be had, or nothing passed at all, which proves nothing; 0 all passed,
    /// or were skipped on purpose.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let of_policy = |verdict: Verdict| {
            self.policy.iter().any(|cell| cell.verdict == verdict && !cell.deliberate)
        };
        let is_worse = !self.warnings.is_empty() || !self.opened.is_empty();
        if self.count(Verdict::Failed) > 0 || of_policy(Verdict::Failed) || is_worse {
            1
        } else if self.interrupted {
            130
        } else if self.unjudged().next().is_some()
            || of_policy(Verdict::Skipped)
            || self.count(Verdict::Passed) == 0
        {
            3
        } else {
            0
        }
    }

    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let unjudged = self.unjudged().count();
        let skipped = self.count(Verdict::Skipped) - unjudged;
        let mut text = format!(
            "{} passed, {} failed, {skipped} skipped",
            self.count(Verdict::Passed),
            self.count(Verdict::Failed)
        );
        if unjudged > 0 {
            text = format!("{text}, {unjudged} could not be judged");
        }
        if !self.policy.is_empty() {
            let hold = self.policy.iter().filter(|cell| cell.verdict == Verdict::Passed).count();
            text = format!("{text}; {hold} of {} cells of the policy hold", self.policy.len());
        }
        text
    }

    /// As JSON, with two spaces for each level.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// What a run shows of what a case is about.
struct Finding<'a> {
    id: &'static str,
    word: &'static str,
    claim: &'static str,
    /// What is left open, or why nothing is shown.
    but: Cow<'a, str>,
}

/// What no request from outside shows, whatever the cases say.
const BEYOND: &str = "No request from outside shows what the app logs, whether it treats callers from other networks \
    or at other times otherwise, or whether it accepts tokens that only the issuer can sign and that were not given.";

/// The cases of which one line is not enough, each with what to say of it. A cause and a fix are told once.
fn in_detail(cases: &[CaseReport]) -> Vec<(&CaseReport, Vec<(&'static str, String)>)> {
    let mut told: Vec<&CaseReport> = Vec::new();
    let mut details = Vec::new();
    for case in cases.iter().filter(|case| case.needs_words()) {
        let mut particulars = case.particulars();
        let is_same = |it: &&&CaseReport| (&it.cause, &it.fix) == (&case.cause, &case.fix);
        if let Some(first) = told.iter().find(is_same).filter(|_| case.cause.is_some()) {
            particulars.retain(|(name, _)| !matches!(*name, "cause" | "fix"));
            particulars.push(("cause", format!("as {}", first.id)));
        } else {
            told.push(case);
        }
        details.push((case, particulars));
    }
    details
}

impl Verdict {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl CaseReport {
    /// Whether one line is not enough for it.
    fn needs_words(&self) -> bool {
        self.verdict == Verdict::Failed || (self.verdict == Verdict::Skipped && !self.deliberate)
    }

    /// What the run shows of what the case is about.
    fn finding(&self) -> Finding<'_> {
        let cause = self.cause.as_deref().unwrap_or_default();
        let (word, but) = match (self.verdict, &self.fix) {
            (Verdict::Passed, _) => ("proven", self.leaves_open.into()),
            (Verdict::Failed, _) => ("refuted", self.got.as_deref().unwrap_or_default().into()),
            (Verdict::Skipped, Some(fix)) => ("not proven", format!("{cause}: {fix}").into()),
            (Verdict::Skipped, None) => ("not proven", cause.into()),
        };
        Finding { id: self.id, word, claim: self.proves, but }
    }

    /// What to say of it on one line.
    fn outcome(&self) -> &str {
        let got = self.got.as_deref();
        match self.verdict {
            Verdict::Passed | Verdict::Failed => got.unwrap_or_default(),
            Verdict::Skipped => self.cause.as_deref().unwrap_or_default(),
        }
    }

    /// What is known of it beyond one line: each with its name.
    fn particulars(&self) -> Vec<(&'static str, String)> {
        let some = |name, text: &Option<String>| text.clone().map(|text| (name, text));
        let sent = self.sent.iter().map(|line| ("sent", line.clone()));
        let expected = std::iter::once(("expected", self.expected.to_owned()));
        let rest = [some("got", &self.got), some("cause", &self.cause), some("fix", &self.fix)];
        sent.chain(expected).chain(rest.into_iter().flatten()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{CaseReport, Report, Verdict};
    use crate::Case;

    /// A report of some cases.
    pub(super) fn report(verdicts: &[(&str, Verdict)]) -> Report {
        let case = |(id, verdict): &(&str, Verdict)| {
            let case = Case::by_id(id).unwrap();
            CaseReport {
                id: case.id,
                title: case.title,
                proves: case.proves,
                leaves_open: case.leaves_open,
                verdict: *verdict,
                sent: Vec::new(),
                expected: case.expects,
                got: Some("401".to_owned()),
                cause: None,
                fix: None,
                deliberate: false,
                ms: 1,
            }
        };
        Report {
            run: "0123abcd".to_owned(),
            url: "https://a.example".to_owned(),
            mcp: "https://a.example/mcp".to_owned(),
            cases: verdicts.iter().map(case).collect(),
            policy: Vec::new(),
            opened: Vec::new(),
            rows: Vec::new(),
            warnings: Vec::new(),
            interrupted: false,
        }
    }
}
