//! What every store does: one method for each thing that a page or a tool wants done.

use async_trait::async_trait;

use crate::{
    Author, ListRestaurants, ListReviews, NewRestaurant, NewReview, Restaurant, RestaurantDetails,
    RestaurantId, RestaurantPage, Review,
};

/// A store of restaurants and reviews.
///
/// The rules that hold for every store stand in the contract suite (`testing::contract`, feature `testing`):
/// what was acknowledged is kept; a write happens whole or not at all, even when its caller goes away;
/// [`Restaurant::rating`] equals a recount of the reviews at any time.
#[async_trait]
pub trait Repository: Send + Sync + 'static {
    /// A page of restaurants.
    ///
    /// # Errors
    /// When the store fails.
    async fn list_restaurants(&self, query: &ListRestaurants)
    -> Result<RestaurantPage, StoreError>;

    /// A restaurant with a page of its reviews; `None` when there is no such restaurant.
    ///
    /// # Errors
    /// When the store fails.
    async fn restaurant_details(
        &self,
        id: RestaurantId,
        reviews: ListReviews,
    ) -> Result<Option<RestaurantDetails>, StoreError>;

    /// Adds a restaurant.
    ///
    /// # Errors
    /// When the store fails; nothing was written then, or nobody can tell because the connection broke.
    async fn create_restaurant(
        &self,
        restaurant: NewRestaurant,
        author: &Author,
    ) -> Result<Restaurant, StoreError>;

    /// Adds a review to a restaurant; `None` when there is no such restaurant.
    ///
    /// # Errors
    /// When the store fails; nothing was written then, or nobody can tell because the connection broke.
    async fn create_review(
        &self,
        restaurant: RestaurantId,
        review: NewReview,
        author: &Author,
    ) -> Result<Option<Review>, StoreError>;

    /// Asks the store whether it can answer now.
    ///
    /// # Errors
    /// When it cannot.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// A store's failure. Absence is not one. Neither form's text says anything of the store's inside; the source does, for the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot answer now: try again in a moment.
    #[error("the store is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store answered with an error that trying again will not mend.
    #[error("the store failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// A failure that passes.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }

    /// A failure that stays.
    pub fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(source.into())
    }
}
