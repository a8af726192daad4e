//! What was taken back in memory.

use chrono::{DateTime, TimeDelta, Utc};

use super::Tables;
use crate::{
    AuditOperation, Author, DeleteError, Post, RatingSummary, Restaurant, Retraction,
    RetractionCount, Review,
};

/// The hidden posts.
#[derive(Default)]
pub(super) struct Hidden {
    restaurants: Vec<(Restaurant, AuditOperation)>,
    /// `None`: hidden with its restaurant.
    reviews: Vec<(Review, Option<AuditOperation>)>,
}

impl Tables {
    /// Hides a post; returns the number of reviews that go with it, `None` when there is no such post.
    pub(super) fn hide(
        &mut self,
        post: Post,
        reason: AuditOperation,
        by: &Author,
        now: DateTime<Utc>,
    ) -> Option<u64> {
        let mut others = 0;
        match post {
            Post::Restaurant(id) => {
                let at = self.restaurants.iter().position(|restaurant| restaurant.id == id)?;
                let gone: Vec<_> =
                    self.reviews.extract_if(.., |review| review.restaurant_id == id).collect();
                for review in gone {
                    self.keys.forget(Post::Review(id, review.id));
                    self.hidden.reviews.push((review, None));
                    others += 1;
                }
                self.hidden.restaurants.push((self.restaurants.remove(at), reason));
            }
            Post::Review(restaurant, id) => {
                let is_it = |review: &Review| review.id == id && review.restaurant_id == restaurant;
                let at = self.reviews.iter().position(is_it)?;
                self.hidden.reviews.push((self.reviews.remove(at), Some(reason)));
                self.sum(restaurant);
            }
        }
        self.keys.forget(post);
        self.record(reason, post, by, now);
        Some(others)
    }

    /// Restores a post; returns the number of reviews that come back with it, `None` when it is not hidden.
    pub(super) fn restore(&mut self, post: Post, by: &Author, now: DateTime<Utc>) -> Option<u64> {
        let mut others = 0;
        match post {
            Post::Restaurant(id) => {
                let hidden = &mut self.hidden.restaurants;
                let at = hidden.iter().position(|(restaurant, _)| restaurant.id == id)?;
                self.restaurants.push(hidden.remove(at).0);
                let with = |(review, reason): &mut (Review, Option<AuditOperation>)| {
                    review.restaurant_id == id && reason.is_none()
                };
                for (review, _) in self.hidden.reviews.extract_if(.., with) {
                    self.reviews.push(review);
                    others += 1;
                }
            }
            Post::Review(restaurant, id) => {
                self.restaurants.iter().find(|known| known.id == restaurant)?;
                let hidden = &mut self.hidden.reviews;
                let at = hidden.iter().position(|(review, reason)| {
                    review.id == id && review.restaurant_id == restaurant && reason.is_some()
                })?;
                self.reviews.push(hidden.remove(at).0);
            }
        }
        self.restaurants.sort_by_key(|restaurant| restaurant.id);
        self.reviews.sort_by_key(|review| review.id);
        self.sum(post.restaurant());
        self.record(AuditOperation::Restore, post, by, now);
        Some(others)
    }

