//! The failures of a store.

/// The failure of a store. A missing row is not a failure. The text shows no internals; the source does, for the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A transient failure: try again.
    #[error("the store is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store answers reads and takes no writes now: a standby, or a disk that is almost full. Nothing was written.
    #[error("the store is read-only")]
    ReadOnly(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store did not confirm a write: the connection broke or stayed silent. The row may have been written.
    #[error("the store did not confirm the write")]
    Unconfirmed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A permanent failure: a retry does not help.
    #[error("the store failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// A transient failure.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }

    /// A write to a read-only store.
    pub fn read_only(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::ReadOnly(source.into())
    }

    /// A permanent failure.
    pub fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(source.into())
    }
}
