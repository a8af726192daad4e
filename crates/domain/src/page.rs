//! Pages of lists: the rows, and the cursor of the next page.

use crate::{
    PageLimit, RatingCounts, Restaurant, RestaurantCursor, RestaurantQuery, RestaurantSort, Review,
    ReviewCursor, Total,
};

/// A page of restaurants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestaurantPage {
    /// The restaurants, at most as many as the limit.
    pub restaurants: Vec<Restaurant>,
    /// How many match in all, on this page and off it.
    pub total: Total,
    /// Where the next page starts; `None` on the last.
    pub next: Option<RestaurantCursor>,
    /// Where the page before ends; `None` on the first.
    pub previous: Option<RestaurantCursor>,
}

impl RestaurantPage {
    /// Makes a page of one row more than the limit: the row too many only tells that there is a next page. The rows of a
    /// page that ends before a place come backwards, the nearest first, and the row too many tells of a page before.
    #[must_use]
    pub fn new(mut rows: Vec<Restaurant>, total: Total, query: &RestaurantQuery) -> Self {
        let more = truncate(&mut rows, query.limit());
        let (is_first, is_last) = match query.before() {
            Some(_) => {
                rows.reverse();
                (!more, false)
            }
            None => (query.after().is_none(), !more),
        };
        let place = |row| RestaurantCursor::after(query.sort(), row);
        let previous = rows.first().filter(|_| !is_first).map(place);
        let next = rows.last().filter(|_| !is_last).map(place);
        Self { restaurants: rows, total, next, previous }
    }

    /// Cuts the page to its first rows; the next page starts after them. `sort` is the order that the page is in.
    pub fn shorten(&mut self, rows: usize, sort: RestaurantSort) {
        if rows < self.restaurants.len() {
            self.restaurants.truncate(rows);
            self.next = self.restaurants.last().map(|last| RestaurantCursor::after(sort, last));
        }
    }
}

/// A restaurant with a page of its reviews.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestaurantDetails {
    /// The restaurant.
    pub restaurant: Restaurant,
    /// The counts of all its reviews, whichever are on the page.
    pub ratings: RatingCounts,
    /// The reviews, newest first, at most as many as the limit.
    pub reviews: Vec<Review>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<ReviewCursor>,
}

impl RestaurantDetails {
    /// Makes a page of one review more than the limit: the one too many only tells that there is a next page.
    #[must_use]
    pub fn new(
        restaurant: Restaurant,
        ratings: RatingCounts,
        mut reviews: Vec<Review>,
        limit: PageLimit,
    ) -> Self {
        let more = truncate(&mut reviews, limit);
        let next = reviews.last().filter(|_| more).map(|last| ReviewCursor(last.id));
        Self { restaurant, ratings, reviews, next }
    }

    /// Cuts the page to its first reviews; the next page starts after them.
    pub fn shorten(&mut self, reviews: usize) {
        if reviews < self.reviews.len() {
            self.reviews.truncate(reviews);
            self.next = self.reviews.last().map(|last| ReviewCursor(last.id));
        }
    }
}

/// Cuts the rows to the limit and tells whether there were more.
pub(crate) fn truncate<T>(rows: &mut Vec<T>, limit: PageLimit) -> bool {
    let limit = usize::from(limit.get());
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}
