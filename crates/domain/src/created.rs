//! The result of a create, and how long a caller may repeat it.

use chrono::TimeDelta;

use crate::{BudgetExhausted, IdempotencyKey, StoreError};

impl IdempotencyKey {
    /// How long a key is kept, from its first create on. After that it is free again.
    pub const LIFETIME: TimeDelta = TimeDelta::hours(24);
}

/// The result of a create: a new row, or the row of an earlier create with the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created<T> {
    /// The create wrote it.
    New(T),
    /// The caller repeated a create with its key. Nothing was written; this is the first result, as it was then.
    Replayed(T),
}

impl<T> Created<T> {
    /// The result, whichever create wrote it.
    #[must_use]
    pub fn into_inner(self) -> T {
        match self {
            Self::New(created) | Self::Replayed(created) => created,
        }
    }
}

/// The error of a create.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The caller used this key before, for a create with other content. Nothing was written now.
    #[error("the idempotency key was used for other content")]
    KeyReused,
    /// The author's budget is exhausted. Nothing was written.
    #[error(transparent)]
    BudgetExhausted(#[from] BudgetExhausted),
    /// The store failed. Nothing was written, unless the error is [`StoreError::Unconfirmed`]. With a key the caller can
    /// repeat the create safely.
    #[error(transparent)]
    Store(#[from] StoreError),
}
