//! The program, run many times at once, with all that it says.

use std::{process::ExitStatus, sync::Arc, time::Duration};

use restaurant_tests::server::ServerBuilder;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, Command},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

/// How long a run may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The last line that a server says when it has started.
const STARTED: &str = "Ctrl-C stops the server.";

/// What a run said.
pub struct Said {
    pub told: String,
    pub code: Option<i32>,
    pub output: String,
}

/// Runs, a few at a time.
#[derive(Default)]
pub struct AtOnce {
    runs: JoinSet<Said>,
    turns: Option<Arc<Semaphore>>,
}

impl AtOnce {
    /// Runs the program as soon as it is its turn. One that starts to serve is asked for something, and told to stop.
    pub async fn add(&mut self, told: String, server: ServerBuilder) {
        let turns = self.turns.get_or_insert_with(|| Arc::new(Semaphore::new(6)));
        let turn = Arc::clone(turns).acquire_owned().await.unwrap();
        self.runs.spawn(async move {
            let folder = tempfile::tempdir().unwrap();
            let command = server.command(folder.path()).await.unwrap();
            let said = timeout(TIMEOUT, said(command)).await;
            drop(turn);
            let (code, output) = said.unwrap_or_else(|_| panic!("{told}: it does not end"));
            Said { told, code, output }
        });
    }

    /// What each said.
    pub async fn all(self) -> Vec<Said> {
        self.runs.join_all().await
    }
}

/// The exit code, and everything that was said.
async fn said(mut command: Command) -> (Option<i32>, String) {
    let mut child = command.spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let errors = tokio::spawn(async move {
        let mut bytes = Vec::new();
        stderr.read_to_end(&mut bytes).await.unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let mut lines = BufReader::new(child.stdout.take().unwrap()).split(b'\n');
    let mut output = String::new();
    let mut address = String::new();
    while let Some(line) = lines.next_segment().await.unwrap() {
        let line = String::from_utf8_lossy(&line).into_owned();
        if let Some(pages) = line.strip_prefix("Pages") {
            pages.trim().clone_into(&mut address);
        }
        output.push_str(&line);
        output.push('\n');
        if line == STARTED {
            visit(&address).await;
            stop(&child);
        }
    }
    let status: ExitStatus = child.wait().await.unwrap();
    output.push_str(&errors.await.unwrap());
    (status.code(), output)
}

/// Has the server look at its settings once more.
async fn visit(address: &str) {
    for path in ["", "readyz", "mcp"] {
        // An answer of any kind is one.
        let _ = reqwest::get(format!("{address}{path}")).await;
    }
}

fn stop(child: &Child) {
    let Some(pid) = child.id() else { return };
    let kill = format!("kill -s TERM -- {pid}");
    std::process::Command::new("sh").args(["-c", &kill]).status().unwrap();
}
