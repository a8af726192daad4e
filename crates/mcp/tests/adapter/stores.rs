//! Stores that fail in every way that a store can.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use restaurant_domain::{
    Author, CreateError, Created, IdempotencyKey, NewRestaurant, NewReview, Repository, Restaurant,
    RestaurantDetails, RestaurantId, RestaurantPage, RestaurantQuery, Review, ReviewQuery,
    StoreError, testing::InMemoryStore,
};
use tokio::sync::oneshot;

/// What the source of a failure says, which no client may read.
pub(crate) const SECRET: &str = "password=hunter2 host=10.0.0.4";

/// How a store fails.
pub(crate) enum Failure {
    Unavailable,
    ReadOnly,
    Failed,
    Panic,
    /// Never answers; says when a call begins and when it is dropped.
    Hang(Mutex<Option<(oneshot::Sender<()>, oneshot::Sender<()>)>>),
}

/// A store that always fails.
pub(crate) struct FailingStore(pub(crate) Failure);

impl FailingStore {
    /// A store that never answers, with the news of its first call: begun, dropped.
    pub(crate) fn hanging() -> (Arc<Self>, oneshot::Receiver<()>, oneshot::Receiver<()>) {
        let (begun, on_begun) = oneshot::channel();
        let (dropped, on_dropped) = oneshot::channel();
        let failure = Failure::Hang(Mutex::new(Some((begun, dropped))));
        (Arc::new(Self(failure)), on_begun, on_dropped)
    }

    async fn fail<T>(&self) -> Result<T, StoreError> {
        match &self.0 {
            Failure::Unavailable => Err(StoreError::unavailable(Source)),
            Failure::ReadOnly => Err(StoreError::read_only(Source)),
            Failure::Failed => Err(StoreError::failed(Source)),
            Failure::Panic => panic!("{SECRET}"),
            Failure::Hang(news) => {
                let news = news.lock().unwrap().take();
                // Dropped with this future, which closes the channel.
                let _dropped = news.map(|(begun, dropped)| {
                    begun.send(()).unwrap();
                    dropped
                });
                std::future::pending().await
            }
        }
    }
}

/// A store whose first write waits: it says when it has begun, and goes on when it is told to.
pub(crate) struct WaitingStore {
    store: InMemoryStore,
    gate: Mutex<Option<Gate>>,
}

type Gate = (oneshot::Sender<()>, oneshot::Receiver<()>);

impl WaitingStore {
    /// A store with the news of its first write, and the leave to go on.
    pub(crate) fn new() -> (Arc<Self>, oneshot::Receiver<()>, oneshot::Sender<()>) {
        let (begun, on_begun) = oneshot::channel();
        let (leave, on_leave) = oneshot::channel();
        let gate = Mutex::new(Some((begun, on_leave)));
        (Arc::new(Self { store: InMemoryStore::default(), gate }), on_begun, leave)
    }
}

#[async_trait]
impl Repository for WaitingStore {
    async fn list_restaurants(
        &self,
        query: &RestaurantQuery,
    ) -> Result<RestaurantPage, StoreError> {
        self.store.list_restaurants(query).await
    }

    async fn restaurant_details(
        &self,
        id: RestaurantId,
        reviews: ReviewQuery,
    ) -> Result<Option<RestaurantDetails>, StoreError> {
        self.store.restaurant_details(id, reviews).await
    }

    async fn create_restaurant(
        &self,
        new: NewRestaurant,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Created<Restaurant>, CreateError> {
        let gate = self.gate.lock().unwrap().take();
        if let Some((begun, leave)) = gate {
            begun.send(()).unwrap();
            leave.await.unwrap();
        }
        self.store.create_restaurant(new, author, key).await
    }

    async fn create_review(
        &self,
        id: RestaurantId,
        new: NewReview,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Created<Review>>, CreateError> {
        self.store.create_review(id, new, author, key).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}

#[derive(Debug)]
struct Source;

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SECRET)
    }
}

impl std::error::Error for Source {}

#[async_trait]
impl Repository for FailingStore {
    async fn list_restaurants(&self, _: &RestaurantQuery) -> Result<RestaurantPage, StoreError> {
        self.fail().await
    }

    async fn restaurant_details(
        &self,
        _: RestaurantId,
        _: ReviewQuery,
    ) -> Result<Option<RestaurantDetails>, StoreError> {
        self.fail().await
    }

    async fn create_restaurant(
        &self,
        _: NewRestaurant,
        _: &Author,
        _: Option<&IdempotencyKey>,
    ) -> Result<Created<Restaurant>, CreateError> {
        Ok(self.fail().await?)
    }

    async fn create_review(
        &self,
        _: RestaurantId,
        _: NewReview,
        _: &Author,
        _: Option<&IdempotencyKey>,
    ) -> Result<Option<Created<Review>>, CreateError> {
        Ok(self.fail().await?)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.fail().await
    }
}
