//! What pages, tools and imports write to SQLite. Each is one immediate transaction: it has the file's only write lock
//! from its start on, so it never finds at its end that another was faster.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use restaurant_domain::{Author, ImportRestaurant, NewRestaurant, NewReview, RestaurantId};

use crate::{
    error::WorkError,
    queries::{any_restaurant, review_of_known},
    rows::{NEW_REVIEW, NewRestaurantRow, NewReviewRow, SearchRow},
    schema::{restaurant_search, restaurants, reviews},
};

/// Adds a restaurant; gives its id.
pub(super) fn restaurant(
    connection: &mut SqliteConnection,
    new: &NewRestaurant,
    created_at: DateTime<Utc>,
    author: &Author,
) -> Result<i64, WorkError> {
    connection.immediate_transaction(|connection| {
        Ok(insert_restaurant(connection, new, created_at, author)?)
    })
}

/// Adds a review; gives its id, or `None` when there is no such restaurant.
pub(super) fn review(
    connection: &mut SqliteConnection,
    restaurant: RestaurantId,
    new: &NewReview,
    created_at: DateTime<Utc>,
    author: &Author,
) -> Result<Option<i64>, WorkError> {
    connection.immediate_transaction(|connection| {
        Ok(insert_review(connection, restaurant, new, created_at, author)?)
    })
}

/// Adds restaurants with their reviews; tells whether it did.
pub(super) fn import(
    connection: &mut SqliteConnection,
    imports: &[ImportRestaurant],
    only_if_empty: bool,
) -> Result<bool, WorkError> {
    connection.immediate_transaction(|connection| {
        if only_if_empty && any_restaurant().first::<i64>(connection).optional()?.is_some() {
            return Ok(false);
        }
        let author = Author::system();
        for import in imports {
            let id = insert_restaurant(connection, &import.restaurant, import.created_at, &author)?;
            // One by one: in SQLite that is one cached statement, and costs less than a long one.
            for review in &import.reviews {
                let row = NewReviewRow::new(id, &review.review, review.created_at, &author);
                diesel::insert_into(reviews::table).values(&row).execute(connection)?;
            }
        }
        Ok(true)
    })
}

/// Inserts a restaurant and its search text, in the caller's transaction.
pub(super) fn insert_restaurant(
    connection: &mut SqliteConnection,
    new: &NewRestaurant,
    created_at: DateTime<Utc>,
    author: &Author,
) -> QueryResult<i64> {
    let id = diesel::insert_into(restaurants::table)
        .values(&NewRestaurantRow::new(new, created_at, author))
        .returning(restaurants::id)
        .get_result(connection)?;
    diesel::insert_into(restaurant_search::table)
        .values(&SearchRow::new(id, new))
        .execute(connection)?;
    Ok(id)
}

/// Inserts a review if its restaurant exists, in the caller's transaction.
pub(super) fn insert_review(
    connection: &mut SqliteConnection,
    restaurant: RestaurantId,
    new: &NewReview,
    created_at: DateTime<Utc>,
    author: &Author,
) -> QueryResult<Option<i64>> {
    let row = NewReviewRow::new(restaurant.0, new, created_at, author);
    review_of_known(&row)
        .insert_into(reviews::table)
        .into_columns(NEW_REVIEW)
        .returning(reviews::id)
        .get_result(connection)
        .optional()
}
