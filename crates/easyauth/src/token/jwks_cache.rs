//! The cache of the issuer's keys, with its refresh policy.

use std::{
    collections::HashMap,
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

use super::{
    error::TokenError,
    jwks::{Jwks, JwksProvider, SigningKey},
};

/// The age at which keys are refreshed in the background while they stay in use.
const REFRESH_AFTER: Duration = Duration::from_secs(3600);

/// Invariant: keys older than this are not used before a refresh, unless the last fetch failed. So a key that was withdrawn
/// while no request arrived validates no token.
const STALE_AFTER: Duration = Duration::from_secs(7200);

/// Invariant: the maximum age of keys while fetches fail.
const EXPIRE_AFTER: Duration = Duration::from_secs(86400);

/// Invariant: the minimum time between two fetches. A flood of invented key ids costs the issuer one fetch in this time, and
/// a new key of the issuer is known after one more: a valid token waits about as long with a flood as without.
const COOLDOWN: Duration = Duration::from_secs(1);

/// The maximum of that time while fetches fail: it doubles with each failure, and a success resets it. The recovery of an
/// issuer is noticed within this time.
const MAX_COOLDOWN: Duration = Duration::from_secs(8);

/// Invariant: the maximum number of requests that wait for an unknown key id. Each may hold a connection; further ones are
/// rejected as transient.
const MAX_WAITING: usize = 256;

/// The keys of one issuer. Clones share them.
#[derive(Clone)]
pub(super) struct JwksCache(Arc<Shared>);

struct Shared {
    provider: Arc<dyn JwksProvider>,
    current: RwLock<Option<Arc<CachedJwks>>>,
    schedule: Arc<Mutex<Schedule>>,
    /// Permits for requests that wait for an unknown key id.
    waiting: Semaphore,
    /// The number of fetches that were started. A request may use the result of a fetch that started after its arrival; one
    /// that was already running may have missed a new key.
    started: AtomicU64,
    last_fetch_failed: AtomicBool,
}

/// The result of one fetch.
struct CachedJwks {
    issuer: Arc<str>,
    keys: HashMap<String, SigningKey>,
    fetched: Instant,
    /// The number of the fetch; the first has 1.
    number: u64,
}

/// A key, and the version 2.0 issuer that it belongs to.
pub(super) struct IssuerKey {
    pub(super) issuer: Arc<str>,
    pub(super) key: SigningKey,
}

/// The time of the next fetch. Only the holder of its lock may fetch.
struct Schedule {
    next: Instant,
    cooldown: Duration,
}

impl JwksCache {
    pub(super) fn new(provider: Arc<dyn JwksProvider>) -> Self {
        let schedule = Schedule { next: Instant::now(), cooldown: COOLDOWN };
        Self(Arc::new(Shared {
            provider,
            current: RwLock::default(),
            schedule: Arc::new(Mutex::new(schedule)),
            waiting: Semaphore::new(MAX_WAITING),
            started: AtomicU64::new(0),
            last_fetch_failed: AtomicBool::new(false),
        }))
    }

    /// Fetches the keys unless they are cached.
    pub(super) async fn warm_up(&self) -> Result<(), TokenError> {
        self.refresh_unless(self.started(), |set| set.is_some()).await;
        self.current().map(drop).ok_or(TokenError::KeysUnavailable)
    }

    /// The issuer of the last successful fetch, regardless of its age.
    pub(super) fn issuer(&self) -> Option<Arc<str>> {
        self.latest().map(|set| Arc::clone(&set.issuer))
    }

    /// Whether this key is cached.
    pub(super) fn has(&self, key: &SigningKey) -> bool {
        self.current().is_some_and(|set| set.keys.get(key.kid()).is_some_and(|it| it.is_same(key)))
    }

    /// Finds the key with this id. An unknown id causes a fetch.
    ///
    /// Invariant: [`TokenError::UnknownKey`] means that a fetch which started after this call found no such key. Where no
    /// fetch succeeded, the token is not judged, and the error is transient.
    pub(super) async fn find(&self, kid: &str) -> Result<IssuerKey, TokenError> {
        let started = self.started();
        let is_unknown = self.current().is_some_and(|set| !set.keys.contains_key(kid));
        let permit = is_unknown.then(|| self.0.waiting.try_acquire()).transpose();
        let permit = permit.map_err(|_| TokenError::TooManyUnknownKeys)?;
        self.refresh_unless(started, |set| set.is_some_and(|set| set.keys.contains_key(kid))).await;
        drop(permit);
        let set = self.current().ok_or(TokenError::KeysUnavailable)?;
        match set.keys.get(kid) {
            Some(key) => Ok(IssuerKey { issuer: Arc::clone(&set.issuer), key: key.clone() }),
            None if set.number > started => Err(TokenError::UnknownKey),
            None => Err(TokenError::KeysUnavailable),
        }
    }

    fn started(&self) -> u64 {
        self.0.started.load(Ordering::Acquire)
    }

    fn latest(&self) -> Option<Arc<CachedJwks>> {
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn current(&self) -> Option<Arc<CachedJwks>> {
        self.latest().filter(|set| set.fetched.elapsed() < EXPIRE_AFTER)
    }

    /// Whether the keys may be used before a refresh.
    fn is_fresh(&self, set: &CachedJwks) -> bool {
        set.fetched.elapsed() < STALE_AFTER || self.0.last_fetch_failed.load(Ordering::Acquire)
    }

    /// Fetches in the background, unless a fetch is running or it is too early for one.
    fn refresh_in_background(&self) {
        if let Ok(schedule) = Arc::clone(&self.0.schedule).try_lock_owned()
            && schedule.next <= Instant::now()
        {
            tokio::spawn(self.clone().fetch(schedule));
        }
    }

    /// Waits for one fetch, unless the cached keys satisfy `has` and are fresh, or the next fetch is further away than
    /// [`COOLDOWN`]. The result of a fetch that started since `seen` was read counts as well. Keys older than
    /// [`REFRESH_AFTER`] are refreshed in the background; only past [`STALE_AFTER`] a request waits.
    async fn refresh_unless(&self, seen: u64, has: impl Fn(Option<&CachedJwks>) -> bool) {
        let suffices =
            |set: Option<&CachedJwks>| has(set) && set.is_none_or(|set| self.is_fresh(set));
        let current = self.current();
        if suffices(current.as_deref()) {
            if current.is_some_and(|set| set.fetched.elapsed() >= REFRESH_AFTER) {
                self.refresh_in_background();
            }
            return;
        }
        let schedule = Arc::clone(&self.0.schedule).lock_owned().await;
        let is_fetched = self.started() != seen;
        let is_far = schedule.next > Instant::now() + COOLDOWN;
        if is_fetched || is_far || suffices(self.current().as_deref()) {
            return;
        }
        sleep_until(schedule.next).await;
        // A task of its own: the fetch completes even if the request is cancelled.
        if let Err(error) = tokio::spawn(self.clone().fetch(schedule)).await {
            tracing::error!(%error, "the fetch of the issuer's keys was aborted");
        }
    }

    async fn fetch(self, mut schedule: OwnedMutexGuard<Schedule>) {
        let number = self.0.started.fetch_add(1, Ordering::AcqRel) + 1;
        let fetched = self.0.provider.fetch().await;
        self.0.last_fetch_failed.store(fetched.is_err(), Ordering::Release);
        let cooldown = match fetched {
            Ok(jwks) => {
                self.store(jwks, number);
                schedule.cooldown = COOLDOWN;
                COOLDOWN
            }
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(
                    error,
                    "cannot fetch the issuer's keys; the cached keys stay in use"
                );
                let cooldown = schedule.cooldown;
                schedule.cooldown = (cooldown * 2).min(MAX_COOLDOWN);
                cooldown
            }
        };
        schedule.next = Instant::now() + cooldown;
    }

    fn store(&self, jwks: Jwks, number: u64) {
        let set = CachedJwks {
            issuer: jwks.issuer.into(),
            keys: jwks.keys.into_iter().map(|key| (key.kid().to_owned(), key)).collect(),
            fetched: Instant::now(),
            number,
        };
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(set));
    }
}

/// An error and its sources in one text: a JSON log does not contain sources.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::{super::jwks::JwksError, chain};

    #[test]
    fn an_error_is_logged_with_its_cause() {
        let error = JwksError::new("no keys").with_source(std::io::Error::other("no route"));
        assert_eq!(chain(&error), "no keys: no route");
    }
}
