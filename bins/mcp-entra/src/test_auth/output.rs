//! The output of the report.

use std::{env, fs, io::IsTerminal, path::PathBuf};

use anyhow::{Context as _, Result};
use auth_probe::{Baseline, Report};
use clap::{Args, ValueEnum};

use super::{read, usage};
use crate::stdout;

/// The report's format and destination.
#[derive(Args)]
#[command(next_help_heading = "Report")]
pub(super) struct Output {
    /// The format of the report.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,

    /// Write the report to a file. The table is printed on standard error too.
    #[arg(long = "output", value_name = "FILE")]
    file: Option<PathBuf>,

    /// An earlier report of the format json. The report names what passed or was denied there and is open now.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Junit,
    Markdown,
    Sarif,
}

/// The table's width in columns where `COLUMNS` is not set.
const WIDTH: u16 = 120;

impl Output {
    /// Checks that the file can be written, before anything is sent.
    pub(super) fn check(&self) -> Result<()> {
        let Some(path) = &self.file else { return Ok(()) };
        match fs::OpenOptions::new().append(true).create(true).open(path) {
            Ok(_) => Ok(()),
            Err(error) => usage(format!("--output {}: {error}", path.display())),
        }
    }

    /// Reads the earlier report.
    ///
    /// # Errors
    /// The file cannot be read, or is no report.
    pub(super) fn baseline(&self) -> Result<Option<Baseline>> {
        let Some(file) = &self.baseline else { return Ok(None) };
        read("--baseline", file, Baseline::from_json).map(Some)
    }

    /// Writes the report.
    pub(super) fn write(&self, report: &Report) -> Result<()> {
        match &self.file {
            Some(path) => {
                let text = self.render(report, false);
                fs::write(path, text)
                    .with_context(|| format!("cannot write {}", path.display()))?;
                eprint!("{}", table(report, is_coloured(&std::io::stderr())));
            }
            None => stdout::write(&self.render(report, is_coloured(&std::io::stdout())))?,
        }
        Ok(())
    }

    fn render(&self, report: &Report, coloured: bool) -> String {
        let text = match self.format {
            Format::Table => return table(report, coloured),
            Format::Json => report.to_json(),
            Format::Junit => report.to_junit(),
            Format::Markdown => report.to_markdown(),
            Format::Sarif => report.to_sarif(),
        };
        format!("{}\n", text.trim_end())
    }
}

fn table(report: &Report, coloured: bool) -> String {
    let columns = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    report.to_table(columns.unwrap_or(WIDTH).max(60), coloured)
}

/// Returns whether to print colours: on a terminal, unless `NO_COLOR` is set.
fn is_coloured(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
