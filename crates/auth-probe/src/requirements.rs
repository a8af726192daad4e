//! What a case needs of the app.

/// The state of the app's authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// Off.
    Off,
    /// On.
    On,
}

/// Whether a case writes into the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// It only reads.
    Never,
    /// It reads as well, so without its writes a part of it can be judged.
    Also,
    /// It cannot be judged without its writes.
    Only,
}
