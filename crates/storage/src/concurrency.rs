//! Concurrency limits for each kind of work, so that slow work leaves connections for other work.

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

/// Writes to one restaurant, in SQLite, hold at most this many permits to write. Others wait without one, so that writes to other
/// restaurants come in between. In PostgreSQL the turns of restaurants do this.
const WRITES_TO_ONE: usize = 2;

/// The number of row semaphores. Restaurants are spread over them, so two of them may wait for each other.
const ROWS: usize = 64;

/// A kind of work, by what it costs or waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkKind {
    /// Reads a few rows by an index.
    Read,
    /// Searches for a text.
    Search,
    /// Adds a review to a restaurant, or adds a restaurant.
    Write(Option<RestaurantId>),
}

impl WorkKind {
    /// The kind of work of a query.
    pub(crate) fn of(query: &RestaurantQuery) -> Self {
        if query.search().is_some() { Self::Search } else { Self::Read }
    }
}

/// The concurrency limits of one connection pool. Work over its limit waits in a queue, without a connection.
pub(crate) struct ConcurrencyLimits {
    all: Arc<Semaphore>,
    searches: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    rows: [Arc<Semaphore>; ROWS],
    timeout: Duration,
}

/// A permit for one connection.
pub(crate) struct Permit {
    _permits: [Option<OwnedSemaphorePermit>; 3],
}

impl ConcurrencyLimits {
    /// Limits for a number of connections. `timeout` is the longest wait for a permit.
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

    /// Waits for a permit for work of this kind. A cancelled wait has no effect.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] on a timeout.
    pub(crate) async fn acquire(&self, work: WorkKind) -> Result<Permit, StoreError> {
        let deadline = Instant::now() + self.timeout;
        // The row first: a wait for it holds no other permit.
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
