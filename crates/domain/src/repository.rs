//! The interface of every store: one method for each use case of a page or a tool.

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::{
    ActivityPage, ActivityQuery, Author, CreateError, Created, DeleteError, IdempotencyKey,
    NewRestaurant, NewReview, Post, Restaurant, RestaurantDetails, RestaurantId, RestaurantPage,
    RestaurantQuery, Retraction, RetractionCount, Review, ReviewQuery, Snapshot, StoreError,
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
///
/// # Budgets and the activity record
/// A create counts in the budget of its author ([`WriteContext::budget`](crate::WriteContext::budget)) and leaves an entry in the
/// activity record, in its own transaction. One that wrote nothing, a repeated one for example, does neither.
///
/// # Taking back
/// What is hidden, deleted or retracted is gone for every reader: in lists, searches, counts and sums. The store keeps it,
/// and can restore it under its id. A store that cannot do this keeps the default of these methods, which fail.
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

    /// The name of what readers see: as long as it is the same, so is what [`Self::list_restaurants`] and
    /// [`Self::restaurant_details`] return, whichever process writes. `None` for a store that cannot tell.
    ///
    /// # Errors
    /// When the store fails.
    async fn snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        Ok(None)
    }

    /// A page of the activity record, the newest entries first.
    ///
    /// # Errors
    /// When the store fails.
    async fn activity(&self, _query: ActivityQuery) -> Result<ActivityPage, StoreError> {
        Err(unsupported())
    }

    /// Hides a restaurant with its reviews, or a review, in the name of a moderator. `false` when there is no such post.
    ///
    /// # Errors
    /// When the store fails.
    async fn hide(&self, _post: Post, _moderator: &Author) -> Result<bool, StoreError> {
        Err(unsupported())
    }

    /// Restores what was hidden, deleted or retracted, in the name of a moderator: a restaurant with the reviews that went
    /// with it, or a review. `false` when no such post is hidden, or the restaurant of the review is.
    ///
    /// # Errors
    /// When the store fails.
    async fn restore(&self, _post: Post, _moderator: &Author) -> Result<bool, StoreError> {
        Err(unsupported())
    }

    /// Deletes a post of the author's own, within a time after it was written. It is kept as a hidden one is.
    ///
    /// # Errors
    /// When the author may not, or the store fails.
    async fn delete_own(
        &self,
        _post: Post,
        _author: &Author,
        _within: TimeDelta,
    ) -> Result<(), DeleteError> {
        Err(unsupported().into())
    }

    /// Counts what [`Self::retract`] would hide.
    ///
    /// # Errors
    /// When the store fails.
    async fn count_retraction(
        &self,
        _retraction: &Retraction,
    ) -> Result<RetractionCount, StoreError> {
        Err(unsupported())
    }

    /// Hides a batch of what one author wrote: at most [`Retraction::BATCH`] reviews, then restaurants. Tells how much; call it
    /// until that is nothing.
    ///
    /// # Errors
    /// When the store fails. Earlier batches stay hidden; call it again.
    async fn retract(
        &self,
        _retraction: &Retraction,
        _by: &Author,
    ) -> Result<RetractionCount, StoreError> {
        Err(unsupported())
    }

    /// Restores a batch of what [`Self::retract`] hid: restaurants with their reviews, then reviews of restaurants that are
    /// not hidden. Tells how much; call it until that is nothing.
    ///
    /// # Errors
    /// When the store fails. Earlier batches stay restored; call it again.
    async fn restore_retracted(
        &self,
        _retraction: &Retraction,
        _by: &Author,
    ) -> Result<RetractionCount, StoreError> {
        Err(unsupported())
    }
}

fn unsupported() -> StoreError {
    StoreError::failed("this store keeps no activity record and takes nothing back")
}
