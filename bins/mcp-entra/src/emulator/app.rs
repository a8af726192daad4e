//! The guarded app as a child process: it is started with the platform's variables, gets the signals of this program, and ends
//! with it.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    process::{ExitCode, ExitStatus, Stdio},
};

use anyhow::{Context as _, Result};
use tokio::{
    process::{Child, Command},
    select,
};

use crate::interruption::Interruption;

/// The running app.
pub(super) struct App(Child);

impl App {
    /// Starts a command with these variables besides the ones of this process. It has a process group of its own, and no
    /// standard input.
    pub(super) fn start(
        command: &[OsString],
        variables: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let (program, arguments) = command.split_first().context("the command is empty")?;
        let mut command = Command::new(program);
        command.args(arguments).envs(variables).stdin(Stdio::null()).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn();
        let name = program.display();
        Ok(Self(child.with_context(|| format!("cannot start the app: {name}"))?))
    }

    /// Waits until the app ends, and passes each signal on to it. The exit code is the app's; for an app that a signal ended
    /// it is 128 and the signal's number, as in a shell.
    pub(super) async fn run(mut self, interruption: &mut Interruption) -> Result<ExitCode> {
        loop {
            select! {
                status = self.0.wait() => return Ok(code(status?)),
                signal = interruption.requested() => self.pass_on(signal)?,
            }
        }
    }

    #[cfg(unix)]
    fn pass_on(&mut self, signal: i32) -> Result<()> {
        use rustix::process::{Pid, Signal, kill_process_group};
        // It has ended already where it has no id.
        let id = self.0.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let (Some(id), Some(signal)) = (id, Signal::from_named_raw(signal)) {
            kill_process_group(id, signal).context("cannot pass a signal on to the app")?;
        }
        Ok(())
    }

    /// Windows has no signals for programs without a console: the app is ended.
    #[cfg(windows)]
    fn pass_on(&mut self, _: i32) -> Result<()> {
        self.0.start_kill().context("cannot end the app")
    }
}

fn code(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(windows)]
    let signal: Option<i32> = None;
    let code = status.code().or_else(|| Some(128 + signal?));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}
