//! Reviews.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::{Author, Rating, RestaurantId, ReviewText, UserName, Via, field::content};

/// A stored review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// The restaurant that it judges.
    pub restaurant_id: RestaurantId,
    /// The name that the reviewer gave.
    pub user_name: UserName,
    /// The reviewer's stars.
    pub rating: Rating,
    /// The text of the review.
    pub text: ReviewText,
    /// When it was written, to the microsecond.
    pub created_at: DateTime<Utc>,
    /// The author, as the product authenticated it.
    pub created_by: Author,
    /// The interface through which it was written; `None` where that is not known.
    pub created_via: Option<Via>,
}

/// A review's id: given by the store, greater than that of any review before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReviewId(pub i64);

impl fmt::Display for ReviewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

content! {
    /// A review to add: validated, not stored yet.
    NewReview,
    /// The raw fields of a review to add.
    ReviewDraft {
        /// The name that the reviewer gives.
        user_name: UserName,
        /// The reviewer's stars.
        rating: Rating,
        /// The text of the review.
        text: ReviewText,
    }
}

impl NewReview {
    /// The stored review.
    #[must_use]
    pub fn created(
        self,
        id: ReviewId,
        restaurant_id: RestaurantId,
        created_at: DateTime<Utc>,
        created_by: Author,
    ) -> Review {
        let Self { user_name, rating, text } = self;
        Review {
            id,
            restaurant_id,
            user_name,
            rating,
            text,
            created_at,
            created_via: created_by.context().via.clone(),
            created_by: created_by.without_context(),
        }
    }
}
