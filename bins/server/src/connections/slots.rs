//! The connection limit: slots for served connections, eviction when all are taken, and a reserve for health checks.

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

/// The divisor of the limit for the reserve: connections beyond the limit, so that health checks are answered under full load.
const RESERVE_PART: usize = 10;

/// The maximum size of the reserve. With the default limit, the total stays below 1,024, a common limit of file descriptors.
const MAX_RESERVE: usize = 50;

/// The time that an evicted connection gets to close before the next one is asked.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// The minimum pause before the next search for a connection to evict.
const ASK_SOON: Duration = Duration::from_millis(5);

/// The maximum number of connections that are asked to close at once.
const ASK_AT_ONCE: usize = 32;

/// The minimum interval of the warning that all slots are taken.
const WARN_AGAIN: Duration = Duration::from_secs(30);

/// The slots of a server's connections.
#[derive(Debug)]
pub struct Slots {
    served: Arc<Semaphore>,
    reserve: Arc<Semaphore>,
    connections: Mutex<HashMap<u64, Arc<Progress>>>,
    next: AtomicU64,
    warned: Mutex<Option<Instant>>,
    limit: usize,
}

/// A connection's slot, released on drop.
#[derive(Debug)]
pub struct Slot {
    is_reserve: bool,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Slot {
    /// A slot among the served connections.
    fn served(permit: OwnedSemaphorePermit) -> Self {
        Self { is_reserve: false, _permit: Some(permit) }
    }

    /// A slot in the reserve.
    fn reserve(permit: OwnedSemaphorePermit) -> Self {
        Self { is_reserve: true, _permit: Some(permit) }
    }

    /// A slot beyond all limits, for connections that arrived before the server stopped.
    pub fn last() -> Self {
        Self { is_reserve: false, _permit: None }
    }

    /// Whether the slot is in the reserve, which answers health checks only; other requests wait for a served slot.
    pub fn is_reserve(&self) -> bool {
        self.is_reserve
    }
}

/// The registration of an open connection, removed on drop.
#[derive(Debug)]
pub struct Entry {
    id: u64,
    slots: Arc<Slots>,
}

impl Slots {
    /// Creates `limit` slots and the reserve.
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

    /// Takes a slot for a new connection: among the served connections if one is free, else in the reserve.
    ///
    /// Waits while both are full, and evicts connections.
    pub async fn take(&self) -> Slot {
        if let Ok(slot) = Arc::clone(&self.served).try_acquire_owned() {
            return Slot::served(slot);
        }
        self.warn();
        if let Ok(slot) = Arc::clone(&self.reserve).try_acquire_owned() {
            return Slot::reserve(slot);
        }
        let mut served = pin!(acquire(&self.served));
        let mut reserve = pin!(acquire(&self.reserve));
        loop {
            let again = self.ask_to_leave(|_| true);
            select! {
                slot = served.as_mut() => return Slot::served(slot),
                slot = reserve.as_mut() => return Slot::reserve(slot),
                () = sleep_until(again) => {}
            }
        }
    }

    /// Takes a slot among the served connections, as soon as another connection closes or is evicted.
    pub async fn served(&self) -> Slot {
        let mut slot = pin!(acquire(&self.served));
        loop {
            let again = self.ask_to_leave(|stage| stage != Stage::Queued);
            select! {
                slot = slot.as_mut() => return Slot::served(slot),
                () = sleep_until(again) => {}
            }
        }
    }

    /// Asks the most dispensable connection to close, and with it some that have never sent a request. Returns the time at
    /// which to ask again.
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

    /// Registers an open connection.
    pub fn enter(self: &Arc<Self>, progress: Arc<Progress>) -> Entry {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(id, progress);
        Entry { id, slots: Arc::clone(self) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Progress>>> {
        // No panic under the mutex leaves the map inconsistent.
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Warns that all slots are taken, at most once per [`WARN_AGAIN`].
    fn warn(&self) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_none_or(|at| at.elapsed() >= WARN_AGAIN) {
            *warned = Some(Instant::now());
            let (limit, setting) = (self.limit, "MAX_CONNECTIONS");
            tracing::warn!(limit, setting, "all connections are taken; idle ones are closed");
        }
    }
}

/// Waits for a free slot.
async fn acquire(slots: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    match Arc::clone(slots).acquire_owned().await {
        Ok(slot) => slot,
        // Nothing closes the semaphore.
        Err(_) => std::future::pending().await,
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.slots.lock().remove(&self.id);
    }
}