    pub(super) fn delete_own(
        &mut self,
        post: Post,
        author: &Author,
        within: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<(), DeleteError> {
        let found = match post {
            Post::Restaurant(id) => self
                .restaurants
                .iter()
                .find(|restaurant| restaurant.id == id)
                .map(|restaurant| (&restaurant.created_by, restaurant.created_at)),
            Post::Review(restaurant, id) => self
                .reviews
                .iter()
                .find(|review| review.id == id && review.restaurant_id == restaurant)
                .map(|review| (&review.created_by, review.created_at)),
        };
        let (wrote, created_at) = found.ok_or(DeleteError::NotFound)?;
        let reviewed = matches!(post, Post::Restaurant(id) if self.reviews.iter().any(|review| {
            review.restaurant_id == id && !review.created_by.is_same_as(author)
        }));
        DeleteError::check(author, wrote, now - created_at, within, reviewed)?;
        self.hide(post, AuditOperation::Delete, author, now);
        Ok(())
    }

    pub(super) fn count(&self, what: &Retraction) -> RetractionCount {
        let covered = |review: &&Review| what.covers_review(review);
        let hidden = self.hidden.reviews.iter();
        let hidden = hidden.filter(|(it, reason)| reason.is_none() && what.covers_review(it));
        let reviews = self.reviews.iter().filter(covered).count() + hidden.count();
        let restaurants: Vec<_> = self
            .restaurants
            .iter()
            .filter(|it| what.covers_restaurant(it))
            .map(|it| it.id)
            .collect();
        let others = self.reviews.iter().filter(|review| !what.covers_review(review));
        let others = others.filter(|review| restaurants.contains(&review.restaurant_id)).count();
        RetractionCount {
            restaurants: restaurants.len() as u64,
            reviews: reviews as u64,
            others: others as u64,
        }
    }

    pub(super) fn retract(
        &mut self,
        what: &Retraction,
        by: &Author,
        now: DateTime<Utc>,
    ) -> RetractionCount {
        let mut count = RetractionCount::default();
        // What is hidden with its restaurant does not come back with it.
        let mut retracted = Vec::new();
        for (review, reason) in &mut self.hidden.reviews {
            if reason.is_none() && what.covers_review(review) {
                *reason = Some(AuditOperation::Retract);
                retracted.push(Post::Review(review.restaurant_id, review.id));
            }
        }
        for post in retracted {
            self.record(AuditOperation::Retract, post, by, now);
            count += counted(post, Some(0));
        }
        let reviews = self.reviews.iter().filter(|review| what.covers_review(review));
        let reviews = reviews.map(|review| Post::Review(review.restaurant_id, review.id));
        let reviews: Vec<_> = reviews.take(Retraction::BATCH).collect();
        let restaurants = self.restaurants.iter().filter(|it| what.covers_restaurant(it));
        let restaurants = restaurants.map(|restaurant| Post::Restaurant(restaurant.id));
        let restaurants: Vec<_> = restaurants.take(Retraction::BATCH).collect();
        for post in if reviews.is_empty() { restaurants } else { reviews } {
            let others = self.hide(post, AuditOperation::Retract, by, now);
            count += counted(post, others);
        }
        count
    }

    pub(super) fn restore_retracted(
        &mut self,
        what: &Retraction,
        by: &Author,
        now: DateTime<Utc>,
    ) -> RetractionCount {
        let mut count = RetractionCount::default();
        let retracted = Some(AuditOperation::Retract);
        let restaurants = self.hidden.restaurants.iter();
        let restaurants = restaurants
            .filter(|(it, reason)| Some(*reason) == retracted && what.covers_restaurant(it))
            .map(|(restaurant, _)| Post::Restaurant(restaurant.id));
        let restaurants: Vec<_> = restaurants.take(Retraction::BATCH).collect();
        let shown =
            |review: &Review| self.restaurants.iter().any(|it| it.id == review.restaurant_id);
        let reviews = self.hidden.reviews.iter();
        let reviews = reviews
            .filter(|(it, reason)| *reason == retracted && what.covers_review(it) && shown(it))
            .map(|(review, _)| Post::Review(review.restaurant_id, review.id));
        let reviews: Vec<_> = reviews.take(Retraction::BATCH).collect();
        for post in if restaurants.is_empty() { reviews } else { restaurants } {
            let others = self.restore(post, by, now);
            count += counted(post, others);
        }
        count
    }

    /// Sums the ratings of a restaurant anew.
    fn sum(&mut self, id: crate::RestaurantId) {
        let Some(restaurant) = self.restaurants.iter_mut().find(|it| it.id == id) else { return };
        restaurant.rating = RatingSummary::default();
        for review in self.reviews.iter().filter(|review| review.restaurant_id == id) {
            restaurant.rating.add(review.rating);
        }
    }
}

/// The count of one post, if it was hidden or restored.
fn counted(post: Post, others: Option<u64>) -> RetractionCount {
    match (post, others) {
        (_, None) => RetractionCount::default(),
        (Post::Restaurant(_), Some(others)) => {
            RetractionCount { restaurants: 1, others, ..RetractionCount::default() }
        }
        (Post::Review(..), Some(_)) => RetractionCount { reviews: 1, ..RetractionCount::default() },
    }
}
