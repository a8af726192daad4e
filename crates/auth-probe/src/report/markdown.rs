//! The report for a pull request or a wiki.

use super::Report;

impl Report {
    /// As Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = format!("# test-auth: {}\n\n{}\n\n", cell(&self.url), self.summary());
        text.push_str("| Case | | Verdict | Expected | Got | ms |\n|---|---|---|---|---|---|\n");
        for case in &self.cases {
            text.push_str(&format!(
                "| {} | {} | {} | {} | {} | {} |\n",
                case.id,
                cell(case.title),
                case.verdict.name(),
                cell(case.expected),
                cell(case.outcome()),
                case.ms
            ));
        }
        for case in self.cases.iter().filter(|case| case.needs_words()) {
            text.push_str(&format!(
                "\n## {} {}: {}\n\n",
                case.id,
                cell(case.title),
                case.verdict.name()
            ));
            for (name, value) in case.particulars() {
                text.push_str(&format!("- {name}: {}\n", code(&value)));
            }
        }
        if !self.rows.is_empty() {
            text.push_str(&format!("\n## Written by this run ({})\n\n", self.run));
        }
        for row in &self.rows {
            text.push_str(&format!(
                "- {} {} ({}): {}\n",
                row.kind,
                row.id,
                row.case,
                cell(&row.text)
            ));
        }
        for alarm in &self.alarms {
            text.push_str(&format!("\n**Alarm**: {}\n", code(alarm)));
        }
        text
    }
}

/// A text from outside, as it is: nothing in it is Markdown or HTML.
fn cell(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\r' => escaped.push(' '),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '!' | '~' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The same as code, whatever back-quotes it has.
fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let runs = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(runs + 1);
    format!("{fence} {text} {fence}")
}
