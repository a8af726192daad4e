//! Stores for tests: one with known content, and ones that do not work.

use std::{future, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use restaurant_domain::{
    Author, Clock, CreateError, Created, IdempotencyKey, NewRestaurant, NewReview, Repository,
    Restaurant, RestaurantDetails, RestaurantId, RestaurantPage, RestaurantQuery, Review,
    ReviewQuery, StoreError, testing::InMemoryStore,
};
use tokio::time::sleep;

/// A clock that stands still.
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_424_700, 0).unwrap()
    }
}

pub(crate) fn empty() -> Arc<InMemoryStore> {
    Arc::new(InMemoryStore::new(Arc::new(StoppedClock)))
}

/// Two restaurants: the first with a review by each kind of author, the second with none.
pub(crate) async fn small() -> Arc<InMemoryStore> {
    let store = empty();
    let ann = Author::person("1", Some("Ann Ödman"));
    restaurant(&*store, "Blue Door", &ann).await;
    restaurant(&*store, "Noodle Yard", &Author::system()).await;
    review(&*store, 1, 5, &Author::anonymous()).await;
    review(&*store, 1, 4, &ann).await;
    review(&*store, 1, 4, &Author::agent("2", Some("Dinner planner"))).await;
    store
}

pub(crate) async fn restaurant(store: &dyn Repository, name: &str, author: &Author) {
    let new = NewRestaurant::draft()
        .name(name)
        .street_address("1 Harbour Road")
        .description("Fish.\nAnd a view.")
        .parse()
        .unwrap();
    store.create_restaurant(new, author, None).await.unwrap();
}

pub(crate) async fn review(store: &dyn Repository, id: i64, stars: i64, author: &Author) {
    let text = format!("Worth {stars} stars.\nAnd the walk.");
    let new = NewReview::draft().user_name("Guest").rating(stars).text(text).parse().unwrap();
    store.create_review(RestaurantId(id), new, author, None).await.unwrap();
}

pub(crate) const SECRET: &str = "db.internal:5432";

/// A store that does not work.
#[derive(Clone, Copy)]
pub(crate) enum Broken {
    Unavailable,
    ReadOnly,
    Failed,
    Hangs,
    Panics,
}

impl Broken {
    async fn answer<T>(self) -> Result<T, StoreError> {
        match self {
            Self::Unavailable => Err(StoreError::unavailable(SECRET)),
            Self::ReadOnly => Err(StoreError::read_only(SECRET)),
            Self::Failed => Err(StoreError::failed(SECRET)),
            Self::Hangs => future::pending().await,
            Self::Panics => panic!("{SECRET}"),
        }
    }
}

#[async_trait]
impl Repository for Broken {
    async fn list_restaurants(&self, _: &RestaurantQuery) -> Result<RestaurantPage, StoreError> {
        self.answer().await
    }

    async fn restaurant_details(
        &self,
        _: RestaurantId,
        _: ReviewQuery,
    ) -> Result<Option<RestaurantDetails>, StoreError> {
        self.answer().await
    }

    async fn create_restaurant(
        &self,
        _: NewRestaurant,
        _: &Author,
        _: Option<&IdempotencyKey>,
    ) -> Result<Created<Restaurant>, CreateError> {
        Ok(self.answer().await?)
    }

    async fn create_review(
        &self,
        _: RestaurantId,
        _: NewReview,
        _: &Author,
        _: Option<&IdempotencyKey>,
    ) -> Result<Option<Created<Review>>, CreateError> {
        Ok(self.answer().await?)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.answer().await
    }
}

/// A store that takes its time to write.
pub(crate) struct Slow(pub(crate) Arc<InMemoryStore>, pub(crate) Duration);

#[async_trait]
impl Repository for Slow {
    async fn list_restaurants(
        &self,
        query: &RestaurantQuery,
    ) -> Result<RestaurantPage, StoreError> {
        self.0.list_restaurants(query).await
    }

    async fn restaurant_details(
        &self,
        id: RestaurantId,
        reviews: ReviewQuery,
    ) -> Result<Option<RestaurantDetails>, StoreError> {
        self.0.restaurant_details(id, reviews).await
    }

    async fn create_restaurant(
        &self,
        new: NewRestaurant,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Created<Restaurant>, CreateError> {
        sleep(self.1).await; // tidy: the clock is paused
        self.0.create_restaurant(new, author, key).await
    }

    async fn create_review(
        &self,
        id: RestaurantId,
        new: NewReview,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Created<Review>>, CreateError> {
        sleep(self.1).await; // tidy: the clock is paused
        self.0.create_review(id, new, author, key).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.0.ping().await
    }
}
