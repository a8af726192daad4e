//! `cargo xtask infra`: checks the infrastructure without Azure.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use restaurant_tests::infrastructure;

/// Compiles the Bicep files, and compares what they deploy with `infra/snapshots`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write the snapshots first. The difference in version control is what a change deploys.
    #[arg(long)]
    renew: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut check = infrastructure::check()?;
    let status = check.args(arguments.renew.then_some("--renew")).status();
    let passed = status.context("Python does not start")?.success();
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
