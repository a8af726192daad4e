//! The shares of the connections: how many of them each kind of work may hold at once, so that slow work leaves some for
//! the rest.

use std::{array, sync::Arc, time::Duration};

use restaurant_domain::{RestaurantId, RestaurantQuery, StoreError};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use crate::error::OutOfTime;

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
pub(crate) enum Work {
    /// Reads a few rows by an index.
    Read,
    /// Looks for a text.
    Search,
    /// Adds something: to a restaurant, or of its own.
    Write(Option<RestaurantId>),
}

impl Work {
    /// The kind of work that answers a query.
    pub(crate) fn of(query: &RestaurantQuery) -> Self {
        if query.search().is_some() { Self::Search } else { Self::Read }
    }
}

/// The shares of one pool of connections. Work that finds its share taken waits in line, without a connection.
pub(crate) struct Shares {
    all: Arc<Semaphore>,
    searches: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    rows: [Arc<Semaphore>; ROWS],
    patience: Duration,
}

/// The right to one connection.
pub(crate) struct Share {
    _permits: [Option<OwnedSemaphorePermit>; 3],
}

impl Shares {
    /// The shares of this many connections. `patience` is how long work waits for its share.
    pub(crate) fn new(connections: usize, patience: Duration) -> Self {
        let semaphore = |permits: usize| Arc::new(Semaphore::new(permits.max(1)));
        Self {
            all: semaphore(connections),
            searches: semaphore(connections / SEARCHES),
            writes: semaphore(connections / WRITES),
            rows: array::from_fn(|_| semaphore(WRITES_TO_ONE)),
            patience,
        }
    }

    /// Waits for a connection that is free for work of this kind. A caller that goes away meanwhile leaves nothing behind.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], when none becomes free in time.
    pub(crate) async fn enter(&self, work: Work) -> Result<Share, StoreError> {
        let deadline = Instant::now() + self.patience;
        // The row first: a waiting writer holds nothing that others need.
        let (first, second) = match work {
            Work::Read => (None, None),
            Work::Search => (Some(&self.searches), None),
            Work::Write(None) => (Some(&self.writes), None),
            Work::Write(Some(restaurant)) => (Some(self.row(restaurant)), Some(&self.writes)),
        };
        let [first, second] = [place(first, deadline).await?, place(second, deadline).await?];
        let all = place(Some(&self.all), deadline).await?;
        Ok(Share { _permits: [first, second, all] })
    }

    fn row(&self, RestaurantId(id): RestaurantId) -> &Arc<Semaphore> {
        let row = usize::try_from(id.unsigned_abs()).unwrap_or_default() % ROWS;
        &self.rows[row]
    }
}

async fn place(
    places: Option<&Arc<Semaphore>>,
    deadline: Instant,
) -> Result<Option<OwnedSemaphorePermit>, StoreError> {
    let Some(places) = places else { return Ok(None) };
    let place = timeout_at(deadline, Arc::clone(places).acquire_owned()).await;
    let place =
        place.map_err(|_| StoreError::unavailable(OutOfTime("waiting for a connection")))?;
    place.map(Some).map_err(StoreError::unavailable)
}
