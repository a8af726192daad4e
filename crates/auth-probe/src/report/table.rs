//! The report for a terminal.

use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};

use super::{CaseReport, Report, Verdict};

impl Report {
    /// As a table of at most `width` columns, followed by what is known of each case that did not pass.
    #[must_use]
    pub fn to_table(&self, width: u16, coloured: bool) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_NO_BORDERS);
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
        let mut text = format!("{table}\n");
        for case in self.cases.iter().filter(|case| case.needs_words()) {
            text.push_str(&format!("\n{} {}: {}\n", case.id, case.title, case.verdict.name()));
            for (name, value) in case.particulars() {
                text.push_str(&format!("  {name:<9} {value}\n"));
            }
        }
        text.push_str(&self.afterword());
        text
    }

    /// What was written, what went wrong besides, and the count.
    fn afterword(&self) -> String {
        let mut text = String::new();
        if !self.rows.is_empty() {
            text.push_str(&format!("\nwritten by this run ({}):\n", self.run));
        }
        for row in &self.rows {
            text.push_str(&format!("  {} {} ({}): {}\n", row.kind, row.id, row.case, row.text));
        }
        for alarm in &self.alarms {
            text.push_str(&format!("\nALARM: {alarm}\n"));
        }
        text.push_str(&format!("\n{}: {}\n", self.url, self.summary()));
        text
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
