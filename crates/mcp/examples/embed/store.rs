//! The guide's store: lists in memory. The suite at the end proves that it keeps the rules of [`Repository`].

use std::{
    cmp::Ordering,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use restaurant_domain::{
    Author, Clock, CreateError, Created, Fingerprint, IdempotencyKey, NewRestaurant, NewReview,
    RatingCounts, Repository, Restaurant, RestaurantCursor, RestaurantDetails, RestaurantId,
    RestaurantPage, RestaurantQuery, RestaurantSort, Review, ReviewId, ReviewQuery, SortKey,
    StoreError, SystemClock, Total,
};

/// A store of the guide's own.
pub(crate) struct GuideStore {
    guide: Mutex<Guide>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Guide {
    /// With what a search looks through.
    restaurants: Vec<(Restaurant, String)>,
    reviews: Vec<Review>,
    keys: HashMap<Key, Kept>,
}

/// A caller's kind and id, and the key that they gave.
type Key = (&'static str, String, String);

/// What a key stands for.
struct Kept {
    fingerprint: Fingerprint,
    first: First,
}

/// What a create gave, as it was then.
#[derive(Clone)]
enum First {
    Restaurant(Restaurant),
    Review(Review),
}

impl GuideStore {
    /// An empty store.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { guide: Mutex::default(), clock }
    }

    /// How many restaurants there are.
    pub(crate) fn count(&self) -> usize {
        self.guide().restaurants.len()
    }

    fn guide(&self) -> MutexGuard<'_, Guide> {
        self.guide.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for GuideStore {
    fn default() -> Self {
        let store = Self::new(Arc::new(SystemClock));
        for (name, address, description) in [
            ("Harbour Lights", "1 Pier Road", "Fish from the boats outside."),
            ("The Green Room", "22 Theatre Lane", "Vegetables before and after the play."),
        ] {
            // What breaks the limits stays out of the guide.
            if let Ok(new) = NewRestaurant::draft()
                .name(name)
                .street_address(address)
                .description(description)
                .parse()
            {
                store.guide().add_restaurant(new, &*store.clock, &Author::system());
            }
        }
        store
    }
}

#[async_trait]
impl Repository for GuideStore {
    async fn list_restaurants(
        &self,
        query: &RestaurantQuery,
    ) -> Result<RestaurantPage, StoreError> {
        let guide = self.guide();
        let found = |text: &str| query.search().is_none_or(|search| search.is_in(text));
        let found = guide.restaurants.iter().filter(|(_, text)| found(text));
        let mut rows: Vec<_> = found.map(|(restaurant, _)| restaurant.clone()).collect();
        let total = Total::Exactly(i64::try_from(rows.len()).map_err(StoreError::failed)?);
        rows.sort_by(|a, b| order(&place(query.sort(), a), &place(query.sort(), b)));
        if let Some(cursor) = query.after() {
            let after = (cursor.key.clone(), cursor.id);
            rows.retain(|row| order(&place(query.sort(), row), &after).is_gt());
        }
        if let Some(cursor) = query.before() {
            let before = (cursor.key.clone(), cursor.id);
            rows.retain(|row| order(&place(query.sort(), row), &before).is_lt());
            rows.reverse();
        }
        // One more than the page holds tells it that there is a next one.
        rows.truncate(usize::from(query.limit().get()) + 1);
        Ok(RestaurantPage::new(rows, total, query))
    }

    async fn restaurant_details(
        &self,
        id: RestaurantId,
        reviews: ReviewQuery,
    ) -> Result<Option<RestaurantDetails>, StoreError> {
        let guide = self.guide();
        let Some((restaurant, _)) = guide.restaurants.iter().find(|(known, _)| known.id == id)
        else {
            return Ok(None);
        };
        let newest = guide.reviews.iter().rev().filter(|review| review.restaurant_id == id);
        let mut ratings = RatingCounts::default();
        for review in newest.clone() {
            ratings.add(review.rating, review.created_by.kind());
        }
        let rest = newest.filter(|review| {
            reviews.after.is_none_or(|after| review.id < after.0)
                && reviews.stars.is_none_or(|stars| review.rating == stars)
                && reviews.by.is_none_or(|by| by.kinds().contains(&review.created_by.kind()))
        });
        let rows = rest.take(usize::from(reviews.limit.get()) + 1).cloned().collect();
        Ok(Some(RestaurantDetails::new(restaurant.clone(), ratings, rows, reviews.limit)))
    }

    async fn create_restaurant(
        &self,
        restaurant: NewRestaurant,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Created<Restaurant>, CreateError> {
        let mut guide = self.guide();
        let (key, fingerprint) = (owned(author, key), Fingerprint::of_restaurant(&restaurant));
        if let Some(First::Restaurant(first)) =
            guide.first(key.as_ref(), &fingerprint, &*self.clock)?
        {
            return Ok(Created::Replayed(first));
        }
        let created = guide.add_restaurant(restaurant, &*self.clock, author);
        guide.keep(key, fingerprint, First::Restaurant(created.clone()));
        Ok(Created::New(created))
    }

    async fn create_review(
        &self,
        restaurant: RestaurantId,
        review: NewReview,
        author: &Author,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Created<Review>>, CreateError> {
        let mut guide = self.guide();
        let (key, fingerprint) = (owned(author, key), Fingerprint::of_review(restaurant, &review));
        if let Some(First::Review(first)) = guide.first(key.as_ref(), &fingerprint, &*self.clock)? {
            return Ok(Some(Created::Replayed(first)));
        }
        let Some(created) = guide.add_review(restaurant, review, &*self.clock, author) else {
            return Ok(None);
        };
        guide.keep(key, fingerprint, First::Review(created.clone()));
        Ok(Some(Created::New(created)))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A key as its caller's own.
fn owned(author: &Author, key: Option<&IdempotencyKey>) -> Option<Key> {
    let id = author.id().unwrap_or_default();
    key.map(|key| (author.kind().as_str(), id.to_owned(), key.as_str().to_owned()))
}

impl Guide {
    /// What the same create gave before; `None` when there is no key, or a free one.
    fn first(
        &self,
        key: Option<&Key>,
        fingerprint: &Fingerprint,
        clock: &dyn Clock,
    ) -> Result<Option<First>, CreateError> {
        match key.and_then(|key| self.keys.get(key)).filter(|kept| kept.lives(clock)) {
            Some(kept) if kept.fingerprint == *fingerprint => Ok(Some(kept.first.clone())),
            Some(_) => Err(CreateError::KeyReused),
            None => Ok(None),
        }
    }

    fn keep(&mut self, key: Option<Key>, fingerprint: Fingerprint, first: First) {
        self.keys.extend(key.map(|key| (key, Kept { fingerprint, first })));
    }

    fn add_restaurant(
        &mut self,
        new: NewRestaurant,
        clock: &dyn Clock,
        author: &Author,
    ) -> Restaurant {
        let text = new.search_text();
        let id = RestaurantId(next_id(self.restaurants.len()));
        let restaurant = new.created(id, clock.now(), author.clone());
        self.restaurants.push((restaurant.clone(), text));
        restaurant
    }

    fn add_review(
        &mut self,
        id: RestaurantId,
        new: NewReview,
        clock: &dyn Clock,
        author: &Author,
    ) -> Option<Review> {
        let (restaurant, _) = self.restaurants.iter_mut().find(|(known, _)| known.id == id)?;
        restaurant.rating.add(new.rating);
        let review = ReviewId(next_id(self.reviews.len()));
        let review = new.created(review, id, clock.now(), author.clone());
        self.reviews.push(review.clone());
        Some(review)
    }
}

impl Kept {
    fn lives(&self, clock: &dyn Clock) -> bool {
        let created_at = match &self.first {
            First::Restaurant(restaurant) => restaurant.created_at,
            First::Review(review) => review.created_at,
        };
        clock.now() - created_at < IdempotencyKey::LIFETIME
    }
}

fn next_id(rows: usize) -> i64 {
    i64::try_from(rows).map_or(i64::MAX, |rows| rows.saturating_add(1))
}

/// Where a restaurant stands in an order.
fn place(sort: RestaurantSort, restaurant: &Restaurant) -> (SortKey, RestaurantId) {
    let cursor = RestaurantCursor::after(sort, restaurant);
    (cursor.key, cursor.id)
}

/// Names go up, numbers go down, and the id decides between equals; the newest has the greatest id.
fn order(a: &(SortKey, RestaurantId), b: &(SortKey, RestaurantId)) -> Ordering {
    match (&a.0, &b.0) {
        (SortKey::Name(x), SortKey::Name(y)) => x.cmp(y).then(a.1.cmp(&b.1)),
        (SortKey::Rating(x), SortKey::Rating(y)) | (SortKey::Reviews(x), SortKey::Reviews(y)) => {
            y.cmp(x).then(a.1.cmp(&b.1))
        }
        _ => b.1.cmp(&a.1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unused_async, reason = "other stores take a while to make")]
    async fn store(clock: Arc<dyn Clock>) -> (Arc<GuideStore>, ()) {
        (Arc::new(GuideStore::new(clock)), ())
    }

    restaurant_domain::repository_contract!(store);
}
