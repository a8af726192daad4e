//! Tokens that were validated a moment ago.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
};

use lru::LruCache;
use sha2::{Digest, Sha256};

use super::{EntraTokenValidator, SigningKey, jwks_cache::JwksCache};
use crate::Principal;

/// Invariant: seconds for which a token is remembered at most, and never up to its `exp` or longer. A token whose key is
/// among the keys no more is forgotten at once; how long withdrawn keys stay among them, `keys.rs` says.
const REMEMBER_SECONDS: i64 = 300;

/// Callers by the SHA-256 of their tokens. Only a validated token gets in, so strangers cannot push others out; the tokens themselves are not kept.
pub(super) struct TokenCache(Mutex<LruCache<[u8; 32], Entry>>);

struct Entry {
    principal: Principal,
    until: i64,
    key: SigningKey,
}

impl TokenCache {
    pub(super) fn new() -> Self {
        let size =
            NonZeroUsize::new(EntraTokenValidator::CACHED_TOKENS).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(LruCache::new(size)))
    }

    /// The caller of a token that was validated not long ago, with a key that the issuer still publishes.
    pub(super) fn find(&self, token: &str, now: i64, keys: &JwksCache) -> Option<Principal> {
        let hash = hash(token);
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&hash)?;
        if now < entry.until && keys.has(&entry.key) {
            return Some(entry.principal.clone());
        }
        entries.pop(&hash);
        None
    }

    /// Remembers a token that has just been validated.
    pub(super) fn remember(
        &self,
        token: &str,
        principal: &Principal,
        now: i64,
        exp: i64,
        key: SigningKey,
    ) {
        let until = exp.min(now.saturating_add(REMEMBER_SECONDS));
        let (hash, entry) = (hash(token), Entry { principal: principal.clone(), until, key });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(hash, entry);
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
