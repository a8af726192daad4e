//! The report for a pull request or a wiki.

use super::{BEYOND, CaseReport, Finding, Report, Row, in_detail};

impl Report {
    /// As Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut lines = vec![
            format!("# test-auth: {}\n\n{}\n", cell(&self.url), self.summary()),
            "| Case | | Verdict | Expected | Got | ms |\n|---|---|---|---|---|---|".to_owned(),
        ];
        lines.extend(self.cases.iter().map(table_row));
        for (case, particulars) in in_detail(&self.cases) {
            let verdict = case.verdict.name();
            lines.push(format!("\n## {} {}: {verdict}\n", case.id, cell(case.title)));
            let particulars = particulars.into_iter();
            lines.extend(particulars.map(|(name, value)| format!("- {name}: {}", code(&value))));
        }
        lines.push("\n## What this run shows\n\n| Case | | Claim | What is left open, or why |\n|---|---|---|---|".into());
        lines.extend(self.cases.iter().map(CaseReport::finding).map(
            |Finding { id, word, claim, but }| {
                format!("| {id} | {word} | {} | {} |", cell(claim), code_in_cell(&but))
            },
        ));
        lines.push(format!("\n{BEYOND}"));
        if !self.policy.is_empty() {
            lines.push(
                "\n## Policy\n\n| Identity | Tool | Rule | Got |\n|---|---|---|---|".to_owned(),
            );
        }
        lines.extend(self.policy.iter().map(|it| {
            let (identity, tool) = (code_in_cell(&it.identity), code_in_cell(&it.tool));
            let (rule, got) = (it.expected.name(), code_in_cell(&it.outcome()));
            format!("| {identity} | {tool} | {rule} | {}: {got} |", it.verdict.name())
        }));
        lines.extend(self.opened.iter().map(|it| format!("\n**Opened**: {}", code(it))));
        if !self.rows.is_empty() {
            lines.push(format!("\n## Written by this run ({})\n", self.run));
        }
        lines.extend(
            self.rows.iter().map(|Row { case, kind, id, text }| {
                format!("- {kind} {id} ({case}): {}", code(text))
            }),
        );
        lines.extend(self.warnings.iter().map(|warning| format!("\n**Alarm**: {}", code(warning))));
        format!("{}\n", lines.join("\n"))
    }
}

fn table_row(case: &CaseReport) -> String {
    let (id, title, verdict) = (case.id, cell(case.title), case.verdict.name());
    let (expected, got) = (cell(case.expected), code_in_cell(case.outcome()));
    format!("| {id} | {title} | {verdict} | {expected} | {got} | {} |", case.ms)
}

/// A text of ours, as it is: nothing in it is Markdown or HTML.
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

/// A text from outside, as it is, with any number of back-quotes. Only in code does Markdown find no link, mention,
/// formula or HTML.
fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    if text.trim().is_empty() {
        return String::new();
    }
    let runs = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(runs + 1);
    format!("{fence} {text} {fence}")
}

/// The same in a table, which is cut at each vertical line before its code is read.
fn code_in_cell(text: &str) -> String {
    code(&text.replace('|', "\u{a6}"))
}
