//! The issuer's keys, kept and asked for again: seldom, once at a time, and never because a token says where.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Mutex, OwnedMutexGuard, Semaphore},
    time::{Instant, sleep_until},
};

use super::{Jwks, JwksProvider, SigningKey, TokenError};

/// Keys older than this are asked for again, while they go on serving.
const REFRESH_AFTER: Duration = Duration::from_hours(1);

/// Invariant: keys older than this are not believed before the issuer was asked, unless it was away when it was asked last.
/// So a key that was withdrawn while nobody called opens nothing.
const ASK_FIRST_AFTER: Duration = Duration::from_hours(2);

/// Invariant: how long keys are believed while the issuer is away.
const KEEP: Duration = Duration::from_hours(24);

/// Invariant: the least time between two fetches. A flood of made-up key ids costs the issuer one fetch in this time, and
/// a new key of its own is known after one more: flood or not, a good token waits about as long.
const COOLDOWN: Duration = Duration::from_secs(1);

/// The most that this time grows to where fetches fail: it doubles with each of them, and a fetch that succeeds sets it
/// back. An issuer that comes back is missed no longer than this.
const MAX_COOLDOWN: Duration = Duration::from_secs(8);

/// Invariant: how many callers wait at a time for keys that are not there, while others are. Each of them may hold a
/// connection: more are told to come back.
const MAX_WAITING: usize = 256;

/// The keys of one issuer. A handle: clones share them.
#[derive(Clone)]
pub(super) struct JwksCache(Arc<Shared>);

struct Shared {
    source: Arc<dyn JwksProvider>,
    current: RwLock<Option<Arc<KeySet>>>,
    fetches: Arc<Mutex<Fetches>>,
    /// Places for those who wait for a key that is not there.
    waiting: Semaphore,
    /// How many fetches were begun. A caller who came before one began may take its answer for their own; one that was
    /// under way when they came may have missed what they are after.
    begun: AtomicU64,
    /// Whether the last fetch failed.
    is_away: AtomicBool,
}

/// What one fetch brought.
struct KeySet {
    issuer: Arc<str>,
    keys: HashMap<String, SigningKey>,
    fetched: Instant,
    /// Which fetch it was: the first has 1.
    number: u64,
}

/// A key, and the version 2.0 issuer whose key it is.
pub(super) struct Key {
    pub(super) issuer: Arc<str>,
    pub(super) key: SigningKey,
}

/// When the issuer was asked, and may be asked next. Whoever holds it asks.
struct Fetches {
    next: Instant,
    cooldown: Duration,
}

impl JwksCache {
    pub(super) fn new(source: Arc<dyn JwksProvider>) -> Self {
        let fetches = Fetches { next: Instant::now(), cooldown: COOLDOWN };
        let fetches = Arc::new(Mutex::new(fetches));
        let (current, begun) = (RwLock::default(), AtomicU64::new(0));
        let (waiting, is_away) = (Semaphore::new(MAX_WAITING), AtomicBool::new(false));
        Self(Arc::new(Shared { source, current, fetches, waiting, begun, is_away }))
    }

    /// Fetches the keys unless they are there.
    pub(super) async fn warm_up(&self) -> Result<(), TokenError> {
        self.refresh_until(self.begun(), |set| set.is_some()).await;
        self.current().map(drop).ok_or(TokenError::KeysUnavailable)
    }

    /// The issuer as it named itself last, however long ago.
    pub(super) fn issuer(&self) -> Option<Arc<str>> {
        let current = self.0.current.read().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().map(|set| Arc::clone(&set.issuer))
    }

    /// Whether this key is among those that are there.
    pub(super) fn has(&self, key: &SigningKey) -> bool {
        let set = self.current();
        set.and_then(|set| set.find(key.kid())).is_some_and(|found| found.key.is_same(key))
    }

