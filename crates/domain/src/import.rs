//! Imports of many restaurants at once, such as sample data.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{NewRestaurant, NewReview, StoreError};

/// A store that can be filled. Pages and tools do not need it: a store of your own may leave it out.
#[async_trait]
pub trait Import: Send + Sync + 'static {
    /// Adds restaurants with their reviews in the name of [`crate::Author::system`], all or none.
    ///
    /// With `only_if_empty` it adds them only when the store holds no restaurant. Tells whether it added them.
    ///
    /// # Errors
    /// When the store fails; nothing was written then.
    async fn import(
        &self,
        restaurants: Vec<ImportRestaurant>,
        only_if_empty: bool,
    ) -> Result<bool, StoreError>;
}

/// A restaurant to import.
#[derive(Debug, Clone)]
pub struct ImportRestaurant {
    /// The restaurant.
    pub restaurant: NewRestaurant,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// Its reviews, the oldest first.
    pub reviews: Vec<ImportReview>,
}

/// A review to import.
#[derive(Debug, Clone)]
pub struct ImportReview {
    /// The review.
    pub review: NewReview,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}
