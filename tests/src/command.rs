//! One file for each command; this one only dispatches.

mod bench;
mod docs;
mod image;
mod infra;
mod local;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// What `cargo xtask` runs.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
pub(crate) enum Command {
    Bench(bench::Arguments),
    Docs(docs::Arguments),
    Image(image::Arguments),
    Infra(infra::Arguments),
    Test(test::Arguments),
    TestAuth(local::Arguments),
}

impl Command {
    /// Runs the command.
    pub(crate) fn run(&self) -> Result<ExitCode> {
        match self {
            Self::Bench(arguments) => bench::run(arguments),
            Self::Docs(arguments) => docs::run(arguments),
            Self::Image(arguments) => image::run(arguments),
            Self::Infra(arguments) => infra::run(arguments),
            Self::Test(arguments) => test::run(arguments),
            Self::TestAuth(arguments) => local::run(arguments),
        }
    }
}
