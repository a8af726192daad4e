//! Errors about the command line and the environment, in one line each. No line repeats a value: any of them may be a secret in
//! the wrong place.

use std::{error::Error as _, ffi::OsString, process};

use clap::{
    Arg, Command, Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    raw_settings::{NotUtf8, definitions, variable},
    settings::Expected,
};

/// The next step by default.
const SEE: &str = "see --help";

/// An error about the command line or the environment, or a text that the user asked for; both end the process.
pub(super) enum UsageError {
    Line(String),
    Help(Error),
}

impl UsageError {
    /// The error about the arguments, apart from the values of settings.
    pub(super) fn of_arguments(error: Error, command: &Command, arguments: &[OsString]) -> Self {
        let line = match error.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return Self::Help(error),
            ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => unknown(&error, arguments),
            ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
                let name = name(&error, command);
                if text(&error, ContextKind::InvalidValue).is_none_or(str::is_empty) {
                    format!("{name}: give a value")
                } else {
                    format!("{name}: {}", expected(&error))
                }
            }
            ErrorKind::MissingRequiredArgument => match error.get(ContextKind::InvalidArg) {
                Some(ContextValue::Strings(missing)) => format!("give {} too", missing.join(", ")),
                _ => format!("an argument is missing: {SEE}"),
            },
            ErrorKind::ArgumentConflict => format!("{}: give it once", name(&error, command)),
            kind => format!("{}: {kind}: {SEE}", name(&error, command)),
        };
        Self::Line(line)
    }

    /// The error about the value of a setting.
    pub(super) fn of_settings(error: &Error, command: &Command) -> Self {
        Self::Line(format!("{}: {}", name(error, command), expected(error)))
    }

    /// Ends the process.
    pub(super) fn end(&self) -> ! {
        match self {
            Self::Line(line) => eprintln!("error: {line}"),
            Self::Help(error) => error.exit(),
        }
        process::exit(2)
    }
}

impl From<NotUtf8> for UsageError {
    fn from(NotUtf8(variable): NotUtf8) -> Self {
        Self::Line(format!("{variable}: give a text in UTF-8"))
    }
}

/// Names an unknown argument by its number.
fn unknown(error: &Error, arguments: &[OsString]) -> String {
    let given = text(error, ContextKind::InvalidArg)
        .or_else(|| text(error, ContextKind::InvalidSubcommand));
    let number = arguments.iter().skip(1).position(|argument| {
        let argument = argument.to_string_lossy();
        given.is_some_and(|given| argument.split('=').next() == given.split('=').next())
    });
    let which = number.map_or_else(String::new, |number| format!(" {}", number + 1));
    let similar = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand];
    let similar = similar.into_iter().find_map(|kind| match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        ContextValue::Strings(texts) => texts.first(),
        _ => None,
    });
    let similar = similar.map_or_else(String::new, |text| format!(" (did you mean {text}?)"));
    format!("argument{which} is not known{similar}: {SEE}")
}

/// The variable of the setting that an error is about, or the name of another argument.
fn name(error: &Error, command: &Command) -> String {
    let usage = text(error, ContextKind::InvalidArg).unwrap_or_default();
    let is_meant = |arg: &&Arg| arg.to_string() == usage;
    let settings = definitions();
    let mut command = command.clone();
    command.build();
    let of_subcommands = command.get_subcommands().flat_map(Command::get_arguments);
    let found = command.get_arguments().chain(of_subcommands).find(is_meant);
    match found.map(|arg| settings.get_arguments().find(|it| it.get_id() == arg.get_id())) {
        Some(Some(setting)) => variable(setting),
        Some(None) => usage.to_owned(),
        None => "the arguments".to_owned(),
    }
}

/// Describes the allowed form. The texts of libraries may repeat the value, so only ours are used.
fn expected(error: &Error) -> String {
    if let Some(expected) = error.source().and_then(|source| source.downcast_ref::<Expected>()) {
        return expected.to_string();
    }
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(words)) if !words.is_empty() => {
            format!("give one of {}", words.join(", "))
        }
        _ => format!("the value is wrong: {SEE}"),
    }
}

fn text(error: &Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}
