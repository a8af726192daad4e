//! The repository in memory: for tests of the adapters, and the plainest reading of the contract.

mod keys;

use std::{
    cmp::Reverse,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use self::keys::{KeyUse, Keys};
use crate::{
    Author, Clock, CreateError, Created, Fingerprint, IdempotencyKey, Import, ImportRestaurant,
    NewRestaurant, NewReview, RatingSummary, Repository, Restaurant, RestaurantCursor,
    RestaurantDetails, RestaurantId, RestaurantPage, RestaurantQuery, RestaurantSort, Review,
    ReviewId, ReviewQuery, SortKey, StoreError, SystemClock, Total,
};

/// A store that forgets everything when it goes.
pub struct InMemoryStore {
    tables: Mutex<Tables>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Tables {
    restaurants: Vec<Restaurant>,
    reviews: Vec<Review>,
    keys: Keys,
}

impl InMemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { tables: Mutex::default(), clock }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for InMemoryStore {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock))
    }
}

#[async_trait]
impl Repository for InMemoryStore {
    async fn list_restaurants(
        &self,
        query: &RestaurantQuery,
    ) -> Result<RestaurantPage, StoreError> {
        let tables = self.tables();
        let mut matching: Vec<_> =
            tables.restaurants.iter().filter(|r| matches(r, query)).collect();
        let counted = i64::try_from(matching.len()).map_err(StoreError::failed)?;
        let total = match query.search() {
            Some(_) => Total::of_search(counted),
            None => Total::Exactly(counted),
        };
        sort(&mut matching, query.sort());
        let rows = matching
            .into_iter()
            .filter(|restaurant| query.after().is_none_or(|cursor| is_after(restaurant, cursor)))
            .take(usize::from(query.limit().get()) + 1)
            .cloned()
            .collect();
        Ok(RestaurantPage::new(rows, total, query))
    }

    async fn restaurant_details(
        &self,
        id: RestaurantId,
        reviews: ReviewQuery,
    ) -> Result<Option<RestaurantDetails>, StoreError> {
        let tables = self.tables();
        let Some(restaurant) = tables.restaurants.iter().find(|r| r.id == id) else {
            return Ok(None);
        };
        let rows = tables.reviews.iter().rev();
        let rows = rows
            .filter(|review| review.restaurant_id == id)
            .filter(|review| reviews.after.is_none_or(|cursor| review.id < cursor.0))
            .take(usize::from(reviews.limit.get()) + 1)
            .cloned()
            .collect();
        Ok(Some(RestaurantDetails::new(restaurant.clone(), rows, reviews.limit)))
    }

    async fn create_restaurant(
        &self,
        restaurant: NewRestaurant,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Created<Restaurant>, CreateError> {
        let (now, mut tables) = (self.clock.now(), self.tables());
        let key = KeyUse::new(author, key, Fingerprint::of_restaurant(&restaurant), now);
        if let Some(id) = tables.keys.created(&key)?
            && let Some(first) = tables.restaurants.iter().find(|r| r.id.0 == id)
        {
            let first = Restaurant { rating: RatingSummary::default(), ..first.clone() };
            return Ok(Created::Replayed(first));
        }
        let created = tables.add_restaurant(restaurant, now, author);
        tables.keys.keep(key, created.id.0);
        Ok(Created::New(created))
    }

    async fn create_review(
        &self,
        restaurant: RestaurantId,
        review: NewReview,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Created<Review>>, CreateError> {
        let (now, mut tables) = (self.clock.now(), self.tables());
        let key = KeyUse::new(author, key, Fingerprint::of_review(restaurant, &review), now);
        if let Some(id) = tables.keys.created(&key)?
            && let Some(first) = tables.reviews.iter().find(|review| review.id.0 == id)
        {
            return Ok(Some(Created::Replayed(first.clone())));
        }
        let created = tables.add_review(restaurant, review, now, author);
        Ok(created.map(|created| {
            tables.keys.keep(key, created.id.0);
            Created::New(created)
        }))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Import for InMemoryStore {
    async fn import(
        &self,
        restaurants: Vec<ImportRestaurant>,
        only_if_empty: bool,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        if only_if_empty && !tables.restaurants.is_empty() {
            return Ok(false);
        }
        let author = Author::system();
        for import in restaurants {
            let id = tables.add_restaurant(import.restaurant, import.created_at, &author).id;
            for review in import.reviews {
                tables.add_review(id, review.review, review.created_at, &author);
            }
        }
        Ok(true)
    }
}

impl Tables {
    fn add_restaurant(
        &mut self,
        new: NewRestaurant,
        created_at: DateTime<Utc>,
        author: &Author,
    ) -> Restaurant {
        let id = RestaurantId(next_id(self.restaurants.len()));
        let restaurant = new.created(id, created_at, author.clone());
        self.restaurants.push(restaurant.clone());
        restaurant
    }

    fn add_review(
        &mut self,
        restaurant_id: RestaurantId,
        new: NewReview,
        created_at: DateTime<Utc>,
        author: &Author,
    ) -> Option<Review> {
        let restaurant = self.restaurants.iter_mut().find(|r| r.id == restaurant_id)?;
        restaurant.rating.add(new.rating);
        let id = ReviewId(next_id(self.reviews.len()));
        let review = new.created(id, restaurant_id, created_at, author.clone());
        self.reviews.push(review.clone());
        Some(review)
    }
}

fn next_id(rows: usize) -> i64 {
    i64::try_from(rows).map_or(i64::MAX, |rows| rows.saturating_add(1))
}

fn matches(restaurant: &Restaurant, query: &RestaurantQuery) -> bool {
    query.search().is_none_or(|search| search.is_in(&restaurant.search_text()))
}

fn sort(restaurants: &mut [&Restaurant], sort: RestaurantSort) {
    match sort {
        RestaurantSort::Name => restaurants.sort_by_key(|r| (r.name.sort_key(), r.id)),
        RestaurantSort::Rating => restaurants.sort_by_key(|r| (Reverse(r.rating.sort_key()), r.id)),
        RestaurantSort::Reviews => restaurants.sort_by_key(|r| (Reverse(r.rating.count), r.id)),
        RestaurantSort::Newest => restaurants.sort_by_key(|r| Reverse(r.id)),
    }
}

pub(super) fn is_after(restaurant: &Restaurant, cursor: &RestaurantCursor) -> bool {
    let (rating, id) = (restaurant.rating, restaurant.id);
    match &cursor.key {
        SortKey::Name(key) => (&restaurant.name.sort_key(), id) > (key, cursor.id),
        SortKey::Rating(key) => (Reverse(rating.sort_key()), id) > (Reverse(*key), cursor.id),
        SortKey::Reviews(key) => (Reverse(rating.count), id) > (Reverse(*key), cursor.id),
        SortKey::Newest => id < cursor.id,
    }
}
