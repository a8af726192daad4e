#![doc = include_str!("../README.md")]
//! The program: settings, commands, connections and logs around the pages and the tools.

mod app;
mod command;
mod connections;
mod host_check;
mod logging;
mod request_log;
mod sample_data;
mod settings;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};

use self::{command::Command, settings::Settings};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Restaurant reviews: a web application for people and an MCP server for agents.
#[derive(Debug, Parser)]
#[command(name = "restaurant-server", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let Err(error) = logging::start(&cli.settings) {
        eprintln!("error: {error}");
        return ExitCode::from(2);
    }
    match command::run(cli.command.unwrap_or_default(), &cli.settings, &matches) {
        Ok(code) => code,
        Err(error) => {
            // The chain on one line: what was tried, then why it failed.
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
