//! The program `mcp-entra`.

mod emulator;
mod entra;
mod identity;
mod interruption;
mod profile;
mod record;
mod stdout;
mod test_auth;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// Protect an MCP server with Microsoft Entra ID, and test the protection.
#[derive(Parser)]
#[command(name = "mcp-entra", version, max_term_width = 100)]
enum Command {
    TestAuth(Box<test_auth::Arguments>),
    Profile(profile::Arguments),
    Record(record::Arguments),
    #[command(flatten)]
    Entra(entra::Command),
    Emulator(emulator::Arguments),
}

fn main() -> ExitCode {
    match Command::parse() {
        Command::TestAuth(arguments) => test_auth::run(&arguments),
        Command::Profile(arguments) => or_report(profile::run(&arguments)),
        Command::Record(arguments) => or_report(record::run(&arguments)),
        Command::Entra(command) => or_report(entra::run(&command)),
        Command::Emulator(arguments) => emulator::run(&arguments),
    }
}

/// Reports an error in one line, without a stack trace.
fn or_report(result: Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
