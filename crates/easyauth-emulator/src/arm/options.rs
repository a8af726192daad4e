//! How Azure Resource Manager fails, where a test wants it to.

/// How Azure Resource Manager behaves.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ArmOptions {
    /// Writes that fail. None by default.
    pub failing_writes: Vec<FailingWrite>,
}

/// A PUT that fails and changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailingWrite {
    /// Which PUT since the start, from 1; those that fail count.
    pub nth: u32,
    /// What it is answered: 429, 500, 503 and so on.
    pub status: u16,
    /// `Retry-After` in seconds, if it is sent.
    pub retry_after: Option<u32>,
}
