//! The product as a process: the server binary, started, read and ended as a user would.

mod output_lines;

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::{
    process::{Child, Command},
    sync::OnceCell,
    time::{sleep, timeout},
};

use self::output_lines::OutputLines;
use crate::{
    process::{self, CleanupProcess},
    program, workspace,
};

/// How long a server may take to start or to end.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A running server, killed when this value is dropped or this process ends.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pid: u32,
    address: String,
    stdout: OutputLines,
    stderr: OutputLines,
    folder: PathBuf,
    cleanup: CleanupProcess,
}

impl Server {
    /// A server to start.
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// The address of a page: `path` opens with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// The process's id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The folder that it runs in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The lines on standard output so far.
    #[must_use]
    pub fn stdout(&self) -> Vec<String> {
        self.stdout.snapshot()
    }

    /// The lines on standard error so far: the log.
    #[must_use]
    pub fn logs(&self) -> Vec<String> {
        self.stderr.snapshot()
    }

    /// Waits until a line of the log contains `text`: a response may arrive before the log's line for it is read.
    ///
    /// # Errors
    /// No line does within 30 seconds.
    pub async fn until_logged(&self, text: &str) -> Result<()> {
        let found = self.stderr.find(|line| line.contains(text).then_some(()));
        match timeout(TIMEOUT, found).await {
            Ok(Some(())) => Ok(()),
            _ => bail!("no {text:?} in the log:\n{}", self.logs().join("\n")),
        }
    }

    /// Waits until `/readyz` reports that the database answers.
    ///
    /// # Errors
    /// It does not within 30 seconds.
    pub async fn wait_until_ready(&self) -> Result<()> {
        let url = self.url("/readyz");
        let ready = async {
            loop {
                match reqwest::get(&url).await {
                    Ok(answer) if answer.status().is_success() => return,
                    _ => sleep(Duration::from_millis(20)).await, // tidy: polls, with a deadline
                }
            }
        };
        timeout(TIMEOUT, ready).await.map_err(|_| anyhow!("the server's database does not answer"))
    }

    /// Asks the server to end (SIGTERM).
    ///
    /// # Errors
    /// It has ended already.
    pub fn terminate(&self) -> Result<()> {
        process::signal("TERM", self.pid)
    }

    /// Kills the server (SIGKILL) and waits until it is gone.
    ///
    /// # Errors
    /// It does not go.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(self.cleanup.forget()?)
    }

    /// Waits until the server has ended and its last line was read.
    ///
    /// # Errors
    /// It still runs after 30 seconds.
    pub async fn wait(&mut self) -> Result<ExitStatus> {
        let status = timeout(TIMEOUT, self.child.wait()).await;
        let status = status.map_err(|_| anyhow!("the server does not end"))??;
        self.cleanup.forget()?;
        self.stdout.end().await;
        self.stderr.end().await;
        Ok(status)
    }

    /// Reads the address from the line that says where the pages are.
    async fn until_ready(&mut self) -> Result<()> {
        let address = timeout(TIMEOUT, self.stdout.find(pages_address)).await;
        let fate = match address {
            Ok(Some(address)) => {
                self.address = address;
                return Ok(());
            }
            Ok(None) => format!("ended with {}", self.wait().await?),
            Err(_) => format!("said no address within {TIMEOUT:?}"),
        };
        let said = [self.stdout(), self.logs()].concat().join("\n");
        bail!("the server {fate}; it said:\n{said}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A failure cannot be reported here.
        let _ = self.child.start_kill();
        // The runtime that would notice its end may be the one that we block.
        while matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(1)); // tidy: nothing tells of the end here
        }
        let _ = self.cleanup.forget();
    }
}

/// How a server shall be started.
///
/// Of this process's environment it sees `PATH` and `HOME`, nothing else.
#[derive(Debug, Default)]
pub struct ServerBuilder {
    program: Option<PathBuf>,
    folder: Option<PathBuf>,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
}

