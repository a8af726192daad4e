//! The switch that turns the app's authentication off for the cases that need it off, and restores it.

use std::{error::Error, fmt};

/// An error of a switch. The report has it with its sources, so it must contain no secret.
pub type SwitchError = Box<dyn Error + Send + Sync>;

/// Turns the authentication of one app off. [`Probe`](crate::Probe) knows no platform: it asks through this trait.
#[async_trait::async_trait]
pub trait AuthSwitch: fmt::Debug + Send + Sync {
    /// Reads the settings of the app and stores a copy of them. It changes nothing.
    ///
    /// `host` is the host that the probe asks, and `run` the id of the run.
    ///
    /// # Errors
    /// When another app answers at `host`, or the settings cannot be read completely, or cannot be stored.
    async fn save(&self, host: &str, run: &str) -> Result<Box<dyn SavedSettings>, SwitchError>;
}

/// The settings of an app as they were, and the way back to them.
///
/// After [`AuthSwitch::save`] has succeeded, [`Probe`](crate::Probe) calls [`switch_off`](Self::switch_off) once, and
/// [`restore`](Self::restore) in every case: after an error, an interruption or a panic.
#[async_trait::async_trait]
pub trait SavedSettings: Send + Sync {
    /// Where the copy is, for an operator.
    fn location(&self) -> &str;

    /// The commands by which an operator restores the settings without this program.
    fn restore_commands(&self) -> &str;

    /// Turns authentication off. When it returns, no write is on its way.
    ///
    /// # Errors
    /// When a setting cannot be written.
    async fn switch_off(&self) -> Result<(), SwitchError>;

    /// Restores what `switch_off` changed, and verifies it. What others have changed since stays.
    ///
    /// # Errors
    /// When a setting cannot be restored; the others are restored all the same.
    async fn restore(&self) -> Result<(), SwitchError>;
}
