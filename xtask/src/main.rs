//! The project's own commands, as `cargo xtask <command>`: one file each.

mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// The project's own commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Command {
    Test(test::Arguments),
    Tidy(tidy::Arguments),
}

fn main() -> Result<ExitCode> {
    match Command::parse() {
        Command::Test(arguments) => test::run(&arguments),
        Command::Tidy(arguments) => tidy::run(&arguments),
    }
}
