//! The idempotency keys in memory.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::{Author, CreateError, Fingerprint, IdempotencyKey, Post};

/// The keys of all callers.
#[derive(Default)]
pub(super) struct Keys(HashMap<Owned, Kept>);

/// A caller's kind and id, and their key.
type Owned = (&'static str, String, String);

struct Kept {
    fingerprint: Fingerprint,
    at: DateTime<Utc>,
    created: Post,
}

/// A create that is asked for, with a key or without.
pub(super) struct KeyUse {
    owned: Option<Owned>,
    fingerprint: Fingerprint,
    now: DateTime<Utc>,
}

impl KeyUse {
    pub(super) fn new(
        author: &Author,
        key: Option<&IdempotencyKey>,
        fingerprint: Fingerprint,
        now: DateTime<Utc>,
    ) -> Self {
        let id = author.id().unwrap_or_default();
        let kind = author.kind().identity().as_str();
        let owned = key.map(|key| (kind, id.to_owned(), key.as_str().to_owned()));
        Self { owned, fingerprint, now }
    }
}

impl Keys {
    /// What the same create made before; `None` when there is no key, or a free one.
    pub(super) fn created(&self, asked: &KeyUse) -> Result<Option<Post>, CreateError> {
        let kept = asked.owned.as_ref().and_then(|owned| self.0.get(owned));
        match kept.filter(|kept| kept.lives(asked.now)) {
            Some(kept) if kept.fingerprint == asked.fingerprint => Ok(Some(kept.created)),
            Some(_) => Err(CreateError::KeyReused),
            None => Ok(None),
        }
    }

    /// Keeps what a create made, and forgets what is too old.
    pub(super) fn keep(&mut self, asked: KeyUse, created: Post) {
        let KeyUse { owned, fingerprint, now } = asked;
        let Some(owned) = owned else { return };
        self.0.retain(|_, kept| kept.lives(now));
        self.0.insert(owned, Kept { fingerprint, at: now, created });
    }

    /// Forgets the key of a post that goes.
    pub(super) fn forget(&mut self, post: Post) {
        self.0.retain(|_, kept| kept.created != post);
    }
}

impl Kept {
    fn lives(&self, now: DateTime<Utc>) -> bool {
        now - self.at < IdempotencyKey::LIFETIME
    }
}
