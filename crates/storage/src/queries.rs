//! The queries that both databases share. None names a backend.
//!
//! Keyset pages are written `key >= :key AND (key > :key OR id > :id)`: both planners turn the first part into a range
//! of the index on `(key, id)`, so a page costs the same wherever it is. A list starts after a cursor that comes before
//! everything, so that first and later pages are one statement.

use chrono::NaiveDateTime;
use diesel::{
    dsl::{AsExprOf, auto_type},
    prelude::*,
    sql_types::{Nullable, SmallInt, Text, Timestamp},
};
use restaurant_domain::{RestaurantQuery, RestaurantSort, ReviewQuery, SortKey, Total};

use crate::{
    derived::StoredNameKey,
    rows::{NewReviewRow, RESTAURANT, REVIEW, RestaurantColumns, ReviewColumns},
    schema::{restaurant_counts, restaurants, reviews},
};

/// Where a page of restaurants starts (a key and an id), and how many rows to read: one more than it shows.
pub(crate) fn restaurants_page(query: &RestaurantQuery) -> (SortKey, i64, i64) {
    let (key, id) = match (query.after(), query.sort()) {
        (Some(cursor), _) => (cursor.key.clone(), cursor.id.0),
        (None, RestaurantSort::Name) => (SortKey::Name(String::new()), i64::MIN),
        (None, RestaurantSort::Rating) => (SortKey::Rating(i64::MAX), i64::MIN),
        (None, RestaurantSort::Reviews) => (SortKey::Reviews(i64::MAX), i64::MIN),
        (None, RestaurantSort::Newest) => (SortKey::Newest, i64::MAX),
    };
    (key, id, i64::from(query.limit().get()) + 1)
}

/// After which review a page starts, and how many rows to read: one more than it shows.
pub(crate) fn reviews_page(query: ReviewQuery) -> (i64, i64) {
    let after = query.after.map_or(i64::MAX, |cursor| cursor.0.0);
    (after, i64::from(query.limit.get()) + 1)
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

/// A restaurant's reviews, the newest first, after an id.
#[auto_type]
pub(crate) fn reviews_of(restaurant: i64, after: i64, rows: i64) -> _ {
    let columns: ReviewColumns = REVIEW;
    reviews::table
        .filter(reviews::restaurant_id.eq(restaurant))
        .filter(reviews::id.lt(after))
        .order(reviews::id.desc())
        .limit(rows)
        .select(columns)
}

/// The review as a row to insert if its restaurant exists, and as no row otherwise. Cheaper than to run into the foreign
/// key, which writes first and then takes back.
#[auto_type]
pub(crate) fn review_of_known<'a>(row: &NewReviewRow<'a>) -> _ {
    let restaurant: i64 = row.restaurant_id;
    let user_name: AsExprOf<&'a str, Text> = row.user_name.into_sql::<Text>();
    let rating: AsExprOf<i16, SmallInt> = row.rating.into_sql::<SmallInt>();
    let text: AsExprOf<&'a str, Text> = row.review_text.into_sql::<Text>();
    let at: AsExprOf<NaiveDateTime, Timestamp> = row.created_at.into_sql::<Timestamp>();
    let kind: AsExprOf<&'static str, Text> = row.created_by_kind.into_sql::<Text>();
    let by: AsExprOf<Option<&'a str>, Nullable<Text>> =
        row.created_by_id.into_sql::<Nullable<Text>>();
    let named: AsExprOf<Option<&'a str>, Nullable<Text>> =
        row.created_by_name.into_sql::<Nullable<Text>>();
    restaurants::table.filter(restaurants::id.eq(restaurant)).select((
        restaurants::id,
        user_name,
        rating,
        text,
        at,
        kind,
        by,
        named,
    ))
}
