#![doc = include_str!("../README.md")]
//! The program: settings, commands, connections and logs around the pages and the tools.

mod app;
mod authentication;
mod caller;
mod cli;
mod command;
mod connections;
mod database_sign_in;
mod host_check;
mod logging;
mod request_log;
mod sample_data;
mod settings;
mod socket_options;
mod telemetry;
mod trailing_slash;
mod transfer_coding;

use std::process::ExitCode;

use self::{
    cli::{Cli, Given},
    command::Command,
    telemetry::Telemetry,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let (cli, given) = Cli::read();
    match run(cli, &given) {
        Ok(code) => code,
        Err(error) => {
            // The chain on one line: what was tried, then why it failed.
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs the command in the log's sight. Those that serve callers report on them, too.
fn run(cli: Cli, given: &[Given]) -> anyhow::Result<ExitCode> {
    let command = cli.command.unwrap_or_default();
    let telemetry = match command {
        Command::Serve | Command::McpStdio => Telemetry::new(&cli.settings)?,
        _ => None,
    };
    logging::start(&cli.settings, telemetry.as_ref());
    let result = command::run(command, &cli.settings, given);
    if let Some(telemetry) = telemetry {
        telemetry.finish();
    }
    result
}
