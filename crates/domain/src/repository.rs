//! The interface of every store: one method for each use case of a page or a tool.

use async_trait::async_trait;

use crate::{
    Author, CreateError, Created, IdempotencyKey, NewRestaurant, NewReview, Restaurant,
    RestaurantDetails, RestaurantId, RestaurantPage, RestaurantQuery, Review, ReviewQuery,
    StoreError,
};

/// A store of restaurants and reviews.
///
/// The rules that hold for every store stand in the contract suite (`testing::contract`, feature `testing`):
/// what was acknowledged is kept; a write happens whole or not at all, even when its caller goes away;
/// [`Restaurant::rating`] equals a recount of the reviews at any time.
///
/// # Repeating a create
/// A caller that did not hear the answer to a create cannot know whether it was done. With an [`IdempotencyKey`] it may
/// ask again: the same create under the same key gives the first result, [`Created::Replayed`], and writes nothing;
/// a create with other content is [`CreateError::KeyReused`]. [`Fingerprint`](crate::Fingerprint) says which content is
/// the same. Of many such creates at once one writes.
///
/// - A key belongs to its caller: the kind and the id of the [`Author`]. All anonymous callers are one.
/// - It is kept with what it created, for [`IdempotencyKey::LIFETIME`], and goes when that goes. A create that failed, or
///   that found no restaurant to review, leaves its key free.
#[async_trait]
pub trait Repository: Send + Sync + 'static {
    /// A page of restaurants.
    ///
    /// # Errors
    /// When the store fails.
    async fn list_restaurants(&self, query: &RestaurantQuery)
    -> Result<RestaurantPage, StoreError>;

    /// A restaurant with a page of its reviews; `None` when there is no such restaurant.
    ///
    /// # Errors
    /// When the store fails.
    async fn restaurant_details(
        &self,
        id: RestaurantId,
        reviews: ReviewQuery,
    ) -> Result<Option<RestaurantDetails>, StoreError>;

    /// Adds a restaurant; with a key, once.
    ///
    /// # Errors
    /// When the store fails, or when the key was used for other content.
    async fn create_restaurant(
        &self,
        restaurant: NewRestaurant,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Created<Restaurant>, CreateError>;

    /// Adds a review to a restaurant; with a key, once. `None` when there is no such restaurant.
    ///
    /// # Errors
    /// When the store fails, or when the key was used for other content.
    async fn create_review(
        &self,
        restaurant: RestaurantId,
        review: NewReview,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Created<Review>>, CreateError>;

    /// Checks that the store is available.
    ///
    /// # Errors
    /// It is not.
    async fn ping(&self) -> Result<(), StoreError>;
}
