//! The command line: read once, refused on one line.

use std::{env, error::Error as _, ffi::OsStr};

use clap::{
    ArgMatches, CommandFactory, Error, FromArgMatches, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};

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
    /// A variable that is set to nothing counts as none: deployment templates leave such behind. One setting is different:
    /// an empty list of allowed clients lets nobody in, and must not be taken for a list that was forgotten.
    pub fn read() -> (Self, ArgMatches) {
        let command = Self::command().mut_args(|arg| {
            let is_empty = |name: &OsStr| env::var_os(name).is_some_and(|value| value.is_empty());
            // No variable has an empty name: the argument has none then.
            let may_be_empty = arg.get_id() == "entra_allowed_clients";
            let is_none = !may_be_empty && arg.get_env().is_some_and(is_empty);
            if is_none { arg.env("") } else { arg }
        });
        let read = command.try_get_matches().and_then(|matches| {
            let cli = Self::from_arg_matches(&matches)?;
            Ok((cli, matches))
        });
        read.unwrap_or_else(|error| refuse(&error))
    }
}

/// Ends the process: a wrong value with one line that names the variable, all else as clap does.
fn refuse(error: &Error) -> ! {
    let Some(line) = wrong_value(error) else { error.exit() };
    eprintln!("error: {line}");
    std::process::exit(2);
}

/// "PORT (--port) is "x": give a port from 0 to 65535".
fn wrong_value(error: &Error) -> Option<String> {
    if !matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue) {
        return None;
    }
    let Some(ContextValue::String(usage)) = error.get(ContextKind::InvalidArg) else { return None };
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidValue) else {
        return None;
    };
    let why = match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(why), _) => why.to_string(),
        (None, Some(ContextValue::Strings(words))) => format!("give one of {}", words.join(", ")),
        _ => return None,
    };
    let mut command = Cli::command();
    command.build();
    let arg = command.get_arguments().find(|arg| arg.to_string() == *usage);
    let name = match arg.and_then(|arg| arg.get_env()) {
        Some(variable) => variable.to_string_lossy().into_owned(),
        None => usage.clone(),
    };
    Some(format!("{name} is {given:?}: {why}"))
}
