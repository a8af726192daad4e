//! The queries that both databases share. None names a backend.
//!
//! Keyset pages are written `key >= :key AND (key > :key OR id > :id)`: both planners turn the first part into a range
//! of the index on `(key, id)`, so a page costs the same wherever it is. A list starts after a cursor that comes before
//! everything, so that first and later pages are one statement.

use diesel::{dsl::auto_type, prelude::*};
use restaurant_domain::{RestaurantQuery, RestaurantSort, ReviewQuery, SortKey, Total};

use crate::{
    budget::{BUDGET, BudgetColumns, Spender},
    derived::StoredNameKey,
    review_filter::ReviewFilter,
    rows::{
        RATING_COUNTS, RESTAURANT, REVIEW, RatingCountsColumns, RestaurantColumns, ReviewColumns,
    },
    schema::{restaurant_counts, restaurants, reviews, write_budgets},
};

/// Where a page of restaurants starts, or ends where it is read backwards (a key and an id), and how many rows to read: one more
/// than it shows.
pub(crate) fn restaurants_page(query: &RestaurantQuery) -> (SortKey, i64, i64) {
    let (key, id) = match (query.before().or(query.after()), query.sort()) {
        (Some(cursor), _) => (cursor.key.clone(), cursor.id.0),
        (None, RestaurantSort::Name) => (SortKey::Name(String::new()), i64::MIN),
        (None, RestaurantSort::Rating) => (SortKey::Rating(i64::MAX), i64::MIN),
        (None, RestaurantSort::Reviews) => (SortKey::Reviews(i64::MAX), i64::MIN),
        (None, RestaurantSort::Newest) => (SortKey::Newest, i64::MAX),
    };
    (key, id, i64::from(query.limit().get()) + 1)
}

/// Which reviews a page shows, after which one it starts, and how many rows to read: one more than it shows.
pub(crate) fn reviews_page(query: ReviewQuery) -> (ReviewFilter, i64, i64) {
    let after = query.after.map_or(i64::MAX, |cursor| cursor.0.0);
    (ReviewFilter::of(query), after, i64::from(query.limit.get()) + 1)
}

/// Restaurants by name, after a restaurant, or after a name's key and an id.
#[auto_type]
pub(crate) fn by_name(key: String, id: i64, rows: i64) -> _ {
    let columns: RestaurantColumns = RESTAURANT;
    let from: StoredNameKey = StoredNameKey { key: key.clone(), id };
    let after: StoredNameKey = StoredNameKey { key, id };
    restaurants::table
        .filter(restaurants::name_key.ge(from))
        .filter(restaurants::name_key.gt(after).or(restaurants::id.gt(id)))
        .order((restaurants::name_key.asc(), restaurants::id.asc()))
        .limit(rows)
        .select(columns)
}

/// Restaurants by rating, after a rating's key and an id.
#[auto_type]
pub(crate) fn by_rating(key: i64, id: i64, rows: i64) -> _ {
    let columns: RestaurantColumns = RESTAURANT;
    restaurants::table
        .filter(restaurants::rating_key.le(key))
        .filter(restaurants::rating_key.lt(key).or(restaurants::id.gt(id)))
        .order((restaurants::rating_key.desc(), restaurants::id.asc()))
        .limit(rows)
        .select(columns)
}

/// Restaurants by number of reviews, after a number and an id.
#[auto_type]
pub(crate) fn by_reviews(key: i64, id: i64, rows: i64) -> _ {
    let columns: RestaurantColumns = RESTAURANT;
    restaurants::table
        .filter(restaurants::rating_count.le(key))
        .filter(restaurants::rating_count.lt(key).or(restaurants::id.gt(id)))
        .order((restaurants::rating_count.desc(), restaurants::id.asc()))
        .limit(rows)
        .select(columns)
}

/// Restaurants, the newest first, after an id.
#[auto_type]
pub(crate) fn by_newest(id: i64, rows: i64) -> _ {
    let columns: RestaurantColumns = RESTAURANT;
    restaurants::table
        .filter(restaurants::id.lt(id))
        .order(restaurants::id.desc())
        .limit(rows)
        .select(columns)
}

