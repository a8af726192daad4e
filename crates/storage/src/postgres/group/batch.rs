//! Reviews of one restaurant, which are written together.

use std::sync::Arc;

use restaurant_domain::{RestaurantId, StoreError};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::PendingReview;
use crate::{error::SharedError, idempotency::CreateOutcome, rows::ReviewRow};

/// The outcome of a review; `None` for an unknown restaurant.
pub(super) type Outcome = Result<Option<CreateOutcome<ReviewRow>>, StoreError>;

/// A review that waits, with the way back to its caller.
pub(super) struct Waiting {
    pub(super) review: Arc<PendingReview>,
    done: oneshot::Sender<Outcome>,
}

impl Waiting {
    pub(super) fn new(review: Arc<PendingReview>, done: oneshot::Sender<Outcome>) -> Self {
        Self { review, done }
    }

    pub(super) fn is_of(&self, review: &Arc<PendingReview>) -> bool {
        Arc::ptr_eq(&self.review, review)
    }

    pub(super) fn restaurant(&self) -> RestaurantId {
        self.review.restaurant
    }

    pub(super) fn has_caller(&self) -> bool {
        !self.done.is_closed()
    }

    /// Tells the caller, which may have left.
    pub(super) fn tell(self, outcome: Outcome) {
        let _ = self.done.send(outcome);
    }
}

/// Reviews of one restaurant, with its turn, which lasts until they are written.
pub(super) struct Batch {
    pub(super) reviews: Vec<Waiting>,
    pub(super) turn: OwnedSemaphorePermit,
}

impl Batch {
    /// Drops the reviews whose callers have left; `false` when none is left.
    pub(super) fn keep_those_with_callers(&mut self) -> bool {
        self.reviews.retain(Waiting::has_caller);
        !self.reviews.is_empty()
    }

    /// The reviews themselves.
    pub(super) fn pending(&self) -> impl Iterator<Item = Arc<PendingReview>> {
        self.reviews.iter().map(|waiting| Arc::clone(&waiting.review))
    }

    /// Tells each caller the same error.
    pub(super) fn fail(self, error: &SharedError) {
        for waiting in self.reviews {
            waiting.tell(Err(error.each()));
        }
    }

    /// Tells the callers of the reviews that were written. What is left of the batch was not.
    pub(super) fn tell_written(
        mut self,
        outcomes: &mut impl Iterator<Item = Option<CreateOutcome<ReviewRow>>>,
    ) -> Option<Self> {
        let mut left = Vec::new();
        for waiting in self.reviews {
            match outcomes.next().flatten() {
                None => left.push(waiting),
                written => waiting.tell(Ok(written)),
            }
        }
        self.reviews = left;
        (!self.reviews.is_empty()).then_some(self)
    }
}
