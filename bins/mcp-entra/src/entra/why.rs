//! `mcp-entra why`: what each check answers to an access token, which is sent nowhere.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
    time::UNIX_EPOCH,
};

use anyhow::{Context as _, Result};
use clap::Args;

use super::{connection::Connection, remedy};
use crate::stdout::say;

/// The most that is read as a token, in bytes.
const MAX_BYTES: u64 = 64 << 10;

#[derive(Args)]
pub(crate) struct Why {
    /// A file with the access token; `-` reads it from standard input.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
}

/// Prints the answers, and the command that makes the first refusal an acceptance. It exits with 1 if there is a refusal.
pub(super) async fn run(options: &Why, connection: &Connection) -> Result<ExitCode> {
    let token = read(&options.token_file).context("--token-file")?;
    let issuer = connection.token_issuer().await?;
    let examiner = connection.admin()?.token_examiner(issuer).await?;
    let examination = examiner.examine(&token, now());
    examination.verdicts.iter().for_each(say);
    let Some((verdict, refusal)) = examination.refusal() else {
        say("the app serves this caller");
        return Ok(ExitCode::SUCCESS);
    };
    let remedy = remedy::wording(&refusal.remedy, connection);
    say(format_args!("the caller gets {} because of: {}", refusal.status, verdict.check));
    say(format_args!("  to correct it: {remedy}"));
    Ok(ExitCode::FAILURE)
}

fn read(file: &Path) -> Result<String> {
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().take(MAX_BYTES).read_to_string(&mut text)?;
    } else {
        let opened = std::fs::File::open(file);
        let opened = opened.with_context(|| format!("cannot read {}", file.display()))?;
        opened.take(MAX_BYTES).read_to_string(&mut text)?;
    }
    Ok(text)
}

#[expect(clippy::disallowed_methods, reason = "tokens are of the real time")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
    since.ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or_default()
}
