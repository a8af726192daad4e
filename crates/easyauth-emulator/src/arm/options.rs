//! How Azure Resource Manager fails, where a test wants it to.

/// How Azure Resource Manager behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ArmOptions {
    /// Writes that fail. None by default.
    pub failing_writes: Vec<FailingWrite>,
    /// Whether settings are read with an `ETag`, and written only if they still have the one of `If-Match`. It is not
    /// documented of these settings; who sends no `If-Match` meets no difference. Default: yes.
    pub conditional_writes: bool,
}

impl Default for ArmOptions {
    fn default() -> Self {
        Self { failing_writes: Vec::new(), conditional_writes: true }
    }
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
