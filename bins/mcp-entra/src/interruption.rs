//! The signals that end a command early.

use std::io;

use tokio::select;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{
    CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
};

/// The signals that end a command early: SIGINT, SIGTERM and SIGHUP.
#[cfg(unix)]
pub(crate) struct Interruption {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

#[cfg(unix)]
impl Interruption {
    /// Catches the signals from now on.
    pub(crate) fn listen() -> io::Result<Self> {
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        let hangup = signal(SignalKind::hangup())?;
        Ok(Self { interrupt: signal(interrupt)?, terminate: signal(terminate)?, hangup })
    }

    /// Completes with the next signal, and returns its number.
    pub(crate) async fn requested(&mut self) -> i32 {
        let kind = select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.hangup.recv() => SignalKind::hangup(),
        };
        kind.as_raw_value()
    }
}

/// The console events that end a command early: Ctrl-C, Ctrl-Break, the end of the console window, and the end of the
/// system. Windows ends the process a few seconds after the last two.
#[cfg(windows)]
pub(crate) struct Interruption {
    interrupt: CtrlC,
    stop: CtrlBreak,
    close: CtrlClose,
    shutdown: CtrlShutdown,
}

#[cfg(windows)]
impl Interruption {
    /// Catches the events from now on.
    pub(crate) fn listen() -> io::Result<Self> {
        let (interrupt, stop) = (ctrl_c()?, ctrl_break()?);
        Ok(Self { interrupt, stop, close: ctrl_close()?, shutdown: ctrl_shutdown()? })
    }

    /// Completes with the next event. It has no number.
    pub(crate) async fn requested(&mut self) -> i32 {
        select! {
            _ = self.interrupt.recv() => {}
            _ = self.stop.recv() => {}
            _ = self.close.recv() => {}
            _ = self.shutdown.recv() => {}
        }
        0
    }
}