impl ServerBuilder {
    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Sets a variable of its environment. The last value of a name counts.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Runs it in `folder`, not in a fresh one that is removed in the end.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Runs another program than the product's server.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Starts the server on a free port of 127.0.0.1 (unless `BIND` was set), and waits until it
    /// says on standard output where its pages are.
    ///
    /// # Errors
    /// The binary cannot be built, or ends, or says no address within 30 seconds; the error has
    /// what it said.
    pub async fn start(self) -> Result<Server> {
        let own_folder = tempfile::Builder::new().prefix("server-").tempdir()?.keep();
        let mut cleanup = CleanupProcess::start(&own_folder)?;
        let folder = self.folder.clone().unwrap_or(own_folder);
        let mut command = self.command(&folder).await?;
        if !self.env.iter().any(|(name, _)| name == "BIND") {
            command.env("BIND", "127.0.0.1:0");
        }
        let mut child = command.spawn().context("the server does not start")?;
        let pid = child.id().context("the server ended at once")?;
        cleanup.kill_on_exit("KILL", pid.into())?;
        let stdout = OutputLines::of(child.stdout.take());
        let stderr = OutputLines::of(child.stderr.take());
        let address = String::new();
        let mut server = Server { child, pid, address, stdout, stderr, folder, cleanup };
        server.until_ready().await?;
        Ok(server)
    }

    /// Runs the binary to its end, for commands that do not stay.
    ///
    /// # Errors
    /// The binary cannot be built, or still runs after 30 seconds.
    pub async fn run(self) -> Result<Output> {
        let own_folder = tempfile::Builder::new().prefix("server-").tempdir()?;
        let folder = self.folder.clone().unwrap_or_else(|| own_folder.path().to_owned());
        let output = self.command(&folder).await?.output();
        timeout(TIMEOUT, output)
            .await
            .context("the command does not end")?
            .context("it does not start")
    }

    /// The command that would run the binary in `folder`: nothing to read, its output piped, killed when its child is
    /// dropped.
    ///
    /// # Errors
    /// The binary cannot be built.
    pub async fn command(&self, folder: &Path) -> Result<Command> {
        let program = match &self.program {
            Some(program) => program.clone(),
            None => binary().await?,
        };
        let mut command = Command::new(program);
        command.args(&self.args).current_dir(folder).env_clear();
        for kept in ["PATH", "HOME"] {
            command.envs(env::var_os(kept).map(|value| (kept, value)));
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        Ok(command)
    }
}

/// The server binary: `RESTAURANT_SERVER_BIN`, or else built now, once in this process.
///
/// # Errors
/// It does not build; the error has the compiler's output.
pub async fn binary() -> Result<PathBuf> {
    static BINARY: OnceCell<PathBuf> = OnceCell::const_new();
    let built = BINARY.get_or_try_init(|| async {
        match env::var_os("RESTAURANT_SERVER_BIN") {
            Some(path) => Ok(PathBuf::from(path)),
            None => build().await,
        }
    });
    built.await.cloned()
}

/// Builds the server's binary and returns its path.
///
/// # Errors
/// it does not build; the error holds the compiler's output.
pub async fn build() -> Result<PathBuf> {
    // With the features that the whole workspace's tests enable: the dependencies are then compiled once for both.
    program::build(&["--workspace", "--bin=restaurant-server"]).await
}

/// Builds an example of the workspace and returns its path.
///
/// # Errors
/// it does not build; the error holds the compiler's output.
pub async fn build_example(name: &str) -> Result<PathBuf> {
    // The whole workspace's features, as `cargo test --workspace` has them: then it is built already.
    program::build(&["--workspace", "--example", name]).await
}

/// Checks a project in a folder of `tests` with the dependencies and features that it names itself, without those of the workspace:
/// the targets that cargo's option selects.
///
/// # Errors
/// It does not compile; the error holds the compiler's output.
pub async fn check_project(folder: &str, targets: &str) -> Result<()> {
    let manifest = format!("--manifest-path=tests/{folder}/Cargo.toml");
    // The workspace's own folder: what both depend on with the same features is there already.
    let target = workspace::target();
    let target = target.to_str().context("the target folder's path is not UTF-8")?;
    program::check(&[&manifest, targets, "--target-dir", target]).await
}

fn pages_address(line: &str) -> Option<String> {
    let address = line.strip_prefix("Pages")?.trim();
    address.starts_with("http://").then(|| address.trim_end_matches('/').to_owned())
}
