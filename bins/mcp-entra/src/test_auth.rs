//! `mcp-entra test-auth`: proof that a deployed app accepts allowed callers only.

mod arguments;
mod credentials;
mod output;
mod progress;
mod python;
mod setup;

use std::{fmt::Display, fs, io::IsTerminal as _, path::Path, process::ExitCode};

use anyhow::Result;
use auth_probe::{Baseline, CancellationToken, Case, Probe, Profile, Unreachable, Writes};

pub(crate) use self::arguments::Arguments;
use self::progress::Progress;
use crate::{interruption::Interruption, stdout::say};

/// A usage error: the caller has to change the options.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// Returns a usage error.
fn usage<T>(message: impl Into<String>) -> Result<T> {
    Err(Usage(message.into()).into())
}

/// Reads what the file of an option describes.
fn read<T, E: Display>(
    option: &str,
    file: &Path,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T> {
    let wrong = |error: &dyn Display| Usage(format!("{option} {}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| wrong(&error))?;
    parse(&text).map_err(|error| wrong(&error).into())
}

/// Runs the command. It exits with 0 when all cases passed or were skipped on purpose, 1 when one failed, 2 when the
/// usage is wrong, 3 when the app or a token is unavailable or no case was judged, 130 when it was interrupted.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match runtime.block_on(prove(arguments)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::from(if error.is::<Usage>() { 2 } else { 3 })
}

async fn prove(arguments: &Arguments) -> Result<u8> {
    let cases = arguments.cases.select()?;
    if arguments.list {
        for case in cases {
            say(format_args!("{:<4} {}", case.id, case.title));
        }
        return Ok(0);
    }
    if arguments.dry_run {
        let profile = arguments.profile()?;
        for case in cases {
            print_plan(case, &profile);
        }
        return Ok(0);
    }
    arguments.output.check()?;
    let baseline = arguments.output.baseline()?;
    let mut probe = setup::deployed(arguments)?;
    probe.cases = cases;
    probe.python = python::interpreter(arguments)?;
    judge(arguments, &probe, baseline.as_ref()).await
}

async fn judge(arguments: &Arguments, probe: &Probe, baseline: Option<&Baseline>) -> Result<u8> {
    let interrupt = CancellationToken::new();
    cancel_on_signals(&interrupt)?;
    let progress = Progress::new(probe.cases.len());
    let report = probe.run(&progress, &interrupt).await;
    progress.clear();
    let mut report = report.map_err(|error| match error {
        Unreachable::App { .. } => anyhow::anyhow!("{error}: is it running, and is --url right?"),
        error => error.into(),
    })?;
    if let Some(baseline) = baseline {
        report.compare(baseline);
    }
    arguments.output.write(&report)?;
    Ok(report.exit_code())
}

/// Ends the run on a signal, after it enables authentication again.
fn cancel_on_signals(interrupt: &CancellationToken) -> Result<()> {
    let mut interruption = Interruption::listen()?;
    let interrupt = interrupt.clone();
    tokio::spawn(async move {
        loop {
            interruption.requested().await;
            interrupt.cancel();
            progress::say("ending; what was changed is put back first");
        }
    });
    Ok(())
}

fn print_plan(case: &Case, profile: &Profile) {
    say(format_args!(
        "{:<4} {}\n     sends    {}\n     expects  {}",
        case.id, case.title, case.sends, case.expects
    ));
    let tools = profile.tools_of(case);
    if !tools.is_empty() {
        say(format_args!("     calls    {}", tools.join(", ")));
    }
    if !case.tokens.is_empty() {
        let kinds: Vec<_> = case.tokens.iter().map(|kind| kind.name()).collect();
        say(format_args!("     tokens   {}", kinds.join(", ")));
    }
    if case.writes != Writes::Never {
        say("     writes   into a row of its own");
    }
}

/// Returns whether the program runs in a terminal.
fn is_attended() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}
