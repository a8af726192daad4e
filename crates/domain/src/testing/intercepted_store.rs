//! A store that runs a hook before each operation: to fail, to wait, to hang.

use std::{fmt, pin::Pin, sync::Arc};

use async_trait::async_trait;
use chrono::TimeDelta;

use super::InMemoryStore;
use crate::{
    ActivityPage, ActivityQuery, Author, CreateError, Created, DeleteError, IdempotencyKey,
    NewRestaurant, NewReview, Post, Repository, Restaurant, RestaurantDetails, RestaurantId,
    RestaurantPage, RestaurantQuery, Retraction, RetractionCount, Review, ReviewQuery, Snapshot,
    StoreError,
};

/// The kind of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreOperation {
    /// A read, or a ping.
    Read,
    /// A create, or taking something back or restoring it.
    Write,
}

/// A way in which each operation of a store fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// [`StoreError::Unavailable`].
    Unavailable,
    /// [`StoreError::Unconfirmed`].
    Unconfirmed,
    /// [`StoreError::ReadOnly`].
    ReadOnly,
    /// [`StoreError::Failed`].
    Failed,
    /// A panic.
    Panics,
    /// No response.
    Hangs,
}

impl Failure {
    /// The text of each failure's source, which no client may read.
    pub const SECRET: &str = "password=hunter2 host=db.internal:5432";

    /// A store that fails in this way.
    #[must_use]
    pub fn store(self) -> InterceptedStore {
        InterceptedStore::new(Arc::new(InMemoryStore::default()), move |_| self.fail())
    }

    async fn fail(self) -> Result<(), StoreError> {
        Err(match self {
            Self::Unavailable => StoreError::unavailable(Self::SECRET),
            Self::Unconfirmed => StoreError::Unconfirmed(Self::SECRET.into()),
            Self::ReadOnly => StoreError::read_only(Self::SECRET),
            Self::Failed => StoreError::failed(Self::SECRET),
            #[expect(clippy::panic, reason = "the panic is what is tested")]
            Self::Panics => panic!("{}", Self::SECRET),
            Self::Hangs => std::future::pending().await,
        })
    }
}

type Hook = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// A store that runs a hook before each operation of another store; an error of the hook is the operation's.
pub struct InterceptedStore {
    store: Arc<dyn Repository>,
    before: Box<dyn Fn(StoreOperation) -> Hook + Send + Sync>,
}

impl InterceptedStore {
    /// Runs `before` ahead of each operation of `store`.
    pub fn new<F>(
        store: Arc<dyn Repository>,
        before: impl Fn(StoreOperation) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        Self { store, before: Box::new(move |operation| Box::pin(before(operation))) }
    }
}

impl fmt::Debug for InterceptedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InterceptedStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl Repository for InterceptedStore {
    async fn list_restaurants(
        &self,
        query: &RestaurantQuery,
    ) -> Result<RestaurantPage, StoreError> {
        (self.before)(StoreOperation::Read).await?;
        self.store.list_restaurants(query).await
    }

    async fn restaurant_details(
        &self,
        id: RestaurantId,
        reviews: ReviewQuery,
    ) -> Result<Option<RestaurantDetails>, StoreError> {
        (self.before)(StoreOperation::Read).await?;
        self.store.restaurant_details(id, reviews).await
    }

    async fn create_restaurant(
        &self,
        new: NewRestaurant,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Created<Restaurant>, CreateError> {
        (self.before)(StoreOperation::Write).await?;
        self.store.create_restaurant(new, author, key).await
    }

    async fn create_review(
        &self,
        id: RestaurantId,
        new: NewReview,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Created<Review>>, CreateError> {
        (self.before)(StoreOperation::Write).await?;
        self.store.create_review(id, new, author, key).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        (self.before)(StoreOperation::Read).await?;
        self.store.ping().await
    }

    async fn snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        (self.before)(StoreOperation::Read).await?;
        self.store.snapshot().await
    }

    async fn activity(&self, query: ActivityQuery) -> Result<ActivityPage, StoreError> {
        (self.before)(StoreOperation::Read).await?;
        self.store.activity(query).await
    }

    async fn hide(&self, post: Post, moderator: &Author) -> Result<bool, StoreError> {
        (self.before)(StoreOperation::Write).await?;
        self.store.hide(post, moderator).await
    }

    async fn restore(&self, post: Post, moderator: &Author) -> Result<bool, StoreError> {
        (self.before)(StoreOperation::Write).await?;
        self.store.restore(post, moderator).await
    }

    async fn delete_own(
        &self,
        post: Post,
        author: &Author,
        within: TimeDelta,
    ) -> Result<(), DeleteError> {
        (self.before)(StoreOperation::Write).await?;
        self.store.delete_own(post, author, within).await
    }

    async fn count_retraction(&self, what: &Retraction) -> Result<RetractionCount, StoreError> {
        (self.before)(StoreOperation::Read).await?;
        self.store.count_retraction(what).await
    }

    async fn retract(&self, what: &Retraction, by: &Author) -> Result<RetractionCount, StoreError> {
        (self.before)(StoreOperation::Write).await?;
        self.store.retract(what, by).await
    }

    async fn restore_retracted(
        &self,
        what: &Retraction,
        by: &Author,
    ) -> Result<RetractionCount, StoreError> {
        (self.before)(StoreOperation::Write).await?;
        self.store.restore_retracted(what, by).await
    }
}