    /// The key of that id. One that is not there is asked for.
    ///
    /// Invariant: [`TokenError::UnknownKey`] says that the issuer, asked after this call began, has no such key. Where it
    /// could not be asked, that is no verdict on the token, and the refusal is a temporary one.
    pub(super) async fn find(&self, kid: &str) -> Result<Key, TokenError> {
        let begun = self.begun();
        let is_missing = self.current().is_some_and(|set| !set.keys.contains_key(kid));
        let place = is_missing.then(|| self.0.waiting.try_acquire()).transpose();
        let place = place.map_err(|_| TokenError::TooManyUnknownKeys)?;
        self.refresh_until(begun, |set| set.is_some_and(|set| set.keys.contains_key(kid))).await;
        drop(place);
        let set = self.current().ok_or(TokenError::KeysUnavailable)?;
        let is_asked = set.number > begun;
        let absent = if is_asked { TokenError::UnknownKey } else { TokenError::KeysUnavailable };
        set.find(kid).ok_or(absent)
    }

    /// How many fetches were begun.
    fn begun(&self) -> u64 {
        self.0.begun.load(Ordering::Acquire)
    }

    fn current(&self) -> Option<Arc<KeySet>> {
        let current = self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        current.filter(|set| set.fetched.elapsed() < KEEP)
    }

    /// Whether keys may be used before the issuer is asked again.
    fn is_believed(&self, set: &KeySet) -> bool {
        set.fetched.elapsed() < ASK_FIRST_AFTER || self.0.is_away.load(Ordering::Acquire)
    }

    /// Asks the issuer in a task of its own, unless somebody does or it is too early.
    fn refresh_aside(&self) {
        if let Ok(fetches) = Arc::clone(&self.0.fetches).try_lock_owned()
            && fetches.next <= Instant::now()
        {
            tokio::spawn(self.clone().fetch(fetches));
        }
    }

    /// Asks the issuer unless the keys that are there will do: once, and not where it may not be asked soon. A fetch that
    /// began since the caller came (when `seen` had begun) is theirs as well. Keys that will do but are older than
    /// [`REFRESH_AFTER`] are asked for aside; only past [`ASK_FIRST_AFTER`] they are waited for.
    async fn refresh_until(&self, seen: u64, has: impl Fn(Option<&KeySet>) -> bool) {
        let will_do =
            |set: Option<&KeySet>| has(set) && set.is_none_or(|set| self.is_believed(set));
        let current = self.current();
        if will_do(current.as_deref()) {
            if current.is_some_and(|set| set.fetched.elapsed() >= REFRESH_AFTER) {
                self.refresh_aside();
            }
            return;
        }
        let fetches = Arc::clone(&self.0.fetches).lock_owned().await;
        let is_answered = self.begun() != seen;
        let is_far = fetches.next > Instant::now() + COOLDOWN;
        if is_answered || is_far || will_do(self.current().as_deref()) {
            return;
        }
        sleep_until(fetches.next).await;
        // In a task of its own: a caller who goes away does not take the answer with them.
        if let Err(error) = tokio::spawn(self.clone().fetch(fetches)).await {
            tracing::error!(%error, "fetching the issuer's keys ended early");
        }
    }

    async fn fetch(self, mut fetches: OwnedMutexGuard<Fetches>) {
        let number = self.0.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let answer = self.0.source.fetch().await;
        self.0.is_away.store(answer.is_err(), Ordering::Release);
        let rest = match answer {
            Ok(keys) => {
                self.store(&keys, number);
                fetches.cooldown = COOLDOWN;
                COOLDOWN
            }
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(error, "the issuer's keys cannot be had; those that are there stay");
                let rest = fetches.cooldown;
                fetches.cooldown = (rest * 2).min(MAX_COOLDOWN);
                rest
            }
        };
        fetches.next = Instant::now() + rest;
    }

    /// Puts keys in the place of the former ones.
    fn store(&self, fetched: &Jwks, number: u64) {
        let set = KeySet {
            issuer: fetched.issuer.as_str().into(),
            keys: fetched.keys.iter().map(|key| (key.kid().to_owned(), key.clone())).collect(),
            fetched: Instant::now(),
            number,
        };
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(set));
    }
}

/// An error with all that is behind it: a log in JSON writes no sources of its own.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl KeySet {
    fn find(&self, kid: &str) -> Option<Key> {
        let key = self.keys.get(kid)?.clone();
        Some(Key { issuer: Arc::clone(&self.issuer), key })
    }
}

impl fmt::Debug for JwksCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}
