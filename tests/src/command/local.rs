//! `cargo xtask test-auth --local`: starts the whole product behind the emulated platform, and judges it by
//! `mcp-entra test-auth`.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use auth_probe::TokenKind;
use clap::Args;
use easyauth_emulator::{Options, sample};
use restaurant_tests::{
    app_service::{AppService, SITE},
    postgres, program,
    python::Environment,
};
use tokio::{
    process::Command,
    signal::unix::{SignalKind, signal},
};

/// The exit code for wrong usage, as `mcp-entra test-auth` has it.
const USAGE: u8 = 2;

/// The options that name a deployed app.
const DEPLOYED: [&str; 3] = ["--url", "--resource-id", "--allow-disabling-auth"];

/// The options with which nothing is sent.
const SILENT: [&str; 4] = ["--list", "--dry-run", "--help", "-h"];

/// Start the app here and judge every case: `--local`, `--database postgres|sqlite`, and the options of
/// `mcp-entra test-auth` that do not name a deployed app.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs the command. It exits as `mcp-entra test-auth` does.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let local = match Local::parse(&arguments.arguments) {
        Ok(local) => local,
        Err(message) => {
            eprintln!("error: {message}");
            return Ok(ExitCode::from(USAGE));
        }
    };
    tokio::runtime::Runtime::new()?.block_on(local.judge())
}

/// What was asked for.
struct Local {
    database: Option<Database>,
    /// For `mcp-entra test-auth`.
    forwarded: Vec<OsString>,
}

#[derive(Debug, Clone, Copy)]
enum Database {
    Postgres,
    Sqlite,
}

impl Local {
    fn parse(arguments: &[OsString]) -> Result<Self, String> {
        let (mut database, mut forwarded) = (None, Vec::new());
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy();
            let (name, value) = text.split_once('=').map_or((&*text, None), |(n, v)| (n, Some(v)));
            match name {
                "--local" => {}
                "--database" => {
                    let next = value.map(OsString::from).or_else(|| arguments.next().cloned());
                    database = Some(Database::parse(next.as_deref())?);
                }
                name if DEPLOYED.contains(&name) => {
                    return Err(format!("{name} cannot be used with --local"));
                }
                _ => forwarded.push(argument.clone()),
            }
        }
        Ok(Self { database, forwarded })
    }

    async fn judge(self) -> Result<ExitCode> {
        // Built already where all tests run.
        let program = match env::var_os("MCP_ENTRA_BIN") {
            Some(program) => program.into(),
            None => program::build(&["--package=mcp-entra"]).await?,
        };
        if self.has(&SILENT) {
            return status(mcp_entra(&program).args(&self.forwarded)).await;
        }
        // Wrong usage is reported before anything is started.
        let plan = mcp_entra(&program).args(&self.forwarded).arg("--dry-run").output().await?;
        if !plan.status.success() {
            eprint!("{}", String::from_utf8_lossy(&plan.stderr));
            return Ok(code(plan.status));
        }
        let app = self.start().await?;
        let folder = tempfile::tempdir()?;
        let mut judge = mcp_entra(&program);
        judge.args(&self.forwarded).args(describe(&app, folder.path())?);
        if !self.has(&["--python"]) {
            judge.arg("--python");
        }
        if !self.forwarded.iter().any(|argument| argument == "--python=false") {
            let interpreter = tokio::task::spawn_blocking(|| Environment::Agent.interpreter());
            let interpreter = interpreter
                .await?
                .context("the Python client cannot be installed; leave it out by --python=false")?;
            judge.arg("--python-interpreter").arg(interpreter);
        }
        status(&mut judge).await
    }

    fn has(&self, names: &[&str]) -> bool {
        self.forwarded.iter().any(|argument| {
            let text = argument.to_string_lossy();
            names.contains(&text.split('=').next().unwrap_or_default())
        })
    }

    async fn start(&self) -> Result<AppService> {
        let has_postgres = postgres::binaries().is_some();
        let default = if has_postgres { Database::Postgres } else { Database::Sqlite };
        let database = self.database.unwrap_or(default);
        eprintln!("starting the server on {database:?} behind the emulated platform");
        match database {
            Database::Postgres => AppService::on_postgres(Options::default()).await,
            Database::Sqlite => AppService::on_sqlite(Options::default()).await,
        }
    }
}

impl Database {
    fn parse(name: Option<&OsStr>) -> Result<Self, String> {
        match name.and_then(OsStr::to_str) {
            Some("postgres") => Ok(Self::Postgres),
            Some("sqlite") => Ok(Self::Sqlite),
            _ => Err("--database: give postgres or sqlite".to_owned()),
        }
    }
}

/// The command, without anything of this process's environment in which it would find a credential.
fn mcp_entra(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("test-auth");
    for name in ["TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "FEDERATED_TOKEN_FILE"] {
        command.env_remove(format!("AZURE_{name}"));
    }
    command.env_remove("AZURE_AUTHORITY_HOST");
    command
}

/// The options that describe the app, with a token of every kind in a file of the folder.
fn describe(app: &AppService, folder: &Path) -> Result<Vec<OsString>> {
    let (cloud, tenant, client) = (app.cloud(), sample::TENANT_ID, sample::API);
    let mut options: Vec<OsString> = [
        ["--url", app.origin()],
        ["--tenant", &tenant.to_string()],
        ["--client-id", &client.to_string()],
        ["--authority", cloud.origin()],
        ["--resource-manager", cloud.origin()],
        ["--resource-id", &app.site().id],
        ["--confirm", SITE],
    ]
    .concat()
    .into_iter()
    .map(OsString::from)
    .collect();
    options.push("--allow-disabling-auth".into());
    options.extend(["--settings-folder".into(), folder.into()]);
    let operator = write(folder, "operator", &app.operator_token()?)?;
    options.extend(["--arm-token-file".into(), operator.into()]);
    for (kind, token) in app.tokens()? {
        let file = write(folder, kind.name(), &token)?;
        match kind {
            TokenKind::Good => options.extend(["--token-file".into(), file.into()]),
            TokenKind::WrongAudience => {
                options.extend(["--wrong-audience-token-file".into(), file.into()]);
            }
            kind => {
                let value = format!("{}={}", kind.name(), file.display());
                options.extend(["--token".into(), value.into()]);
            }
        }
    }
    Ok(options)
}

fn write(folder: &Path, name: &str, token: &str) -> Result<PathBuf> {
    let file = folder.join(name);
    fs::write(&file, token)?;
    Ok(file)
}

/// Runs a command to its end. Ctrl-C reaches it without us; other signals are passed on.
async fn status(command: &mut Command) -> Result<ExitCode> {
    let mut child = command.kill_on_drop(true).spawn()?;
    let pid = child.id().map(|id| id.to_string()).unwrap_or_default();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            ended = child.wait() => return Ok(code(ended?)),
            _ = interrupt.recv() => {}
            _ = terminate.recv() => signal_child("TERM", &pid).await,
            _ = hangup.recv() => signal_child("HUP", &pid).await,
        }
    }
}

async fn signal_child(signal: &str, pid: &str) {
    // A child that has ended needs no signal.
    let _ = Command::new("kill").args(["-s", signal, pid]).status().await;
}

/// The exit code of a program, as a shell has it.
fn code(status: std::process::ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
