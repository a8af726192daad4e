#![doc = include_str!("../README.md")]
//! One file each; this one only dispatches.

mod bench;
mod docs;
mod entra;
mod test;
mod test_auth;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// The project's own commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Command {
    Bench(bench::Arguments),
    Docs(docs::Arguments),
    Entra(Box<entra::Arguments>),
    Test(test::Arguments),
    TestAuth(Box<test_auth::Arguments>),
    Tidy(tidy::Arguments),
}

fn main() -> ExitCode {
    run(&Command::parse()).unwrap_or_else(|error| {
        // Not by returning it: that would print a stack trace where the environment asks for one.
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Bench(arguments) => bench::run(arguments),
        Command::Docs(arguments) => docs::run(arguments),
        Command::Entra(arguments) => entra::run(arguments),
        Command::Test(arguments) => test::run(arguments),
        Command::TestAuth(arguments) => Ok(test_auth::run(arguments)),
        Command::Tidy(arguments) => tidy::run(arguments),
    }
}
