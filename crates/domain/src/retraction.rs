//! Taking back what was written: deleting one's own, and retracting what one author wrote.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{Author, Restaurant, Review, StoreError};

/// Which posts of one author to take back, or to restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retraction {
    /// The author's id in the directory. An agent for a person wrote under the person's.
    pub author: String,
    /// Only posts of this time or later; `None` for all.
    pub since: Option<DateTime<Utc>>,
    /// Only posts through the client application of this id; `None` for all.
    pub client: Option<String>,
}

impl Retraction {
    /// The most posts that a store takes back or restores in one transaction.
    pub const BATCH: usize = 100;

    /// Whether it covers a post.
    #[must_use]
    pub fn covers(&self, author: &Author, created_at: DateTime<Utc>) -> bool {
        author.id() == Some(&self.author)
            && self.since.is_none_or(|since| created_at >= since)
            && self.client.as_deref().is_none_or(|client| {
                author.client().is_some_and(|application| application.id() == client)
            })
    }

    /// Whether it covers a restaurant.
    #[must_use]
    pub fn covers_restaurant(&self, restaurant: &Restaurant) -> bool {
        self.covers(&restaurant.created_by, restaurant.created_at)
    }

    /// Whether it covers a review.
    #[must_use]
    pub fn covers_review(&self, review: &Review) -> bool {
        self.covers(&review.created_by, review.created_at)
    }
}

/// How much is taken back or restored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetractionCount {
    /// The author's restaurants.
    pub restaurants: u64,
    /// The author's reviews.
    pub reviews: u64,
    /// The other reviews of these restaurants, which go and come back with them.
    pub others: u64,
}

impl RetractionCount {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::AddAssign for RetractionCount {
    fn add_assign(&mut self, other: Self) {
        self.restaurants += other.restaurants;
        self.reviews += other.reviews;
        self.others += other.others;
    }
}

/// Why a caller may not delete a post.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeleteError {
    /// There is no such post.
    #[error("there is no such post")]
    NotFound,
    /// Another author wrote it, or the author is anonymous.
    #[error("another author wrote it")]
    NotOwn,
    /// It was written too long ago.
    #[error("it was written too long ago")]
    TooLate,
    /// Others have reviewed the restaurant.
    #[error("others have reviewed it")]
    Reviewed,
    /// The store failed. Nothing was deleted, unless the error is [`StoreError::Unconfirmed`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DeleteError {
    /// Checks whether an author may delete a post. `age` is the time since it was written, `within` the longest age; `reviewed`
    /// tells whether others have reviewed it.
    ///
    /// # Errors
    /// When it may not.
    pub fn check(
        author: &Author,
        wrote: &Author,
        age: TimeDelta,
        within: TimeDelta,
        reviewed: bool,
    ) -> Result<(), Self> {
        if !author.is_same_as(wrote) {
            Err(Self::NotOwn)
        } else if age > within {
            Err(Self::TooLate)
        } else if reviewed {
            Err(Self::Reviewed)
        } else {
            Ok(())
        }
    }
}
