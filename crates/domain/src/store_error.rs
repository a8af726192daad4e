//! The failures of a store.

/// A store's failure. Absence is not one. No form's text says anything of the store's inside; the source does, for the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot answer now: try again in a moment.
    #[error("the store is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store answers reads and takes no writes now: a standby, or a disk that is almost full. Nothing was written.
    #[error("the store is read-only")]
    ReadOnly(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store did not confirm a write: the connection broke or stayed silent. The row may have been written.
    #[error("the store did not confirm the write")]
    Unconfirmed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store answered with an error that trying again will not mend.
    #[error("the store failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// A failure that passes.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }

    /// A write that a store refuses which can only be read now.
    pub fn read_only(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::ReadOnly(source.into())
    }

    /// A failure that stays.
    pub fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(source.into())
    }
}
