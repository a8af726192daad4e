//! `cargo xtask docs`: writes the documents that are generated. A test compares them with the program.

use std::{
    fs,
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, ensure};
use restaurant_tests::{server, workspace};

/// Writes docs/configuration.md from the server's settings.
#[derive(clap::Args)]
pub(crate) struct Arguments {}

/// Runs the command.
pub(crate) fn run(_: &Arguments) -> Result<ExitCode> {
    let server = tokio::runtime::Runtime::new()?.block_on(server::build())?;
    let output = Command::new(server).args(["config", "--markdown"]).env_clear().output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let file = workspace::root().join("docs/configuration.md");
    fs::write(&file, output.stdout).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(ExitCode::SUCCESS)
}
