//! Stores with known content, and a slow one.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use restaurant_domain::{
    Author, Clock, NewRestaurant, NewReview, Repository, RestaurantId,
    testing::{InMemoryStore, InterceptedStore, StoreOperation},
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
    fill(empty()).await
}

/// The same, written now by the machine's clock.
pub(crate) async fn recent() -> Arc<InMemoryStore> {
    fill(Arc::default()).await
}

async fn fill(store: Arc<InMemoryStore>) -> Arc<InMemoryStore> {
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

/// A store that takes its time to write.
pub(crate) fn slow(store: Arc<InMemoryStore>, time: Duration) -> Arc<InterceptedStore> {
    Arc::new(InterceptedStore::new(store, move |operation| async move {
        if operation == StoreOperation::Write {
            sleep(time).await; // tidy: the clock is paused
        }
        Ok(())
    }))
}
