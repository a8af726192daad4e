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
    sync::{Mutex, OwnedMutexGuard},
    time::{Instant, sleep_until},
};

use super::{IssuerKeys, KeySource, SigningKey, TokenRefusal};

/// Keys older than this are asked for again, while they go on serving.
const REFRESH_AFTER: Duration = Duration::from_hours(1);

/// Invariant: keys older than this are not believed before the issuer was asked, unless it was away when it was asked last.
/// So a key that was withdrawn while nobody called opens nothing.
const ASK_FIRST_AFTER: Duration = Duration::from_hours(2);

/// Invariant: how long keys are believed while the issuer is away.
const KEEP: Duration = Duration::from_hours(24);

/// Invariant: the least time between two fetches. It doubles with each fetch that brings no new key, so that a flood of
/// unknown key ids costs the issuer little; a new key, or [`MAX_COOLDOWN`] without such a token, sets it back.
const COOLDOWN: Duration = Duration::from_secs(1);

/// The most that the time between two fetches grows to.
const MAX_COOLDOWN: Duration = Duration::from_mins(1);

/// The same where fetches fail: an issuer that comes back is missed no longer than this.
const MAX_COOLDOWN_AFTER_FAILURE: Duration = Duration::from_secs(8);

/// The keys of one issuer. A handle: clones share them.
#[derive(Clone)]
pub(super) struct Keys(Arc<Shared>);

struct Shared {
    source: Arc<dyn KeySource>,
    current: RwLock<Option<Arc<KeySet>>>,
    fetches: Arc<Mutex<Fetches>>,
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

impl Keys {
    pub(super) fn new(source: Arc<dyn KeySource>) -> Self {
        let fetches = Fetches { next: Instant::now(), cooldown: COOLDOWN };
        let fetches = Arc::new(Mutex::new(fetches));
        let (current, begun) = (RwLock::default(), AtomicU64::new(0));
        let is_away = AtomicBool::new(false);
        Self(Arc::new(Shared { source, current, fetches, begun, is_away }))
    }

    /// Fetches the keys unless they are there.
    pub(super) async fn warm_up(&self) -> Result<(), TokenRefusal> {
        self.refresh_until(|set| set.is_some()).await;
        self.current().map(drop).ok_or(TokenRefusal::KeysUnavailable)
    }

    /// Whether this key is among those that are there.
    pub(super) fn has(&self, key: &SigningKey) -> bool {
        let set = self.current();
        set.and_then(|set| set.find(key.kid())).is_some_and(|found| found.key.is_same(key))
    }

    /// The key of that id; the issuer is asked for one that is not there, as often as it may be asked.
    pub(super) async fn find(&self, kid: &str) -> Result<Key, TokenRefusal> {
        self.refresh_until(|set| set.is_some_and(|set| set.keys.contains_key(kid))).await;
        let set = self.current().ok_or(TokenRefusal::KeysUnavailable)?;
        set.find(kid).ok_or(TokenRefusal::UnknownKey)
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

    /// Asks the issuer unless the keys that are there will do: once, and not where it may not be asked soon. Keys that
    /// will do but are older than [`REFRESH_AFTER`] are asked for aside; only past [`ASK_FIRST_AFTER`] they are waited for.
    async fn refresh_until(&self, has: impl Fn(Option<&KeySet>) -> bool) {
        let will_do =
            |set: Option<&KeySet>| has(set) && set.is_none_or(|set| self.is_believed(set));
        let seen = self.0.begun.load(Ordering::Acquire);
        let current = self.current();
        if will_do(current.as_deref()) {
            if current.is_some_and(|set| set.fetched.elapsed() >= REFRESH_AFTER) {
                self.refresh_aside();
            }
            return;
        }
        let fetches = Arc::clone(&self.0.fetches).lock_owned().await;
        let is_answered = self.0.begun.load(Ordering::Acquire) != seen;
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
        self.0.begun.fetch_add(1, Ordering::Release);
        if fetches.next + MAX_COOLDOWN < Instant::now() {
            fetches.cooldown = COOLDOWN;
        }
        let answer = self.0.source.fetch().await;
        self.0.is_away.store(answer.is_err(), Ordering::Release);
        let limit = match answer {
            Ok(keys) => {
                let is_news = self.store(&keys);
                if is_news {
                    fetches.cooldown = COOLDOWN;
                }
                if is_news { COOLDOWN } else { MAX_COOLDOWN }
            }
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(error, "the issuer's keys cannot be had; those that are there stay");
                MAX_COOLDOWN_AFTER_FAILURE
            }
        };
        fetches.next = Instant::now() + fetches.cooldown.min(limit);
        fetches.cooldown = (fetches.cooldown * 2).min(limit).max(COOLDOWN);
    }

    /// Puts keys in the place of the former ones; tells whether one of them is new.
    fn store(&self, fetched: &IssuerKeys) -> bool {
        let set = KeySet {
            issuer: fetched.issuer.as_str().into(),
            keys: fetched.keys.iter().map(|key| (key.kid().to_owned(), key.clone())).collect(),
            fetched: Instant::now(),
        };
        let mut current = self.0.current.write().unwrap_or_else(PoisonError::into_inner);
        let former = current.as_ref().map(|set| &set.keys);
        let is_news = set.keys.keys().any(|kid| former.is_none_or(|keys| !keys.contains_key(kid)));
        *current = Some(Arc::new(set));
        is_news
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

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}
