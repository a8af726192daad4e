//! `config`: prints every setting, its value and where it came from.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, CommandFactory, parser::ValueSource};

use super::say;
use crate::{app::AppSettings, cli::Cli, settings::Settings, telemetry};

/// What to print.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Print the reference of all settings as Markdown, without values.
    #[arg(long)]
    markdown: bool,
}

/// Prints the settings.
///
/// # Errors
/// When the settings do not fit together.
pub fn run(config: &Config, settings: &Settings, matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let command = Cli::command();
    let settings_of = |command: &clap::Command| -> Vec<Arg> {
        command.get_arguments().filter(|arg| arg.get_env().is_some()).cloned().collect()
    };
    if config.markdown {
        say(markdown(&settings_of(&command)).trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    for arg in settings_of(&command) {
        say(format_args!(
            "{:<34} {:<40} {}",
            variable(&arg),
            value(&arg, matches),
            source(&arg, matches)
        ));
    }
    let (address, database) = (settings.listen_address()?, settings.database()?);
    say(format_args!("\nListens on  {address}\nData        {database}"));
    // What `serve` would refuse is refused here too.
    settings.database_auth(&database)?;
    AppSettings::new(settings, address)?;
    telemetry::check(settings)?;
    Ok(ExitCode::SUCCESS)
}

/// The environment variable's name.
fn variable(arg: &Arg) -> String {
    arg.get_env().unwrap_or_default().to_string_lossy().into_owned()
}

/// The value as it was given; a secret's is hidden.
fn value(arg: &Arg, matches: &ArgMatches) -> String {
    match matches.get_raw(arg.get_id().as_str()) {
        Some(_) if arg.is_hide_env_values_set() => "(hidden)".to_owned(),
        Some(values) => values.map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(","),
        None => "-".to_owned(),
    }
}

fn source(arg: &Arg, matches: &ArgMatches) -> &'static str {
    match matches.value_source(arg.get_id().as_str()) {
        Some(ValueSource::CommandLine) => "command line",
        Some(ValueSource::EnvVariable) => "environment",
        Some(_) => "default",
        None => "not set",
    }
}

/// The reference: `docs/configuration.md` is this text.
fn markdown(settings: &[Arg]) -> String {
    let mut text = String::from(
        "# Configuration\n\n\
         <!-- Written by `cargo xtask docs`; a test compares it with the program. -->\n\n\
         Each setting is an environment variable and an option of every command (`BIND` is `--bind`). \
         An option wins over the variable, the variable over the default. \
         `restaurant-server config` prints the values in force and where each came from; secrets are hidden.\n\n\
         | Variable | Default | Meaning |\n|---|---|---|\n",
    );
    for arg in settings {
        let defaults = arg.get_default_values();
        let default = defaults.iter().map(|value| format!("`{}`", value.to_string_lossy()));
        let default = default.collect::<Vec<_>>().join(", ");
        let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string);
        let row = format!("| `{}` | {default} | {} |\n", variable(arg), help.unwrap_or_default());
        text.push_str(&row);
    }
    text
}
