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

use std::process::ExitCode;

use self::cli::Cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let (cli, matches) = Cli::read();
    logging::start(&cli.settings);
    match command::run(cli.command.unwrap_or_default(), &cli.settings, &matches) {
        Ok(code) => code,
        Err(error) => {
            // The chain on one line: what was tried, then why it failed.
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
