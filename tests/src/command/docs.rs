//! `cargo xtask docs`: writes the documents that are generated. A test compares them with the program.

use std::{
    fs,
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, ensure};
use restaurant_tests::{reference, server, workspace};

/// Writes docs/configuration.md from the server's settings, and docs/tools.md from what it lists.
#[derive(clap::Args)]
pub(crate) struct Arguments {}

/// Runs the command.
pub(crate) fn run(_: &Arguments) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    let server = runtime.block_on(server::build())?;
    let output = Command::new(server).args(["config", "--markdown"]).env_clear().output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    write("configuration.md", &output.stdout)?;
    write("tools.md", runtime.block_on(reference::markdown())?.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn write(name: &str, text: &[u8]) -> Result<()> {
    let file = workspace::root().join("docs").join(name);
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
}
