//! The program as a process of its own.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// The last line that the emulator prints before it waits.
const READY: &str = "Ctrl-C ends it.";

/// A running emulator, and what it has printed.
pub struct Emulator {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
    lines: Vec<String>,
}

impl Emulator {
    pub async fn start(args: &[&str]) -> Self {
        let mut child = command(args).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut emulator = Self { child, output, lines: Vec::new() };
        emulator.wait_for(READY).await;
        emulator
    }

    /// Reads what it and its app print, up to this line.
    pub async fn wait_for(&mut self, last: &str) {
        while let Some(line) = self.output.next_line().await.unwrap() {
            let is_last = line == last;
            self.lines.push(line);
            if is_last {
                return;
            }
        }
        panic!("{:?}", self.lines);
    }

    /// The rest of the last line that starts with these words, after spaces.
    pub fn printed(&self, words: &str) -> &str {
        let mut lines = self.lines.iter().rev().map(|line| line.trim());
        lines.find_map(|line| line.strip_prefix(words)).unwrap_or_else(|| panic!("{words}"))
    }

    /// Whether it has printed a line with this beginning, after spaces.
    pub fn has_printed(&self, words: &str) -> bool {
        self.lines.iter().any(|line| line.trim().starts_with(words))
    }

    /// Ends it as a person does.
    pub async fn ends(self) {
        assert_eq!(self.ends_by("INT").await, Some(0));
    }

    /// Sends it a signal, and answers its exit code.
    pub async fn ends_by(mut self, signal: &str) -> Option<i32> {
        let pid = self.child.id().unwrap().to_string();
        let signal = format!("-{signal}");
        assert!(Command::new("kill").args([&signal, &pid]).status().await.unwrap().success());
        self.child.wait().await.unwrap().code()
    }
}

/// The exit code, and what it complained of.
pub async fn exits(args: &[&str]) -> (Option<i32>, String) {
    let output = command(args).output().await.unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-entra"));
    command.arg("emulator").args(args).kill_on_drop(true).stdin(Stdio::null());
    command
}
