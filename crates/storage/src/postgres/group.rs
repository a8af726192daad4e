//! Group commit: reviews that would wait for each other's commits are committed together.
//!
//! A review changes the kept sums of its restaurant, so the row is locked until the commit is on disk: one after the other, reviews
//! of one restaurant wait for a flush each. Here they wait in a queue for the turn of the restaurant. Its owner takes those that wait,
//! a [`Batch`], which has the turn until it is written. Batches of several restaurants are written in one transaction ([`batches`]),
//! because a commit costs more than a review. Each review is acknowledged after the commit.

mod batch;
mod batches;
mod transaction;

use std::{
    array,
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use restaurant_domain::{Author, NewReview, RestaurantId, StoreError};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::{Instant, timeout_at},
};
use tracing::Instrument;

pub(super) use self::transaction::Rows;
use self::{
    batch::{Batch, Outcome, Waiting},
    batches::Batches,
};
use super::pool::ConnectionPool;
use crate::{error::Timeout, idempotency::NewKeyRow};

/// The most reviews of one transaction: the rows are locked for as long as they take.
const MAX_TOGETHER: usize = 64;

/// The number of queues. Restaurants are spread over them, so two of them may wait for each other.
const QUEUES: usize = 256;

/// A review to create.
#[derive(Debug)]
pub(super) struct PendingReview {
    pub(super) restaurant: RestaurantId,
    pub(super) new: NewReview,
    pub(super) at: DateTime<Utc>,
    pub(super) author: Author,
    pub(super) key: Option<NewKeyRow>,
}

/// The reviews that wait, by restaurant.
pub(super) struct ReviewGroups {
    queues: [Queue; QUEUES],
    batches: Arc<Batches>,
    /// The longest wait for the turn.
    limit: Duration,
}

struct Queue {
    waiting: Mutex<VecDeque<Waiting>>,
    turn: Arc<Semaphore>,
}

impl ReviewGroups {
    /// Empty queues over a connection pool. `limit` is the longest wait of a review for its turn.
    pub(super) fn new(connections: Arc<ConnectionPool>, limit: Duration) -> Self {
        let batches = Arc::new(Batches::new(connections, limit));
        Self { queues: array::from_fn(|_| Queue::new()), batches, limit }
    }

    /// Creates a review, together with others that wait. A wait that is cancelled before the write begins has no effect. Its limit
    /// holds for each of the turn of the restaurant, a transaction and a connection.
    pub(super) async fn create(&self, review: PendingReview) -> Outcome {
        let queue = self.queue(review.restaurant);
        let (done, mut outcome) = oneshot::channel();
        let review = Arc::new(review);
        queue.push(Waiting::new(Arc::clone(&review), done));
        let deadline = Instant::now() + self.limit;
        while queue.holds(&review) {
            let turn = timeout_at(deadline, Arc::clone(&queue.turn).acquire_owned());
            let turn = tokio::select! {
                biased;
                outcome = &mut outcome => return outcome.unwrap_or_else(|_| lost()),
                turn = turn => turn,
            };
            match turn {
                Ok(turn) => self.write_next(queue, turn.map_err(StoreError::unavailable)?),
                Err(_) if queue.remove(&review) => {
                    return Err(StoreError::unavailable(Timeout("waiting for the restaurant")));
                }
                Err(_) => {}
            }
        }
        outcome.await.unwrap_or_else(|_| lost())
    }

    fn queue(&self, RestaurantId(id): RestaurantId) -> &Queue {
        let queue = usize::try_from(id.unsigned_abs()).unwrap_or_default() % QUEUES;
        &self.queues[queue]
    }

    /// Begins to write the reviews that wait for the restaurant of the first one, in a task of its own, which ends whether or not a
    /// caller waits.
    fn write_next(&self, queue: &Queue, turn: OwnedSemaphorePermit) {
        if let Some(batch) = queue.take(turn) {
            let write = Arc::clone(&self.batches).write(batch);
            tokio::spawn(write.in_current_span());
        }
    }
}

/// The outcome of a review whose task ended without one.
fn lost() -> Outcome {
    Err(StoreError::Unconfirmed("the task that writes a review ended".into()))
}

impl Queue {
    fn new() -> Self {
        Self { waiting: Mutex::default(), turn: Arc::new(Semaphore::new(1)) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, waiting: Waiting) {
        self.lock().push_back(waiting);
    }

    /// Whether a review still waits. If not, its outcome is on its way.
    fn holds(&self, review: &Arc<PendingReview>) -> bool {
        self.lock().iter().any(|waiting| waiting.is_of(review))
    }

    /// Takes a review back; `false` when it does not wait any more.
    fn remove(&self, review: &Arc<PendingReview>) -> bool {
        let mut waiting = self.lock();
        let before = waiting.len();
        waiting.retain(|waiting| !waiting.is_of(review));
        waiting.len() < before
    }

    /// Takes the reviews that are written next: those of the restaurant of the first one. Those without a caller are dropped.
    fn take(&self, turn: OwnedSemaphorePermit) -> Option<Batch> {
        let mut waiting = self.lock();
        waiting.retain(Waiting::has_caller);
        let restaurant = waiting.front()?.restaurant();
        let (mut taken, mut rest) = (Vec::new(), VecDeque::new());
        for one in waiting.drain(..) {
            if one.restaurant() == restaurant && taken.len() < MAX_TOGETHER {
                taken.push(one);
            } else {
                rest.push_back(one);
            }
        }
        *waiting = rest;
        Some(Batch { reviews: taken, turn })
    }
}
