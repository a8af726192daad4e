#![doc = include_str!("../README.md")]
//! One file each; this one only dispatches.

mod bench;
mod docs;
mod test;
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
    Test(test::Arguments),
    Tidy(tidy::Arguments),
}

fn main() -> Result<ExitCode> {
    match Command::parse() {
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Docs(arguments) => docs::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Tidy(arguments) => tidy::run(&arguments),
    }
}
