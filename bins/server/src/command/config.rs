//! `config`: prints every setting, its value and where it came from.

use std::process::ExitCode;

use super::say;
use crate::{app::AppSettings, raw_settings::RawSetting, settings::Settings, telemetry};

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
pub fn run(config: &Config, settings: &Settings, raw: &[RawSetting]) -> anyhow::Result<ExitCode> {
    if config.markdown {
        say(markdown(raw).trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    for setting in raw {
        let (name, value) = (setting.variable(), setting.shown());
        say(format_args!("{name:<34} {value:<40} {}", setting.source()));
    }
    let (address, database) = (settings.listen_address()?, settings.database()?);
    say(format_args!("\nListens on  {address}\nData        {database}"));
    if let Some(collector) = settings.telemetry.otlp_origin() {
        say(format_args!("Telemetry   {collector}"));
    }
    // What `serve` would refuse is refused here too.
    settings.database_auth(&database)?;
    AppSettings::new(settings, address)?;
    telemetry::check(settings)?;
    Ok(ExitCode::SUCCESS)
}

/// The reference: `docs/configuration.md` is this text.
fn markdown(settings: &[RawSetting]) -> String {
    let mut text = String::from(
        "# Configuration\n\n\
         <!-- Written by `cargo xtask docs`; a test compares it with the program. -->\n\n\
         Each setting is an environment variable and an option of every command (`BIND` is `--bind`). \
         An option wins over the variable, the variable over the default. \
         White space around a value is ignored, such as the line end of a secret that `echo` wrote, and a blank value \
         counts as not set (`ENTRA_ALLOWED_CLIENTS` may be blank: an empty list). \
         `restaurant-server config` prints the values in force and where each came from. No error, log line or output \
         shows a secret: a wrong setting is named, and its value is not repeated. \
         Other users of the machine can read a process's options: give secrets as variables.\n\n\
         | Variable | Default | Meaning |\n|---|---|---|\n",
    );
    text.extend(settings.iter().map(RawSetting::row));
    text
}
