//! Batches of several restaurants, which are written in one transaction.
//!
//! The transaction waits neither for a restaurant nor for a budget: what another transaction has locked, perhaps for long, delays no
//! other restaurant. Reviews whose rows were not free are a transaction of their own, which waits for them. So are the first reviews
//! of an author with a budget, which has no row yet. Only a key that another transaction is about to keep is waited for.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use restaurant_domain::StoreError;
use tokio::{
    sync::{Semaphore, oneshot},
    task::JoinHandle,
    time::timeout,
};
use tracing::Instrument;

use super::{
    MAX_TOGETHER, PendingReview,
    batch::{Batch, Outcome},
    transaction::{Rows, write_together},
};
use crate::{
    concurrency::WorkKind,
    error::{SharedError, Timeout, WorkError},
    idempotency::CreateOutcome,
    postgres::{create_again, pool::ConnectionPool, write},
    rows::ReviewRow,
};

/// The number of transactions of several restaurants: the next one is under way while the one before is committed.
const TRANSACTIONS: usize = 2;

/// A restaurant has one turn, so its reviews hold one connection.
const WORK: WorkKind = WorkKind::Write(None);

/// How long the write of a batch that is alone, which waits for its row, may take before the turn passes on.
const PATIENCE: Duration = Duration::from_millis(20);

/// The batches that wait for the turn to begin a transaction. Each has a task that waits for it.
pub(super) struct Batches {
    connections: Arc<ConnectionPool>,
    waiting: Mutex<VecDeque<WaitingBatch>>,
    transactions: Semaphore,
    /// The longest wait for a transaction.
    limit: Duration,
}

struct WaitingBatch {
    batch: Batch,
    /// Dropped when another task takes the batch.
    task: oneshot::Sender<()>,
}

impl Batches {
    pub(super) fn new(connections: Arc<ConnectionPool>, limit: Duration) -> Self {
        let transactions = Semaphore::new(TRANSACTIONS);
        Self { connections, waiting: Mutex::default(), transactions, limit }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<WaitingBatch>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a batch, together with others that wait. Returns early when another task has taken it.
    pub(super) async fn write(self: Arc<Self>, batch: Batch) {
        let (task, mut taken) = oneshot::channel();
        self.lock().push_back(WaitingBatch { batch, task });
        // A turn may be used up by the batches before this one.
        loop {
            let turn = tokio::select! {
                biased;
                _ = &mut taken => return,
                turn = timeout(self.limit, self.transactions.acquire()) => turn,
            };
            let Ok(Ok(turn)) = turn else {
                taken.close();
                return self.fail_the_given_up();
            };
            self.write_next().await;
            drop(turn);
        }
    }

    /// Writes the batches that have waited longest. Each write is a task of its own, so that nothing that happens in it ends or delays
    /// this one.
    async fn write_next(self: &Arc<Self>) {
        let batches = self.take();
        if batches.len() > 1 {
            let this = Arc::clone(self);
            let write = async move { this.write_free(batches).await };
            let left = tokio::spawn(write.in_current_span()).await;
            for batch in left.unwrap_or_default() {
                self.spawn_alone(batch);
            }
        } else {
            for batch in batches {
                // It goes on after this time.
                let _ = timeout(PATIENCE, self.spawn_alone(batch)).await;
            }
        }
    }

    fn spawn_alone(self: &Arc<Self>, batch: Batch) -> JoinHandle<()> {
        let this = Arc::clone(self);
        tokio::spawn(async move { this.write_alone(batch).await }.in_current_span())
    }

    /// Takes the batches that are written next.
    fn take(&self) -> Vec<Batch> {
        let mut waiting = self.lock();
        waiting.retain_mut(|waiting| waiting.batch.keep_those_with_callers());
        let mut reviews = 0;
        let next = waiting.iter().take_while(|waiting| {
            reviews += waiting.batch.reviews.len();
            reviews <= MAX_TOGETHER
        });
        let next = next.count();
        waiting.drain(..next).map(|waiting| waiting.batch).collect()
    }

    /// Fails the batches whose tasks wait no longer.
    fn fail_the_given_up(&self) {
        let error = StoreError::unavailable(Timeout("waiting for a transaction"));
        let error = SharedError::of(error);
        let mut waiting = self.lock();
        let (given_up, left) = mem::take(&mut *waiting)
            .into_iter()
            .partition::<VecDeque<_>, _>(|waiting| waiting.task.is_closed());
        *waiting = left;
        for waiting in given_up {
            waiting.batch.fail(&error);
        }
    }

    /// Writes the reviews whose rows are free, and tells their callers. Returns the others.
    async fn write_free(&self, batches: Vec<Batch>) -> Vec<Batch> {
        let reviews: Vec<_> = batches.iter().flat_map(Batch::pending).collect();
        match self.try_together(&reviews, Rows::Free).await {
            Ok(outcomes) => {
                let mut outcomes = outcomes.into_iter();
                let left = batches.into_iter().map(|batch| batch.tell_written(&mut outcomes));
                left.flatten().collect()
            }
            Err(Failed::All(error)) => {
                let error = SharedError::of(error);
                for batch in batches {
                    batch.fail(&error);
                }
                Vec::new()
            }
            Err(Failed::One) => batches,
        }
    }

    /// Writes the reviews of a batch in a transaction of their own, which waits for the row, and tells their callers.
    async fn write_alone(&self, mut batch: Batch) {
        let mut outcomes = Err(Failed::One);
        batch.keep_those_with_callers();
        if batch.reviews.len() > 1 {
            let reviews: Vec<_> = batch.pending().collect();
            outcomes = self.try_together(&reviews, Rows::All).await;
        }
        match outcomes {
            Ok(outcomes) => {
                for (waiting, outcome) in batch.reviews.into_iter().zip(outcomes) {
                    waiting.tell(Ok(outcome));
                }
            }
            Err(Failed::All(error)) => batch.fail(&SharedError::of(error)),
            Err(Failed::One) => self.write_one_by_one(batch).await,
        }
    }

    /// Writes the reviews of a batch in a transaction each, until the store is not available.
    async fn write_one_by_one(&self, batch: Batch) {
        let Batch { reviews, turn } = batch;
        let mut reviews = reviews.into_iter();
        for waiting in reviews.by_ref() {
            if !waiting.has_caller() {
                continue;
            }
            let outcome = self.write_one(&waiting.review).await;
            let is_available =
                !matches!(outcome, Err(StoreError::Unavailable(_) | StoreError::Unconfirmed(_)));
            waiting.tell(outcome);
            if !is_available {
                break;
            }
        }
        let error = StoreError::unavailable(Timeout("waiting for the restaurant"));
        Batch { reviews: reviews.collect(), turn }.fail(&SharedError::of(error));
    }

    async fn try_together(
        &self,
        reviews: &[Arc<PendingReview>],
        rows: Rows,
    ) -> Result<Vec<Option<CreateOutcome<ReviewRow>>>, Failed> {
        let reservation = self.connections.reserve(WORK).await.map_err(Failed::All)?;
        let write = async |connection: &mut _| write_together(connection, reviews, rows).await;
        reservation.run_in_time(write).await.map_err(Failed::of)
    }

    async fn write_one(&self, review: &Arc<PendingReview>) -> Outcome {
        create_again(&self.connections, WORK, |reservation| {
            let review = Arc::clone(review);
            async move {
                let write = async |connection: &mut _| write::review(connection, &review).await;
                reservation.run_in_time(write).await
            }
        })
        .await
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
