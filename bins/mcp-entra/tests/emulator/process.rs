//! The program as a process of its own.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// The last line that the emulator prints before it waits.
const READY: &str = "Ctrl-C ends it.";

/// A running emulator, and what it has printed.
pub struct Emulator {
    child: Child,
    lines: Vec<String>,
}

impl Emulator {
    pub async fn start(args: &[&str]) -> Self {
        let mut child = command(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = Vec::new();
        while let Some(line) = output.next_line().await.unwrap() {
            let is_last = line == READY;
            lines.push(line);
            if is_last {
                return Self { child, lines };
            }
        }
        panic!("{lines:?}");
    }

    /// The rest of the line that starts with these words, after spaces.
    pub fn printed(&self, words: &str) -> &str {
        let mut lines = self.lines.iter().map(|line| line.trim());
        lines.find_map(|line| line.strip_prefix(words)).unwrap_or_else(|| panic!("{words}"))
    }

    /// Ends it as a person does.
    pub async fn ends(mut self) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
        assert!(self.child.wait().await.unwrap().success());
    }
}

/// The error with which it exits by 2.
pub async fn fails(args: &[&str]) -> String {
    let output = command(args).output().await.unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
    error
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-entra"));
    command.arg("emulator").args(args).kill_on_drop(true).stdin(Stdio::null());
    command
}
