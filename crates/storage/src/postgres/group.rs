//! Group commit: reviews of a restaurant that wait for its row are committed together.
//!
//! A review changes the kept sums of its restaurant, so the row is locked until the commit is on disk: one after the other, reviews
//! of one restaurant wait for a flush each. Here two callers at most have the turn: one has the row lock and one waits for it. The
//! reviews of the others wait in a queue. When a turn passes on, its next owner writes all that wait in one transaction. Each is
//! acknowledged after the commit.
//!
//! Within the transaction one statement writes the reviews of all authors without a budget ([`super::create_together`]); a review of
//! another author is the statement that writes it alone ([`super::create`]). Budgets and keys are as exact. When a statement fails,
//! nothing of the transaction is kept, and each review is written alone.

use std::{
    array,
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{Array, Text},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::future::{join_all, try_join_all};
use restaurant_domain::{Author, NewReview, RestaurantId, StoreError};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::{Instant, timeout_at},
};

use super::{
    create_again,
    pool::{ConnectionPool, run_to_completion},
    write,
};
use crate::{
    budget::Spender,
    concurrency::WorkKind,
    error::{SharedError, Timeout, WorkError},
    idempotency::{CreateOutcome, NewKeyRow},
    rows::ReviewRow,
};

/// The most reviews of one transaction: the row is locked for as long as they take.
const MAX_TOGETHER: usize = 64;

/// The number of turns for a restaurant: the next transaction is under way while the one before is committed.
const TURNS: usize = 2;

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

/// The outcome of a review; `None` for an unknown restaurant.
type Outcome = Result<Option<CreateOutcome<ReviewRow>>, StoreError>;

/// The reviews that wait, by restaurant.
pub(super) struct ReviewGroups {
    queues: [Queue; QUEUES],
    connections: Arc<ConnectionPool>,
    /// The longest wait for the turn.
    limit: Duration,
}

struct Queue {
    waiting: Mutex<VecDeque<Waiting>>,
    turns: Arc<Semaphore>,
}

/// A review that waits, with the way back to its caller.
struct Waiting {
    review: Arc<PendingReview>,
    done: oneshot::Sender<Outcome>,
}

impl ReviewGroups {
    /// Empty queues over a connection pool. `limit` is the longest wait of a review for its turn.
    pub(super) fn new(connections: Arc<ConnectionPool>, limit: Duration) -> Self {
        Self { queues: array::from_fn(|_| Queue::new()), connections, limit }
    }

