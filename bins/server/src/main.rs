#![doc = include_str!("../README.md")]
//! The program: settings, commands, connections and logs around the pages and the tools.

mod app;
mod attribution;
mod authentication;
mod caller;
mod cli;
mod command;
mod connections;
mod database_sign_in;
mod host_check;
mod logging;
mod raw_settings;
mod request_log;
mod sample_data;
mod sample_posts;
mod settings;
mod shutdown;
mod socket_options;
mod step_up;
mod telemetry;
mod trailing_slash;
mod transfer_coding;

use std::process::ExitCode;

use self::{cli::Cli, command::Command, raw_settings::RawSetting, telemetry::Telemetry};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let (cli, raw) = Cli::read();
    match run(cli, &raw) {
        Ok(code) => code,
        Err(error) => {
            // The chain on one line: what was tried, then why it failed.
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs the command in the log's sight. Those that serve callers report on them, too.
fn run(cli: Cli, raw: &[RawSetting]) -> anyhow::Result<ExitCode> {
    let command = cli.command.unwrap_or_default();
    let telemetry = match command {
        Command::Serve | Command::McpStdio => Telemetry::new(&cli.settings)?,
        _ => None,
    };
    logging::start(&cli.settings, telemetry.as_ref());
    let result = command::run(command, &cli.settings, raw);
    if let Some(telemetry) = telemetry {
        telemetry.finish();
    }
    result
}
