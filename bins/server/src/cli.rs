//! The command line: read once, with the environment, and refused on one line that shows no value.

mod given;
mod refusal;

use std::{env, ffi::OsString};

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};

pub use self::given::Given;
use self::{given::as_given, refusal::Refusal};
use crate::{command::Command, settings::Settings};

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
    /// It reads twice: first the texts as they were given, then, without the white space around them, the settings. An option
    /// or a variable that is blank counts as not set: deployment templates leave such behind. One setting is different: an
    /// empty list of allowed clients rejects every request, and must not be taken for a list that was forgotten.
    pub fn read() -> (Self, Vec<Given>) {
        let arguments: Vec<_> = env::args_os().collect();
        read(&arguments).unwrap_or_else(|refusal| refusal.end())
    }
}

fn read(arguments: &[OsString]) -> Result<(Cli, Vec<Given>), Refusal> {
    let mut command = Cli::command().mut_args(as_given);
    let matches = command.try_get_matches_from_mut(arguments);
    let matches = matches.map_err(|error| Refusal::of_arguments(error, &command, arguments))?;
    let given = Given::all(&matches)?;
    let settings = settings(&given)?;
    let command =
        chosen(&matches).map_err(|error| Refusal::of_arguments(error, &command, arguments))?;
    Ok((Cli { command, settings }, given))
}

fn chosen(matches: &ArgMatches) -> Result<Option<Command>, clap::Error> {
    matches.subcommand().map(|_| Command::from_arg_matches(matches)).transpose()
}

/// Reads the settings from what was given, and from nothing else.
fn settings(given: &[Given]) -> Result<Settings, Refusal> {
    let options = given.iter().flat_map(Given::options);
    let mut command = given::settings().no_binary_name(true);
    let matches = command.try_get_matches_from_mut(options);
    let settings = matches.and_then(|matches| Settings::from_arg_matches(&matches));
    settings.map_err(|error| Refusal::of_settings(&error, &command))
}
