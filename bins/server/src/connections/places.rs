//! The limit on connections, which one is closed when the limit is reached, and the reserve for health checks.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    select,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

use super::stage::{Progress, Stage};

/// The part of the limit that may be connected beyond it, so that a health check is answered when every place is taken.
const RESERVE_PART: usize = 10;

/// The most connections beyond the limit: with the default limit there are fewer than 1,024, which is all that some systems allow a process.
const MAX_RESERVE: usize = 50;

/// How long to wait for a connection that was asked to make room before another one is asked.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// How long to wait at least for a connection that may soon be asked.
const ASK_SOON: Duration = Duration::from_millis(5);

/// The most connections that are asked to make room at once.
const ASK_AT_ONCE: usize = 32;

/// How often the log says that all places are taken.
const WARN_AGAIN: Duration = Duration::from_secs(30);

/// The places of a server's connections.
#[derive(Debug)]
pub struct Places {
    served: Arc<Semaphore>,
    reserve: Arc<Semaphore>,
    connections: Mutex<HashMap<u64, Arc<Progress>>>,
    next: AtomicU64,
    warned: Mutex<Option<Instant>>,
    limit: usize,
}

/// A connection's place, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    is_reserve: bool,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// A place among the connections that are served.
    fn served(permit: OwnedSemaphorePermit) -> Self {
        Self { is_reserve: false, _permit: Some(permit) }
    }

    /// A place in the reserve.
    fn reserve(permit: OwnedSemaphorePermit) -> Self {
        Self { is_reserve: true, _permit: Some(permit) }
    }

    /// A place beyond all limits, for what has come before the server stopped.
    pub fn last() -> Self {
        Self { is_reserve: false, _permit: None }
    }

    /// Whether the connection is in the reserve: health checks are answered at once, everything else waits for a place.
    pub fn is_reserve(&self) -> bool {
        self.is_reserve
    }
}

/// A connection among all others, until it is dropped.
#[derive(Debug)]
pub struct Entry {
    id: u64,
    places: Arc<Places>,
}

impl Places {
    /// As many places, and the reserve.
    pub fn new(limit: u32) -> Self {
        let limit = usize::try_from(limit).unwrap_or(Semaphore::MAX_PERMITS);
        let limit = limit.min(Semaphore::MAX_PERMITS);
        Self {
            served: Arc::new(Semaphore::new(limit)),
            reserve: Arc::new(Semaphore::new((limit / RESERVE_PART).min(MAX_RESERVE))),
            connections: Mutex::default(),
            next: AtomicU64::new(0),
            warned: Mutex::default(),
            limit,
        }
    }

    /// A place for a connection that has come: among those that are served if there is one, else in the reserve.
    ///
    /// When that is full too, it waits until a connection has made room.
    pub async fn take(&self) -> Place {
        if let Ok(place) = Arc::clone(&self.served).try_acquire_owned() {
            return Place::served(place);
        }
        self.warn();
        if let Ok(place) = Arc::clone(&self.reserve).try_acquire_owned() {
            return Place::reserve(place);
        }
        let mut served = pin!(acquire(&self.served));
        let mut reserve = pin!(acquire(&self.reserve));
        loop {
            let again = self.ask_to_leave(|_| true);
            select! {
                place = served.as_mut() => return Place::served(place),
                place = reserve.as_mut() => return Place::reserve(place),
                () = sleep_until(again) => {}
            }
        }
    }

    /// A place among those that are served, as soon as a connection has made room or has ended.
    pub async fn served(&self) -> Place {
        let mut place = pin!(acquire(&self.served));
        loop {
            let again = self.ask_to_leave(|stage| stage != Stage::Queued);
            select! {
                place = place.as_mut() => return Place::served(place),
                () = sleep_until(again) => {}
            }
        }
    }

    /// Asks the most dispensable connection to make room, and with it some that have never sent a request, for those that
    /// come next. Gives the time when it is worth to ask again.
    fn ask_to_leave(&self, may_ask: impl Fn(Stage) -> bool) -> Instant {
        let now = Instant::now();
        let connections = self.lock();
        let candidates = connections.values().filter(|connection| !connection.is_asked());
        let candidates = candidates
            .filter_map(|connection| Some((connection, connection.dispensable()?)))
            .filter(|(_, (stage, ..))| may_ask(*stage));
        let (mut ripe, unripe): (Vec<_>, Vec<_>) =
            candidates.partition(|(_, (.., from))| *from <= now);
        if ripe.is_empty() {
            let soonest = unripe.into_iter().map(|(_, (.., from))| from).min();
            return soonest.map_or(now + ASK_AGAIN, |soonest| soonest.max(now + ASK_SOON));
        }
        ripe.sort_by_key(|(_, (stage, since, _))| (*stage, *since));
        for (index, (connection, (stage, ..))) in ripe.into_iter().take(ASK_AT_ONCE).enumerate() {
            if index == 0 || stage == Stage::FirstHead {
                connection.ask_to_leave();
            }
        }
        now + ASK_AGAIN
    }

    /// Enters a connection among all others.
    pub fn enter(self: &Arc<Self>, progress: Arc<Progress>) -> Entry {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(id, progress);
        Entry { id, places: Arc::clone(self) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Progress>>> {
        // Nothing that is done under the lock leaves the map half changed.
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says in the log that all places are taken: once for a while.
    fn warn(&self) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_none_or(|at| at.elapsed() >= WARN_AGAIN) {
            *warned = Some(Instant::now());
            let (limit, setting) = (self.limit, "MAX_CONNECTIONS");
            tracing::warn!(limit, setting, "all connections are taken; idle ones are closed");
        }
    }
}

/// A place, as soon as one is free.
async fn acquire(places: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    match Arc::clone(places).acquire_owned().await {
        Ok(place) => place,
        // Nothing closes the semaphore.
        Err(_) => std::future::pending().await,
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.places.lock().remove(&self.id);
    }
}
