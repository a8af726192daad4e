//! `mcp-entra test-auth` as its users start it.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod credentials;
mod interrupt;
mod secrets;
mod usage;

use std::{path::Path, process::Output};

use easyauth_emulator::{Cloud, sample};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

/// The command, without anything of this process's environment that it would find a credential in.
pub(super) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-entra"));
    command.arg("test-auth").args(args).kill_on_drop(true).stdin(std::process::Stdio::null());
    for name in
        ["TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "FEDERATED_TOKEN_FILE", "AUTHORITY_HOST"]
    {
        command.env_remove(format!("AZURE_{name}"));
    }
    command.env_remove("IDENTITY_ENDPOINT").env_remove("IDENTITY_HEADER");
    command
}

/// The command against the sample's app, with a report in JSON.
fn against(origin: &str, args: &[&str]) -> Command {
    reporting("json", origin, args)
}

/// The same, with a report in another form.
fn reporting(format: &str, origin: &str, args: &[&str]) -> Command {
    let mut command = command(&["--url", origin, "--format", format]);
    let (tenant, client) = (sample::TENANT_ID.to_string(), sample::API.to_string());
    command.args(["--tenant", &tenant, "--client-id", &client]).args(args);
    command
}

async fn run(mut command: Command) -> Output {
    command.output().await.unwrap()
}

pub(super) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The report on standard output.
fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(output)))
}

/// The verdict of a case.
fn verdict<'a>(report: &'a Value, id: &str) -> &'a str {
    case(report, id)["verdict"].as_str().unwrap()
}

fn case<'a>(report: &'a Value, id: &str) -> &'a Value {
    report["cases"].as_array().unwrap().iter().find(|case| case["id"] == id).unwrap()
}

/// A file with a token of the sample's agent.
pub(super) fn token_file(cloud: &Cloud, folder: &TempDir) -> (String, String) {
    let claims = cloud.app_claims(sample::AGENT, sample::API).unwrap();
    let token = cloud.sign(&cloud.token_header(), &claims);
    (write(folder.path(), "token", &token), token)
}

pub(super) fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}
