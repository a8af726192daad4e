//! Programs that cargo builds on demand.

use std::{env, path::PathBuf, process::Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::workspace;

/// Builds the program that cargo's options select, and returns its path.
///
/// # Errors
/// It does not build; the error holds the compiler's output.
pub async fn build(target: &[&str]) -> Result<PathBuf> {
    let messages = compile("build", target).await?;
    let executable = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back();
    executable.with_context(|| format!("cargo named no executable for {target:?}"))
}

/// Checks what cargo's options select.
///
/// # Errors
/// It does not compile; the error holds the compiler's output.
pub async fn check(target: &[&str]) -> Result<()> {
    compile("check", target).await.map(drop)
}

/// Cargo's messages.
async fn compile(command: &str, target: &[&str]) -> Result<String> {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([command, "--locked", "--message-format=json"])
        .args(target)
        .current_dir(workspace::root())
        .stderr(Stdio::piped())
        .output()
        .await
        .context("cargo does not start")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{target:?} does not compile:\n{said}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