/// Restaurants by name, backwards from before a restaurant, or from before a name's key and an id.
#[auto_type]
pub(crate) fn by_name_back(key: String, id: i64, rows: i64) -> _ {
    let columns: RestaurantColumns = RESTAURANT;
    let from: StoredNameKey = StoredNameKey { key: key.clone(), id };
    let before: StoredNameKey = StoredNameKey { key, id };
    restaurants::table
        .filter(restaurants::name_key.le(from))
        .filter(restaurants::name_key.lt(before).or(restaurants::id.lt(id)))
        .order((restaurants::name_key.desc(), restaurants::id.desc()))
        .limit(rows)
        .select(columns)
}

/// Restaurants by rating, backwards from before a rating's key and an id.
#[auto_type]
pub(crate) fn by_rating_back(key: i64, id: i64, rows: i64) -> _ {
    let columns: RestaurantColumns = RESTAURANT;
    restaurants::table
        .filter(restaurants::rating_key.ge(key))
        .filter(restaurants::rating_key.gt(key).or(restaurants::id.lt(id)))
        .order((restaurants::rating_key.asc(), restaurants::id.desc()))
        .limit(rows)
        .select(columns)
}

/// Restaurants by number of reviews, backwards from before a number and an id.
#[auto_type]
pub(crate) fn by_reviews_back(key: i64, id: i64, rows: i64) -> _ {
    let columns: RestaurantColumns = RESTAURANT;
    restaurants::table
        .filter(restaurants::rating_count.ge(key))
        .filter(restaurants::rating_count.gt(key).or(restaurants::id.lt(id)))
        .order((restaurants::rating_count.asc(), restaurants::id.desc()))
        .limit(rows)
        .select(columns)
}

/// Restaurants, the oldest first, from before an id in the list of the newest.
#[auto_type]
pub(crate) fn by_newest_back(id: i64, rows: i64) -> _ {
    let columns: RestaurantColumns = RESTAURANT;
    restaurants::table
        .filter(restaurants::id.gt(id))
        .order(restaurants::id.asc())
        .limit(rows)
        .select(columns)
}

/// The summands of the number of all restaurants: a handful of rows, however many restaurants there are.
#[auto_type]
pub(crate) fn counts() -> _ {
    restaurant_counts::table.select(restaurant_counts::restaurants)
}

/// The total of a search, of whose matches these were read: all of them, or one more than are counted.
pub(crate) fn total_of(ids: &[i64]) -> Total {
    Total::of_search(i64::try_from(ids.len()).unwrap_or(i64::MAX))
}

/// One restaurant's id, whichever; none when there is no restaurant.
#[auto_type]
pub(crate) fn any_restaurant() -> _ {
    restaurants::table.select(restaurants::id).limit(1_i64)
}

/// A restaurant.
#[auto_type]
pub(crate) fn restaurant(id: i64) -> _ {
    let columns: RestaurantColumns = RESTAURANT;
    restaurants::table.find(id).select(columns)
}

/// A restaurant with the kept counts of its ratings.
#[auto_type]
pub(crate) fn restaurant_with_counts(id: i64) -> _ {
    let (restaurant, counts): (RestaurantColumns, RatingCountsColumns) =
        (RESTAURANT, RATING_COUNTS);
    restaurants::table.find(id).select((restaurant, counts))
}

/// A restaurant's reviews that pass a filter, the newest first, after an id.
#[auto_type]
pub(crate) fn reviews_of(restaurant: i64, filter: ReviewFilter, after: i64, rows: i64) -> _ {
    let columns: ReviewColumns = REVIEW;
    reviews::table
        .filter(reviews::restaurant_id.eq(restaurant))
        .filter(filter)
        .filter(reviews::id.lt(after))
        .order(reviews::id.desc())
        .limit(rows)
        .select(columns)
}

/// The id of a restaurant, if there is one.
#[auto_type]
pub(crate) fn known(id: i64) -> _ {
    restaurants::table.find(id).select(restaurants::id)
}

/// What a caller has written so far, as [`BudgetRow`](crate::budget::BudgetRow).
#[auto_type]
pub(crate) fn budget<'a>(spender: &'a Spender) -> _ {
    let kind: &'static str = spender.kind;
    let id: &'a str = &spender.id;
    let client: &'a str = &spender.client;
    let columns: BudgetColumns = BUDGET;
    write_budgets::table
        .filter(write_budgets::caller_kind.eq(kind))
        .filter(write_budgets::caller_id.eq(id))
        .filter(write_budgets::client_id.eq(client))
        .select(columns)
}