    /// Creates a review, together with others that wait for the same restaurant. A wait that is cancelled before the write begins
    /// has no effect.
    pub(super) async fn create(&self, review: PendingReview) -> Outcome {
        let queue = self.queue(review.restaurant);
        let (done, mut outcome) = oneshot::channel();
        let review = Arc::new(review);
        queue.push(Waiting { review: Arc::clone(&review), done });
        let deadline = Instant::now() + self.limit;
        while queue.holds(&review) {
            let turn = timeout_at(deadline, Arc::clone(&queue.turns).acquire_owned());
            let turn = tokio::select! {
                biased;
                outcome = &mut outcome => return outcome.unwrap_or_else(|_| lost()),
                turn = turn => turn,
            };
            match turn {
                Ok(turn) => {
                    self.write_next(queue, turn.map_err(StoreError::unavailable)?).await?;
                }
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

    /// Writes the reviews that wait for the restaurant of the first one, in a task of its own.
    async fn write_next(
        &self,
        queue: &Queue,
        turn: OwnedSemaphorePermit,
    ) -> Result<(), StoreError> {
        let reviews = queue.take();
        let connections = Arc::clone(&self.connections);
        run_to_completion(async move {
            write_all(&connections, reviews).await;
            drop(turn);
        })
        .await
    }
}

/// The outcome of a review whose task ended without one.
fn lost() -> Outcome {
    Err(StoreError::Unconfirmed("the task that writes a review ended".into()))
}

impl Queue {
    fn new() -> Self {
        Self { waiting: Mutex::default(), turns: Arc::new(Semaphore::new(TURNS)) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, waiting: Waiting) {
        self.lock().push_back(waiting);
    }

    /// Whether a review still waits. If not, its outcome is on its way.
    fn holds(&self, review: &Arc<PendingReview>) -> bool {
        self.lock().iter().any(|waiting| Arc::ptr_eq(&waiting.review, review))
    }

    /// Takes a review back; `false` when it does not wait any more.
    fn remove(&self, review: &Arc<PendingReview>) -> bool {
        let mut waiting = self.lock();
        let before = waiting.len();
        waiting.retain(|waiting| !Arc::ptr_eq(&waiting.review, review));
        waiting.len() < before
    }

    /// Takes the reviews that are written next: those of the restaurant of the first one. Those without a caller are dropped.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.lock();
        waiting.retain(|waiting| !waiting.done.is_closed());
        let Some(restaurant) = waiting.front().map(|first| first.review.restaurant) else {
            return Vec::new();
        };
        let (mut taken, mut rest) = (Vec::new(), VecDeque::new());
        for one in waiting.drain(..) {
            if one.review.restaurant == restaurant && taken.len() < MAX_TOGETHER {
                taken.push(one);
            } else {
                rest.push_back(one);
            }
        }
        *waiting = rest;
        taken
    }
}

/// Writes reviews of one restaurant, and tells their callers.
async fn write_all(connections: &ConnectionPool, reviews: Vec<Waiting>) {
    let [first, _, ..] = &reviews[..] else {
        for waiting in reviews {
            let outcome = write_alone(connections, &waiting.review).await;
            // The caller may have left.
            let _ = waiting.done.send(outcome);
        }
        return;
    };
    let work = WorkKind::Write(Some(first.review.restaurant));
    let pending: Vec<_> = reviews.iter().map(|waiting| Arc::clone(&waiting.review)).collect();
    let written = match connections.reserve(work).await {
        Ok(reservation) => {
            let together = async |connection: &mut _| write_together(connection, &pending).await;
            reservation.run_in_time(together).await.map_err(Failed::of)
        }
        Err(error) => Err(Failed::All(error)),
    };
    match written {
        Ok(outcomes) => {
            for (waiting, outcome) in reviews.into_iter().zip(outcomes) {
                let _ = waiting.done.send(Ok(outcome));
            }
        }
        Err(Failed::All(error)) => {
            let error = SharedError::of(error);
            for waiting in reviews {
                let _ = waiting.done.send(Err(error.each()));
            }
        }
        Err(Failed::One) => {
            join_all(reviews.into_iter().map(|waiting| async move {
                let outcome = write_alone(connections, &waiting.review).await;
                let _ = waiting.done.send(outcome);
            }))
            .await;
        }
    }
}

async fn write_alone(connections: &ConnectionPool, review: &Arc<PendingReview>) -> Outcome {
    let work = WorkKind::Write(Some(review.restaurant));
    create_again(connections, work, |reservation| {
        let review = Arc::clone(review);
        async move {
            reservation.run_in_time(async |connection: &mut _| review.write(connection).await).await
        }
    })
    .await
}

/// Writes reviews in one transaction: those of authors with a budget by a statement each, which are pipelined, and then the others by
/// one. Where there are only others, without keys, that statement is the transaction.
async fn write_together(
    connection: &mut AsyncPgConnection,
    reviews: &[Arc<PendingReview>],
) -> Result<Vec<Option<CreateOutcome<ReviewRow>>>, WorkError> {
    let has_budget = |review: &PendingReview| Spender::of(&review.author).is_some();
    let is_one_statement = |review: &PendingReview| !has_budget(review) && review.key.is_none();
    if reviews.iter().all(|review| is_one_statement(review)) {
        let reviews: Vec<_> = reviews.iter().map(|review| &**review).collect();
        return write::reviews(connection, &reviews).await;
    }
    connection
        .transaction(async |connection| {
            let connection = &*connection;
            LockBudgets::of(reviews).run(connection).await?;
            let (limited, others): (Vec<_>, Vec<_>) =
                reviews.iter().map(|review| &**review).partition(|review| has_budget(review));
            let limited = limited.into_iter().map(|review| review.write(connection));
            let mut limited = try_join_all(limited).await?.into_iter();
            let mut others = write::reviews(connection, &others).await?.into_iter();
            let outcomes = reviews.iter().filter_map(|review| {
                if has_budget(review) { limited.next() } else { others.next() }
            });
            Ok(outcomes.collect())
        })
        .await
}

impl PendingReview {
    async fn write(
        &self,
        connection: &AsyncPgConnection,
    ) -> Result<Option<CreateOutcome<ReviewRow>>, WorkError> {
        let Self { restaurant, new, at, author, key } = self;
        write::review(connection, *restaurant, new, *at, author, key.as_ref()).await
    }
}

/// Why reviews were not written together.
enum Failed {
    /// The store failed: it would fail each of them.
    All(StoreError),
    /// One of them failed, or a deadlock was broken: nothing was written, and each may be written alone.
    One,
}

impl Failed {
    fn of(error: WorkError) -> Self {
        match error.of_write() {
            StoreError::Failed(_) => Self::One,
            StoreError::Unavailable(error) if is_of_one(&*error) => Self::One,
            error => Self::All(error),
        }
    }
}

/// Whether an error concerns one statement, and may not come again.
fn is_of_one(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(WorkError::Conflict))
        || error.to_string().contains("deadlock detected")
}

/// Locks the budgets of several authors, in one order: a review locks the budget of its author and then its restaurant, so a
/// transaction of several must have all budgets before the restaurant.
#[derive(QueryId)]
struct LockBudgets {
    kinds: Vec<&'static str>,
    ids: Vec<String>,
    clients: Vec<String>,
}

impl LockBudgets {
    fn of(reviews: &[Arc<PendingReview>]) -> Self {
        let (mut kinds, mut ids, mut clients) = (Vec::new(), Vec::new(), Vec::new());
        for Spender { kind, id, client, .. } in
            reviews.iter().filter_map(|review| Spender::of(&review.author))
        {
            kinds.push(kind);
            ids.push(id);
            clients.push(client);
        }
        Self { kinds, ids, clients }
    }

    async fn run(self, connection: &AsyncPgConnection) -> QueryResult<()> {
        if !self.kinds.is_empty() {
            self.execute(&mut &*connection).await?;
        }
        Ok(())
    }
}

impl QueryFragment<Pg> for LockBudgets {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT FROM write_budgets WHERE (caller_kind, caller_id, client_id) IN (SELECT * FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.kinds)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.clients)?;
        out.push_sql(")) ORDER BY caller_kind, caller_id, client_id FOR UPDATE");
        Ok(())
    }
}
