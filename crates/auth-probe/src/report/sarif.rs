//! The report for code scanning: SARIF 2.1.0.

use serde_json::{Value, json};

use super::{CaseReport, Report, Verdict};
use crate::Case;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The rule of the policy's cells.
const POLICY: &str = "policy";
/// The rule of what opened since the baseline.
const BASELINE: &str = "baseline";
/// The rule of what else went wrong.
const ALARM: &str = "alarm";

impl Report {
    /// As SARIF 2.1.0. The rules are the cases, and `policy`, `baseline` and `alarm`. A failure is an error; what could not
    /// be judged is a warning; what passed, or was left out on purpose, is no result.
    #[must_use]
    pub fn to_sarif(&self) -> String {
        let cases = Case::all().map(|case| {
            rule(case.id, case.title, &format!("The case proves that {}.", case.proves))
        });
        let others = [
            rule(
                POLICY,
                "The policy",
                "Each identity may call the tools that the policy allows, and no other.",
            ),
            rule(
                BASELINE,
                "The baseline",
                "Nothing is open that was not open in the earlier report.",
            ),
            rule(ALARM, "An alarm", "Authentication is as it was before the run."),
        ];
        let of_cases = self.cases.iter().filter_map(|case| self.of_case(case));
        let of_policy =
            self.policy.iter().filter(|cell| cell.verdict != Verdict::Passed && !cell.deliberate);
        let of_policy = of_policy.map(|cell| {
            let (identity, tool, rule) = (&cell.identity, &cell.tool, cell.expected.name());
            let text =
                format!("{identity} calls {tool}: {}, and the rule is {rule}", cell.outcome());
            self.result(POLICY, level(cell.verdict), &text)
        });
        let opened = self.opened.iter().map(|text| self.result(BASELINE, "error", text));
        let alarms = self.warnings.iter().map(|text| self.result(ALARM, "error", text));
        let results: Vec<_> = of_cases.chain(of_policy).chain(opened).chain(alarms).collect();
        let driver = json!({
            "name": "test-auth",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": cases.chain(others).collect::<Vec<_>>(),
        });
        let run = json!({
            "tool": {"driver": driver},
            "automationDetails": {"id": format!("test-auth/{}", self.run)},
            "invocations": [{"executionSuccessful": !self.interrupted, "exitCode": self.exit_code()}],
            "results": results,
        });
        let log = json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]});
        serde_json::to_string_pretty(&log).unwrap_or_default()
    }

    fn of_case(&self, case: &CaseReport) -> Option<Value> {
        if !case.needs_words() {
            return None;
        }
        let lines = case.particulars().into_iter().map(|(name, value)| format!("{name}: {value}"));
        let text = format!("{}\n{}", case.title, lines.collect::<Vec<_>>().join("\n"));
        Some(self.result(case.id, level(case.verdict), &text))
    }

    /// A result at the endpoint: that is where the fault is seen.
    fn result(&self, rule: &str, level: &str, text: &str) -> Value {
        json!({
            "ruleId": rule,
            "level": level,
            "message": {"text": text},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": self.mcp}}}],
        })
    }
}

fn level(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Failed => "error",
        Verdict::Skipped => "warning",
        Verdict::Passed => "none",
    }
}

fn rule(id: &str, title: &str, says: &str) -> Value {
    json!({"id": id, "shortDescription": {"text": title}, "fullDescription": {"text": says}})
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::tests::report;
    use crate::Verdict;

    /// What the schema of SARIF 2.1.0 requires: `version` and `runs` of a log, `tool` of a run, `driver` of a tool, `name`
    /// of a driver, `id` of a rule, `message` of a result, `text` of a message, `executionSuccessful` of an invocation.
    #[test]
    fn what_the_schema_requires_is_there() {
        let mut report =
            report(&[("B1", Verdict::Passed), ("B3", Verdict::Failed), ("B4", Verdict::Skipped)]);
        report.warnings.push("AUTHENTICATION MAY BE OFF".to_owned());
        report.opened.push("B3 is open".to_owned());
        let log: Value = serde_json::from_str(&report.to_sarif()).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        let driver = &run["tool"]["driver"];
        assert!(driver["name"].is_string());
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
        let rules = driver["rules"].as_array().unwrap();
        let ids: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        let results = run["results"].as_array().unwrap();
        let found: Vec<_> = results
            .iter()
            .map(|result| {
                assert!(!result["message"]["text"].as_str().unwrap().is_empty());
                let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
                assert_eq!(uri, "https://a.example/mcp");
                let rule = result["ruleId"].as_str().unwrap();
                assert!(ids.contains(&rule), "{rule}");
                (rule, result["level"].as_str().unwrap())
            })
            .collect();
        let expected =
            [("B3", "error"), ("B4", "warning"), ("baseline", "error"), ("alarm", "error")];
        assert_eq!(found, expected);
    }
}
