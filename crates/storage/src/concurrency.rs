//! The shares of the connections: how many of them each kind of work may hold at once, so that slow work leaves some for
//! the rest.

use std::{array, sync::Arc, time::Duration};

use restaurant_domain::{RestaurantId, RestaurantQuery, StoreError};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use crate::error::Timeout;

/// Searches hold at most a fourth of the connections: each may have to look at every text.
const SEARCHES: usize = 4;

/// Writes hold at most half of the connections.
const WRITES: usize = 2;

/// Writes to one restaurant hold at most this many: one has the row, and the next is ready to take it over. The others
/// wait without a connection.
const WRITES_TO_ONE: usize = 2;

/// How many counters the restaurants share. Two restaurants with one counter wait for each other now and then.
const ROWS: usize = 64;

/// A kind of work, by what it costs or waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkKind {
    /// Reads a few rows by an index.
    Read,
    /// Looks for a text.
    Search,
    /// Adds something: to a restaurant, or of its own.
    Write(Option<RestaurantId>),
}

impl WorkKind {
    /// The kind of work that answers a query.
    pub(crate) fn of(query: &RestaurantQuery) -> Self {
        if query.search().is_some() { Self::Search } else { Self::Read }
    }
}

/// The shares of one pool of connections. WorkKind that finds its share taken waits in line, without a connection.
pub(crate) struct ConcurrencyLimits {
    all: Arc<Semaphore>,
    searches: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    rows: [Arc<Semaphore>; ROWS],
    timeout: Duration,
}

/// The right to one connection.
pub(crate) struct Permit {
    _permits: [Option<OwnedSemaphorePermit>; 3],
}

impl ConcurrencyLimits {
    /// The shares of this many connections. `timeout` is how long work waits for its share.
    pub(crate) fn new(connections: usize, timeout: Duration) -> Self {
        let semaphore = |permits: usize| Arc::new(Semaphore::new(permits.max(1)));
        Self {
            all: semaphore(connections),
            searches: semaphore(connections / SEARCHES),
            writes: semaphore(connections / WRITES),
            rows: array::from_fn(|_| semaphore(WRITES_TO_ONE)),
            timeout,
        }
    }

    /// Waits for a connection that is free for work of this kind. A caller that goes away meanwhile leaves nothing behind.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], when none becomes free in time.
    pub(crate) async fn acquire(&self, work: WorkKind) -> Result<Permit, StoreError> {
        let deadline = Instant::now() + self.timeout;
        // The row first: who waits for it holds nothing that others want.
        let (first, second) = match work {
            WorkKind::Read => (None, None),
            WorkKind::Search => (Some(&self.searches), None),
            WorkKind::Write(None) => (Some(&self.writes), None),
            WorkKind::Write(Some(restaurant)) => (Some(self.row(restaurant)), Some(&self.writes)),
        };
        let [first, second] = [permit(first, deadline).await?, permit(second, deadline).await?];
        let all = permit(Some(&self.all), deadline).await?;
        Ok(Permit { _permits: [first, second, all] })
    }

    fn row(&self, RestaurantId(id): RestaurantId) -> &Arc<Semaphore> {
        let row = usize::try_from(id.unsigned_abs()).unwrap_or_default() % ROWS;
        &self.rows[row]
    }
}

async fn permit(
    semaphore: Option<&Arc<Semaphore>>,
    deadline: Instant,
) -> Result<Option<OwnedSemaphorePermit>, StoreError> {
    let Some(semaphore) = semaphore else { return Ok(None) };
    let permit = timeout_at(deadline, Arc::clone(semaphore).acquire_owned()).await;
    let permit =
        permit.map_err(|_| StoreError::unavailable(Timeout("waiting for a connection")))?;
    permit.map(Some).map_err(StoreError::unavailable)
}
