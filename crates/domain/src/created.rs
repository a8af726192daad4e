//! What a create ends with, and how long a caller may repeat it.

use chrono::TimeDelta;

use crate::{IdempotencyKey, StoreError};

impl IdempotencyKey {
    /// How long a key is kept, from its first create on. After that it is free again.
    pub const LIFETIME: TimeDelta = TimeDelta::hours(24);
}

/// What a create gave: something new, or what the same create gave before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created<T> {
    /// It was written now.
    New(T),
    /// The caller repeated a create with its key. Nothing was written: this is what the first one gave, as it was then.
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

/// Why a create failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The caller used this key before, for a create with other content. Nothing was written now.
    #[error("the idempotency key was used for other content")]
    KeyReused,
    /// The store failed. Nothing was written, unless the error is [`StoreError::Unconfirmed`]. With a key the caller can
    /// repeat the create safely.
    #[error(transparent)]
    Store(#[from] StoreError),
}
