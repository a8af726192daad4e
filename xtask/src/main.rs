#![doc = include_str!("../README.md")]
//! This program only dispatches, so that it compiles in a moment.

mod tidy;

use std::{
    env,
    ffi::{OsStr, OsString},
    path::Path,
    process::{self, ExitCode},
};

use anyhow::{Context as _, Result};
use clap::{Args, Parser};

/// The program with the commands that need the tests' own machinery.
const TESTS: &str = "restaurant-tests";

/// The package with the commands for an app behind Microsoft Entra ID.
const MCP_ENTRA: &str = "mcp-entra";

/// The project's own commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Command {
    /// Measure the release build's speed, as ratios of one run.
    Bench(Forwarded),
    /// Write the generated documents.
    Docs(Forwarded),
    /// Set up authentication of a deployed app, allow agents, and find what is wrong.
    Entra(Forwarded),
    /// Build the container image, and start it.
    Image(Forwarded),
    /// Check the infrastructure without Azure, and renew what it is compared with.
    Infra(Forwarded),
    /// Set up what the tests need, and run everything.
    Test(Forwarded),
    /// Prove that an app accepts allowed callers only; with --local, an app that is started here.
    TestAuth(Forwarded),
    /// Check the layers, the files and the source text against the project's rules.
    Tidy(tidy::Arguments),
}

/// Arguments for the program that does the work, which reads them as they were given.
#[derive(Args)]
#[command(disable_help_flag = true)]
struct Forwarded {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    _arguments: Vec<OsString>,
}

fn main() -> ExitCode {
    run(&Command::parse()).unwrap_or_else(|error| {
        // Not by returning it: that would print a stack trace where the environment asks for one.
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(command: &Command) -> Result<ExitCode> {
    // Not clap's list, which leaves out a first `--`.
    let given: Vec<_> = env::args_os().skip(2).collect();
    let is_local = given.iter().any(|argument| argument == "--local");
    match command {
        Command::Bench(_) => forward_to_tests("bench", &given),
        Command::Docs(_) => forward_to_tests("docs", &given),
        Command::Image(_) => forward_to_tests("image", &given),
        Command::Infra(_) => forward_to_tests("infra", &given),
        Command::Test(_) => forward_to_tests("test", &given),
        Command::TestAuth(_) if is_local => forward_to_tests("test-auth", &given),
        Command::TestAuth(_) => forward_to_mcp_entra(Some("test-auth"), &given),
        Command::Entra(_) => forward_to_mcp_entra(None, &command_first(&given)),
        Command::Tidy(arguments) => tidy::run(arguments),
    }
}

/// Runs the program of the tests in place of this one.
///
/// It is built as a part of the workspace, so that the tests find their dependencies compiled.
fn forward_to_tests(command: &str, arguments: &[OsString]) -> Result<ExitCode> {
    let mut build = cargo("build");
    build.args(["--workspace", "--bin", TESTS]);
    if !build.status().context("cargo does not start")?.success() {
        return Ok(ExitCode::FAILURE);
    }
    // Cargo puts the workspace's programs into one folder.
    let program = env::current_exe()?.with_file_name(format!("{TESTS}{}", env::consts::EXE_SUFFIX));
    let mut run = process::Command::new(program);
    run.arg(command).args(arguments);
    replace_by(run).with_context(|| format!("{TESTS} does not start"))
}

/// Runs `mcp-entra` in place of this program, and compiles what it needs alone.
fn forward_to_mcp_entra(command: Option<&str>, arguments: &[OsString]) -> Result<ExitCode> {
    let mut run = cargo("run");
    run.args(["--package", MCP_ENTRA, "--"]).args(command).args(arguments);
    replace_by(run).context("cargo does not start")
}

/// Cargo's `command` for this workspace.
fn cargo(command: &str) -> process::Command {
    let mut cargo = process::Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([command, "--quiet", "--locked", "--manifest-path"]).arg(root().join("Cargo.toml"));
    cargo
}

/// Replaces this process by another one, which then receives the signals and determines the exit code.
#[cfg(unix)]
fn replace_by(mut command: process::Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec().into())
}

/// Waits for another process, which receives the console's events, and returns its exit code.
#[cfg(windows)]
fn replace_by(mut command: process::Command) -> Result<ExitCode> {
    ctrlc::set_handler(|| {})?;
    let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Puts the command before the options: here the options may come first.
fn command_first(arguments: &[OsString]) -> Vec<OsString> {
    const COMMANDS: [&str; 6] = ["setup", "preauthorize", "allow", "remove", "list", "doctor"];
    let is_command = |argument: &OsString| COMMANDS.iter().any(|it| argument == OsStr::new(it));
    let mut arguments = arguments.to_vec();
    if let Some(place) = arguments.iter().position(is_command) {
        arguments[..=place].rotate_right(1);
    }
    arguments
}

/// The workspace's root folder.
fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}
