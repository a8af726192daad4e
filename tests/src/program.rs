//! Programs that are built by cargo when they are needed.

use std::{env, path::PathBuf, process::Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::workspace;

/// Builds a program, chosen by cargo's own options, and says where it is.
///
/// # Errors
/// It does not build; the error has what the compiler said.
pub async fn build(target: &[&str]) -> Result<PathBuf> {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--locked", "--message-format=json"])
        .args(target)
        .current_dir(workspace::root())
        .stderr(Stdio::piped())
        .output()
        .await
        .context("cargo does not start")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{target:?} does not build:\n{said}");
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back();
    executable.with_context(|| format!("cargo named no executable for {target:?}"))
}
