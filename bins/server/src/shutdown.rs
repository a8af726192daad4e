//! The signals that stop the server.

use std::io;

use tokio::select;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{
    CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
};

/// The signals that stop the server: SIGTERM and SIGINT.
#[cfg(unix)]
pub struct Shutdown {
    terminate: Signal,
    interrupt: Signal,
}

#[cfg(unix)]
impl Shutdown {
    /// Catches the signals from now on.
    ///
    /// # Errors
    /// The operating system rejects a signal handler.
    pub fn listen() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Completes with the next signal.
    pub async fn requested(&mut self) {
        select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The console events that stop the server: Ctrl-C, Ctrl-Break, the end of the console window, and the end of the system.
/// Windows ends the process a few seconds after the last two, whatever the drain time is.
#[cfg(windows)]
pub struct Shutdown {
    interrupt: CtrlC,
    stop: CtrlBreak,
    close: CtrlClose,
    shutdown: CtrlShutdown,
}

#[cfg(windows)]
impl Shutdown {
    /// Catches the events from now on.
    ///
    /// # Errors
    /// The operating system rejects a handler.
    pub fn listen() -> io::Result<Self> {
        let (interrupt, stop) = (ctrl_c()?, ctrl_break()?);
        Ok(Self { interrupt, stop, close: ctrl_close()?, shutdown: ctrl_shutdown()? })
    }

    /// Completes with the next event.
    pub async fn requested(&mut self) {
        select! {
            _ = self.interrupt.recv() => {}
            _ = self.stop.recv() => {}
            _ = self.close.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }
}
