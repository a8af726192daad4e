//! The repository in memory: for tests of the adapters, and the plainest reading of the contract.

mod hidden;
mod keys;

use std::{
    cmp::{Ordering, Reverse},
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use self::{
    hidden::Hidden,
    keys::{KeyUse, Keys},
};
use crate::{
    Activity, ActivityPage, ActivityQuery, AuditOperation, Author, BudgetExhausted, BudgetUse,
    Clock, CreateError, Created, DeleteError, Fingerprint, IdempotencyKey, Import,
    ImportRestaurant, NewRestaurant, NewReview, Post, RatingCounts, RatingSummary, Repository,
    Restaurant, RestaurantCursor, RestaurantDetails, RestaurantId, RestaurantPage, RestaurantQuery,
    RestaurantSort, Retraction, RetractionCount, Review, ReviewId, ReviewQuery, Snapshot, SortKey,
    StoreError, SystemClock, Total,
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
    /// The id of the last restaurant and of the last review.
    last_ids: (i64, i64),
    keys: Keys,
    budgets: HashMap<Spender, BudgetUse>,
    activity: Vec<Activity>,
    hidden: Hidden,
}

/// Whose writes are counted: the kind and the id of the author, and the client application.
type Spender = (&'static str, Option<String>, Option<String>);

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
        if let Some(cursor) = query.before() {
            matching.retain(|restaurant| place(restaurant, cursor).is_lt());
            matching.reverse();
        }
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
        let mut ratings = RatingCounts::default();
        let of_it = tables.reviews.iter().rev().filter(|review| review.restaurant_id == id);
        for review in of_it.clone() {
            ratings.add(review.rating, review.created_by.kind());
        }
        let rows = of_it
            .filter(|review| reviews.stars.is_none_or(|stars| review.rating == stars))
            .filter(|review| {
                let kind = review.created_by.kind();
                reviews.by.is_none_or(|by| by.kinds().contains(&kind))
            })
            .filter(|review| reviews.after.is_none_or(|cursor| review.id < cursor.0))
            .take(usize::from(reviews.limit.get()) + 1)
            .cloned()
            .collect();
        Ok(Some(RestaurantDetails::new(restaurant.clone(), ratings, rows, reviews.limit)))
    }

    async fn create_restaurant(
        &self,
        restaurant: NewRestaurant,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Created<Restaurant>, CreateError> {
        let (now, mut tables) = (self.clock.now(), self.tables());
        let key = KeyUse::new(author, key, Fingerprint::of_restaurant(&restaurant), now);
        if let Some(Post::Restaurant(id)) = tables.keys.created(&key)?
            && let Some(first) = tables.restaurants.iter().find(|r| r.id == id)
        {
            let first = Restaurant { rating: RatingSummary::default(), ..first.clone() };
            return Ok(Created::Replayed(first));
        }
        tables.spend(author, now)?;
        let created = tables.add_restaurant(restaurant, now, author);
        let post = Post::Restaurant(created.id);
        tables.keys.keep(key, post);
        tables.record(AuditOperation::CreateRestaurant, post, author, now);
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
        if let Some(Post::Review(_, id)) = tables.keys.created(&key)?
            && let Some(first) = tables.reviews.iter().find(|review| review.id == id)
        {
            return Ok(Some(Created::Replayed(first.clone())));
        }
        if !tables.restaurants.iter().any(|r| r.id == restaurant) {
            return Ok(None);
        }
        tables.spend(author, now)?;
        let created = tables.add_review(restaurant, review, now, author);
        Ok(created.map(|created| {
            let post = Post::Review(restaurant, created.id);
            tables.keys.keep(key, post);
            tables.record(AuditOperation::CreateReview, post, author, now);
            Created::New(created)
        }))
    }

    async fn snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        let tables = self.tables();
        // An import leaves no entry in the record, and every other write does.
        let writes = (tables.last_ids, tables.activity.len());
        Ok(Some(Snapshot::new(format!("{writes:?}"))))
    }

    async fn activity(&self, query: ActivityQuery) -> Result<ActivityPage, StoreError> {
        let tables = self.tables();
        let entries = tables.activity.iter().rev();
        let entries = entries.filter(|entry| {
            query.after.is_none_or(|cursor| entry.id < cursor.0)
                && query.by.is_none_or(|by| by.kinds().contains(&entry.author.kind()))
        });
        let entries = entries.take(usize::from(query.limit.get()) + 1).map(|entry| {
            let target = entry.target.restaurant();
            let restaurant = tables.restaurants.iter().find(|it| it.id == target);
            let restaurant_name = restaurant.map(|it| it.name.clone());
            Activity { restaurant_name, ..entry.clone() }
        });
        Ok(ActivityPage::new(entries.collect(), query.limit))
    }

    async fn hide(&self, post: Post, moderator: &Author) -> Result<bool, StoreError> {
        let (now, mut tables) = (self.clock.now(), self.tables());
        Ok(tables.hide(post, AuditOperation::Hide, moderator, now).is_some())
    }

    async fn restore(&self, post: Post, moderator: &Author) -> Result<bool, StoreError> {
        let (now, mut tables) = (self.clock.now(), self.tables());
        Ok(tables.restore(post, moderator, now).is_some())
    }

    async fn delete_own(
        &self,
        post: Post,
        author: &Author,
        within: TimeDelta,
    ) -> Result<(), DeleteError> {
        let (now, mut tables) = (self.clock.now(), self.tables());
        tables.delete_own(post, author, within, now)
    }

    async fn count_retraction(&self, what: &Retraction) -> Result<RetractionCount, StoreError> {
        Ok(self.tables().count(what))
    }

    async fn retract(&self, what: &Retraction, by: &Author) -> Result<RetractionCount, StoreError> {
        let (now, mut tables) = (self.clock.now(), self.tables());
        Ok(tables.retract(what, by, now))
    }

    async fn restore_retracted(
        &self,
        what: &Retraction,
        by: &Author,
    ) -> Result<RetractionCount, StoreError> {
        let (now, mut tables) = (self.clock.now(), self.tables());
        Ok(tables.restore_retracted(what, by, now))
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
    /// Counts a write in the budget of its author.
    fn spend(&mut self, author: &Author, now: DateTime<Utc>) -> Result<(), BudgetExhausted> {
        let budget = author.context().budget;
        if budget.is_unlimited() {
            return Ok(());
        }
        let client = author.client().map(|client| client.id().to_owned());
        let spender = (author.kind().as_str(), author.id().map(str::to_owned), client);
        let spent = match self.budgets.get(&spender) {
            Some(spent) => spent.spend(&budget, now)?,
            None => BudgetUse::first(now),
        };
        self.budgets.insert(spender, spent);
        Ok(())
    }

    /// Adds an entry to the activity record.
    fn record(
        &mut self,
        operation: AuditOperation,
        target: Post,
        author: &Author,
        at: DateTime<Utc>,
    ) {
        let id = self.activity.last().map_or(1, |last| last.id + 1);
        let mut context = author.context().clone();
        context.budget = crate::Budget::default();
        let author = author.clone().with_context(context);
        let restaurant_name = None;
        self.activity.push(Activity { id, at, operation, target, author, restaurant_name });
    }

    fn add_restaurant(
        &mut self,
        new: NewRestaurant,
        created_at: DateTime<Utc>,
        author: &Author,
    ) -> Restaurant {
        self.last_ids.0 += 1;
        let id = RestaurantId(self.last_ids.0);
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
        self.last_ids.1 += 1;
        let id = ReviewId(self.last_ids.1);
        let review = new.created(id, restaurant_id, created_at, author.clone());
        self.reviews.push(review.clone());
        Some(review)
    }
}

fn matches(restaurant: &Restaurant, query: &RestaurantQuery) -> bool {
    query.search().is_none_or(|search| search.is_in(&restaurant.search_text()))
}

fn sort(restaurants: &mut [&Restaurant], sort: RestaurantSort) {
    match sort {
        RestaurantSort::Name => restaurants.sort_by_cached_key(|r| (r.name.sort_key(), r.id)),
        RestaurantSort::Rating => restaurants.sort_by_key(|r| (Reverse(r.rating.sort_key()), r.id)),
        RestaurantSort::Reviews => restaurants.sort_by_key(|r| (Reverse(r.rating.count), r.id)),
        RestaurantSort::Newest => restaurants.sort_by_key(|r| Reverse(r.id)),
    }
}

pub(super) fn is_after(restaurant: &Restaurant, cursor: &RestaurantCursor) -> bool {
    place(restaurant, cursor).is_gt()
}

/// Where a restaurant is in the cursor's order, seen from the cursor.
fn place(restaurant: &Restaurant, cursor: &RestaurantCursor) -> Ordering {
    let (rating, id) = (restaurant.rating, restaurant.id);
    match &cursor.key {
        SortKey::Name(key) => (&restaurant.name.sort_key(), id).cmp(&(key, cursor.id)),
        SortKey::Rating(key) => (Reverse(rating.sort_key()), id).cmp(&(Reverse(*key), cursor.id)),
        SortKey::Reviews(key) => (Reverse(rating.count), id).cmp(&(Reverse(*key), cursor.id)),
        SortKey::Newest => cursor.id.cmp(&id),
    }
}
