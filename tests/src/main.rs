//! The commands of `cargo xtask` that need what the tests stand on.

mod command;

use std::process::ExitCode;

use clap::Parser as _;

use self::command::Command;

fn main() -> ExitCode {
    Command::parse().run().unwrap_or_else(|error| {
        // Not by returning it: that would print a stack trace where the environment asks for one.
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
