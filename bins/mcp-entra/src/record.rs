//! `mcp-entra record`: what a real deployment does where documentation is unclear, with the day of each answer.

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result};
use auth_probe::{Observation, TokenSource};
use clap::Args;
use easyauth_emulator::{Recorded, RecordedAnswer};

use crate::stdout::say;

/// Ask a deployment behind App Service what its documentation leaves open, and write the answers with their day to a file. Changes nothing: each request is a GET.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The app's origin: https:// and a host, without a path. Plain http is accepted for loopback addresses only.
    #[arg(value_name = "URL")]
    url: String,

    /// A file with an access token that the app accepts. May be given several times: a token of version 1.0, one of version 2.0, one of an agent.
    #[arg(long = "token-file", value_name = "FILE")]
    token_files: Vec<PathBuf>,

    /// The path of the MCP endpoint.
    #[arg(long, value_name = "PATH", default_value = "/mcp")]
    mcp_path: String,

    /// The file, in TOML. Answers that are there stay, unless the question is answered again. `mcp-entra emulator --recorded` reads it.
    #[arg(long, value_name = "FILE", default_value = "recorded.toml")]
    output: PathBuf,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    let observations = runtime.block_on(async {
        let mut tokens = Vec::new();
        for file in &arguments.token_files {
            let token = TokenSource::File(file.clone()).get().await;
            tokens.push(token.with_context(|| format!("--token-file {}", file.display()))?);
        }
        Ok::<_, anyhow::Error>(Observation::of(&arguments.url, &arguments.mcp_path, &tokens).await?)
    })?;
    let file = &arguments.output;
    let cannot = || format!("--output {}", file.display());
    let mut recorded = if file.exists() {
        Recorded::from_toml(&fs::read_to_string(file).with_context(cannot)?).with_context(cannot)?
    } else {
        Recorded::default()
    };
    recorded.url.clone_from(&arguments.url);
    let date = today();
    for Observation { question, answer, .. } in observations {
        say(format_args!("{question}: {answer}"));
        let answer = RecordedAnswer { answer, date: date.clone() };
        recorded.answers.insert(question.to_owned(), answer);
    }
    fs::write(file, recorded.to_toml()?).with_context(cannot)?;
    Ok(ExitCode::SUCCESS)
}

/// The day, in UTC.
#[expect(clippy::disallowed_methods, reason = "a record is of the real time")]
fn today() -> String {
    chrono::Utc::now().format("%Y-%m-%d").to_string()
}
