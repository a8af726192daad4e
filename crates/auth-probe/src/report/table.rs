//! The report for a terminal.

use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};

use super::{BEYOND, CaseReport, Finding, Report, Row, Verdict, in_detail};

impl Report {
    /// As a table of at most `width` columns, followed by what is known of each case that did not pass.
    #[must_use]
    pub fn to_table(&self, width: u16, coloured: bool) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        if coloured {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table.set_header(["Case", "", "Verdict", "Got", "ms"]);
        for case in &self.cases {
            table.add_row([
                Cell::new(case.id).add_attribute(Attribute::Bold),
                Cell::new(case.title),
                Cell::new(case.verdict.name()).fg(colour(case)),
                Cell::new(case.outcome()),
                Cell::new(case.ms),
            ]);
        }
        let mut lines = vec![table.to_string()];
        for (case, particulars) in in_detail(&self.cases) {
            lines.push(format!("\n{} {}: {}", case.id, case.title, case.verdict.name()));
            let particulars = particulars.into_iter();
            lines.extend(particulars.map(|(name, value)| format!("  {name:<9} {value}")));
        }
        lines.push(format!("\nWhat this run shows:\n{}\n{BEYOND}", self.findings(width)));
        lines.extend(self.afterword());
        format!("{}\n", lines.join("\n"))
    }

    /// What was proven, what was not, and why.
    fn findings(&self, width: u16) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        table.force_no_tty();
        table.set_header(["Case", "", "Claim", "What is left open, or why"]);
        for Finding { id, word, claim, but } in self.cases.iter().map(CaseReport::finding) {
            table.add_row([id, word, claim, &but]);
        }
        table
    }

    /// What was written, what went wrong besides, and the count.
    fn afterword(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let cell = |cell: &crate::Cell| {
            let (verdict, identity, tool) = (cell.verdict.name(), &cell.identity, &cell.tool);
            let rule = cell.expected.name();
            format!(
                "  {verdict:<8} {identity} calls {tool}: {}; the rule is {rule}",
                cell.outcome()
            )
        };
        if !self.policy.is_empty() {
            lines.push("\nThe policy:".to_owned());
        }
        lines.extend(self.policy.iter().map(cell));
        lines.extend(self.opened.iter().map(|opened| format!("\nOPENED: {opened}")));
        if !self.rows.is_empty() {
            lines.push(format!("\nwritten by this run ({}):", self.run));
        }
        let row = |row: &Row| format!("  {} {} ({}): {}", row.kind, row.id, row.case, row.text);
        lines.extend(self.rows.iter().map(row));
        lines.extend(self.warnings.iter().map(|warning| format!("\nALARM: {warning}")));
        lines.push(format!("\n{}: {}", self.url, self.summary()));
        lines
    }
}

fn colour(case: &CaseReport) -> Color {
    match case.verdict {
        Verdict::Passed => Color::Green,
        Verdict::Failed => Color::Red,
        Verdict::Skipped if case.deliberate => Color::Yellow,
        Verdict::Skipped => Color::Magenta,
    }
}
