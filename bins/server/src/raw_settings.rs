//! Settings as texts, without surrounding white space, and the source of each.

use std::ffi::OsStr;

use clap::{
    Arg, ArgMatches, Args, Command,
    builder::{Resettable, ValueParser},
    parser::ValueSource,
};

use crate::settings::Settings;

/// The setting for which a blank value is a value.
const MAY_BE_BLANK: &str = "entra_allowed_clients";

/// A setting as a text, or its absence.
#[derive(Debug)]
pub struct RawSetting {
    arg: Arg,
    texts: Vec<String>,
    source: Option<ValueSource>,
}

/// The variable whose value is not UTF-8.
#[derive(Debug)]
pub struct NotUtf8(
    /// Its name.
    pub String,
);

impl RawSetting {
    /// All settings, in the order of their definitions.
    pub fn all(matches: &ArgMatches) -> Result<Vec<Self>, NotUtf8> {
        let definitions = definitions();
        definitions.get_arguments().cloned().map(|arg| Self::new(arg, matches)).collect()
    }

    fn new(arg: Arg, matches: &ArgMatches) -> Result<Self, NotUtf8> {
        let id = arg.get_id().as_str();
        let source = matches.value_source(id).filter(|source| *source != ValueSource::DefaultValue);
        let texts = source.and_then(|_| matches.get_raw(id)).unwrap_or_default();
        let texts = texts.map(|text| trimmed(text).map(str::to_owned)).collect::<Option<Vec<_>>>();
        let mut texts = texts.ok_or_else(|| NotUtf8(variable(&arg)))?;
        if arg.get_id() != MAY_BE_BLANK {
            texts.retain(|text| !text.is_empty());
        }
        let source = source.filter(|_| !texts.is_empty());
        Ok(Self { arg, texts, source })
    }

    /// As options of a command line, each in one argument.
    pub fn options(&self) -> impl Iterator<Item = String> {
        let name = self.arg.get_long().unwrap_or_default();
        self.texts.iter().map(move |text| format!("--{name}={text}"))
    }

    /// The environment variable's name.
    pub fn variable(&self) -> String {
        variable(&self.arg)
    }

    /// The value, or `-` where there is none. A secret is hidden, and so is a text that may hold one by mistake.
    pub fn shown(&self) -> String {
        if self.source.is_none() {
            let default = defaults(&self.arg);
            return if default.is_empty() { "-".to_owned() } else { default };
        }
        let may_have_equals = self.arg.get_id() == "log";
        let is_plain = |c: char| {
            c.is_ascii_alphanumeric() || "-._:/,+[]".contains(c) || (c == '=' && may_have_equals)
        };
        let text = self.texts.join(",");
        let is_shown = !self.arg.is_hide_env_values_set() && text.chars().all(is_plain);
        if is_shown { text } else { "(hidden)".to_owned() }
    }

    /// The source of the value.
    pub fn source(&self) -> &'static str {
        match self.source {
            Some(ValueSource::CommandLine) => "command line",
            Some(_) => "environment",
            None if self.arg.get_default_values().is_empty() => "not set",
            None => "default",
        }
    }

    /// A row of the reference of all settings, in Markdown.
    pub fn row(&self) -> String {
        let default = defaults(&self.arg);
        let default = if default.is_empty() { default } else { format!("`{default}`") };
        let help = self.arg.get_long_help().or(self.arg.get_help()).map(ToString::to_string);
        format!("| `{}` | {default} | {} |\n", self.variable(), help.unwrap_or_default())
    }
}

/// The settings as a command of their own, which reads no environment.
pub fn settings() -> Command {
    definitions().mut_args(|arg| arg.env(Resettable::Reset))
}

/// Makes clap accept any text for a setting, and show no value in its help.
pub fn untyped(arg: Arg) -> Arg {
    if arg.get_env().is_none() {
        return arg;
    }
    arg.value_parser(ValueParser::os_string()).value_delimiter(None).hide_env_values(true)
}

/// The name of the variable of a setting.
pub fn variable(arg: &Arg) -> String {
    arg.get_env().unwrap_or_default().to_string_lossy().into_owned()
}

/// The settings with their variables.
pub fn definitions() -> Command {
    Settings::augment_args(Command::new("settings").disable_help_flag(true))
}

fn defaults(arg: &Arg) -> String {
    let defaults = arg.get_default_values().iter();
    defaults.map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(", ")
}

/// A text without the white space around it, and without the mark that editors of Windows put before it. `None` when it is
/// not UTF-8.
fn trimmed(text: &OsStr) -> Option<&str> {
    text.to_str().map(|text| text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}'))
}
