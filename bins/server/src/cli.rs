//! The command line, read with the environment. An error takes one line and shows no value.

mod usage_error;

use std::{env, ffi::OsString};

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};

use self::usage_error::UsageError;
use crate::{
    command::Command,
    raw_settings::{self, RawSetting},
    settings::Settings,
};

/// Restaurant reviews: a web application for people and an MCP server for agents.
#[derive(Debug, Parser)]
#[command(name = "restaurant-server", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings.
    #[command(flatten)]
    pub settings: Settings,
}

impl Cli {
    /// Reads the command line and the environment; ends the process when they are wrong or ask for help.
    ///
    /// It reads twice: first the texts, then, without surrounding white space, the settings. An option
    /// or a variable that is blank counts as not set: deployment templates leave such behind. One setting is different: an
    /// empty list of allowed clients rejects every request, and must not be taken for a list that was forgotten.
    pub fn read() -> (Self, Vec<RawSetting>) {
        let arguments: Vec<_> = env::args_os().collect();
        read(&arguments).unwrap_or_else(|error| error.end())
    }
}

fn read(arguments: &[OsString]) -> Result<(Cli, Vec<RawSetting>), UsageError> {
    let mut command = Cli::command().mut_args(raw_settings::untyped);
    let matches = command.try_get_matches_from_mut(arguments);
    let matches = matches.map_err(|error| UsageError::of_arguments(error, &command, arguments))?;
    let raw = RawSetting::all(&matches)?;
    let settings = settings(&raw)?;
    let command =
        chosen(&matches).map_err(|error| UsageError::of_arguments(error, &command, arguments))?;
    Ok((Cli { command, settings }, raw))
}

fn chosen(matches: &ArgMatches) -> Result<Option<Command>, clap::Error> {
    matches.subcommand().map(|_| Command::from_arg_matches(matches)).transpose()
}

/// Parses the settings from these texts, and from nothing else.
fn settings(raw: &[RawSetting]) -> Result<Settings, UsageError> {
    let options = raw.iter().flat_map(RawSetting::options);
    let mut command = raw_settings::settings().no_binary_name(true);
    let matches = command.try_get_matches_from_mut(options);
    let settings = matches.and_then(|matches| Settings::from_arg_matches(&matches));
    settings.map_err(|error| UsageError::of_settings(&error, &command))
}
