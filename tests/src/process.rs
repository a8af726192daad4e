//! Processes that tests start, and their cleanup even when the test is killed.

#[cfg(not(unix))]
compile_error!(
    "the tests need Unix: signals, file modes and PostgreSQL's servers. On Windows, use WSL."
);

use std::{
    fmt::Display,
    fs,
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

/// Waits for its standard input to close, then ends the process named by the last line it read
/// (`SIGNAL PID`; an empty line names none), and removes the folder.
const SCRIPT: &str = r#"
signal= pid=
while read -r first second; do signal=$first pid=$second; done
if [ -n "$pid" ]; then
    kill -s "$signal" -- "$pid"
    tries=0
    while kill -s 0 -- "$pid" && [ "$tries" -lt 50 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    kill -s KILL -- "$pid"
fi
rm -rf -- "$1"
"#;

/// A small shell that cleans up when this value is dropped, or when this process ends in any way.
///
/// It holds the reading end of a pipe whose other end closes with this process, so it needs no
/// destructor to run: statics are never dropped, and a killed process drops nothing.
#[derive(Debug)]
pub(crate) struct CleanupProcess {
    shell: Child,
    orders: Option<ChildStdin>,
}

impl CleanupProcess {
    /// Starts the shell; it will remove `folder`.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "cleanup"])
            .arg(folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // In its own group, so that Ctrl-C in a terminal does not end the cleanup.
            .process_group(0)
            .spawn()
            .context("sh does not start")?;
        let orders = shell.stdin.take();
        Ok(Self { shell, orders })
    }

    /// Sets the process to end, and the signal (`SIGKILL` follows after 5 s).
    ///
    /// A negative `target` is a process group.
    pub(crate) fn kill_on_exit(&mut self, signal: &str, target: i64) -> io::Result<()> {
        self.order(&format!("{signal} {target}\n"))
    }

    /// Forgets the process: it has ended.
    pub(crate) fn forget(&mut self) -> io::Result<()> {
        self.order("\n")
    }

    /// Begins the cleanup. Dropping this value waits for its end.
    pub(crate) fn begin(&mut self) {
        self.orders = None;
    }

    fn order(&mut self, line: &str) -> io::Result<()> {
        self.orders.as_mut().map_or(Ok(()), |orders| orders.write_all(line.as_bytes()))
    }
}

impl Drop for CleanupProcess {
    fn drop(&mut self) {
        self.begin();
        // A failure cannot be reported here.
        let _ = self.shell.wait();
    }
}

/// Sends `signal` (`TERM`, `INT`, …) to `target`. It is an error when the process has ended.
pub(crate) fn signal(signal: &str, target: impl Display) -> Result<()> {
    let kill = format!("kill -s {signal} -- {target}");
    let status = Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status()?;
    ensure!(status.success(), "process {target} does not take SIG{signal}: it is gone");
    Ok(())
}

/// Returns the running child processes of `parent`. Empty where there is no `/proc`.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| state(*pid).is_some_and(|(_, of)| of == parent))
        .collect()
}

/// Returns whether `pid` runs. A zombie does not.
pub(crate) fn runs(pid: u32) -> bool {
    state(pid).is_some_and(|(state, _)| state != "Z")
}

/// The processor time that `pid` has used, without its child processes. `None` where there is no `/proc`.
#[must_use]
pub fn processor_time(pid: u32) -> Option<Duration> {
    let stat = stat(pid)?;
    let mut fields = fields(&stat)?.skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 1000 / TICKS_PER_SECOND))
}

/// The processor time that the running child processes of `parent` have used.
#[must_use]
pub fn processor_time_of_children(parent: u32) -> Duration {
    children(parent).into_iter().filter_map(processor_time).sum()
}

/// The unit of the times in `/proc`: `USER_HZ`, which is 100 on every architecture that Rust supports (proc(5)).
const TICKS_PER_SECOND: u64 = 100;

/// The state and the parent of a process.
fn state(pid: u32) -> Option<(String, u32)> {
    let stat = stat(pid)?;
    let mut fields = fields(&stat)?;
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

/// The line of `/proc` for a process.
fn stat(pid: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{pid}/stat")).ok()
}

/// The fields of the line after the process's name, which stands in parentheses and may hold any character.
fn fields(stat: &str) -> Option<impl Iterator<Item = &str>> {
    Some(stat.rsplit_once(')')?.1.split_whitespace())
}
