//! The cache of valid tokens.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
};

use lru::LruCache;
use sha2::{Digest, Sha256};

use super::{jwks::SigningKey, jwks_cache::JwksCache};
use crate::principal::Principal;

pub(super) const CAPACITY: usize = 1000;

/// Invariant: the maximum age of an entry, in seconds. An entry never reaches its token's `exp`, and is removed as soon as
/// the token's key is no longer in the key cache.
const MAX_SECONDS: i64 = 300;

/// Callers by the SHA-256 of their tokens. It holds only valid tokens, so that a client without one cannot evict entries, and
/// never a token itself.
pub(super) struct TokenCache(Mutex<LruCache<[u8; 32], Entry>>);

struct Entry {
    principal: Principal,
    until: i64,
    key: SigningKey,
}

impl TokenCache {
    pub(super) fn new() -> Self {
        let capacity = NonZeroUsize::new(CAPACITY).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(LruCache::new(capacity)))
    }

    /// The caller of a cached token whose key the issuer still publishes.
    pub(super) fn get(&self, token: &str, now: i64, jwks: &JwksCache) -> Option<Principal> {
        let hash = hash(token);
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&hash)?;
        if now < entry.until && jwks.has(&entry.key) {
            return Some(entry.principal.clone());
        }
        entries.pop(&hash);
        None
    }

    /// Adds a valid token.
    pub(super) fn insert(
        &self,
        token: &str,
        principal: &Principal,
        now: i64,
        exp: i64,
        key: SigningKey,
    ) {
        let until = exp.min(now.saturating_add(MAX_SECONDS));
        let entry = Entry { principal: principal.clone(), until, key };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(hash(token), entry);
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
