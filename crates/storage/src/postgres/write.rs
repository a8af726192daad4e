//! Writes to PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use restaurant_domain::{Author, ImportRestaurant, NewRestaurant, NewReview, RestaurantId};

use crate::{
    error::WorkError,
    queries::{any_restaurant, review_of_known},
    rows::{NEW_REVIEW, NewRestaurantRow, NewReviewRow, SearchRow},
    schema::{restaurant_search, restaurants, reviews},
};

/// How many rows an import writes in a statement: of 8 values each, where 65,535 in all are possible.
const BATCH: usize = 1000;

/// Adds a restaurant; gives its id.
pub(super) async fn restaurant(
    connection: &mut AsyncPgConnection,
    new: &NewRestaurant,
    created_at: DateTime<Utc>,
    author: &Author,
) -> Result<i64, WorkError> {
    let row = NewRestaurantRow::new(new, created_at, author);
    connection
        .transaction(async |connection| {
            let id = diesel::insert_into(restaurants::table)
                .values(&row)
                .returning(restaurants::id)
                .get_result(connection)
                .await?;
            diesel::insert_into(restaurant_search::table)
                .values(&SearchRow::new(id, new))
                .execute(connection)
                .await?;
            Ok(id)
        })
        .await
}

/// Adds a review; gives its id, or `None` when there is no such restaurant. One statement, so a transaction of its own.
pub(super) async fn review(
    connection: &mut AsyncPgConnection,
    restaurant: RestaurantId,
    new: &NewReview,
    created_at: DateTime<Utc>,
    author: &Author,
) -> Result<Option<i64>, WorkError> {
    let row = NewReviewRow::new(restaurant.0, new, created_at, author);
    let id = review_of_known(&row)
        .insert_into(reviews::table)
        .into_columns(NEW_REVIEW)
        .returning(reviews::id)
        .get_result(connection)
        .await;
    Ok(id.optional()?)
}

/// Adds restaurants with their reviews; returns whether it did.
pub(super) async fn import(
    connection: &mut AsyncPgConnection,
    imports: &[ImportRestaurant],
    only_if_empty: bool,
) -> Result<bool, WorkError> {
    connection
        .transaction(async |connection| {
            if only_if_empty {
                // Against other imports and against restaurants that are added meanwhile.
                let lock = "LOCK TABLE restaurants IN SHARE ROW EXCLUSIVE MODE";
                connection.batch_execute(lock).await?;
                if any_restaurant().first::<i64>(connection).await.optional()?.is_some() {
                    return Ok(false);
                }
            }
            for batch in imports.chunks(BATCH) {
                import_batch(connection, batch).await?;
            }
            Ok(true)
        })
        .await
}

async fn import_batch(
    connection: &mut AsyncPgConnection,
    batch: &[ImportRestaurant],
) -> Result<(), WorkError> {
    let author = Author::system();
    let rows: Vec<_> = batch
        .iter()
        .map(|import| NewRestaurantRow::new(&import.restaurant, import.created_at, &author))
        .collect();
    let mut ids: Vec<i64> = diesel::insert_into(restaurants::table)
        .values(rows)
        .returning(restaurants::id)
        .get_results(connection)
        .await?;
    // Ids are given in the order of the rows; what is returned has no order.
    ids.sort_unstable();
    let imports = || ids.iter().copied().zip(batch);
    let texts: Vec<_> =
        imports().map(|(id, import)| SearchRow::new(id, &import.restaurant)).collect();
    diesel::insert_into(restaurant_search::table).values(texts).execute(connection).await?;
    let rows: Vec<_> = imports()
        .flat_map(|(id, import)| import.reviews.iter().map(move |review| (id, review)))
        .map(|(id, review)| NewReviewRow::new(id, &review.review, review.created_at, &author))
        .collect();
    for rows in rows.chunks(BATCH) {
        diesel::insert_into(reviews::table).values(rows).execute(connection).await?;
    }
    Ok(())
}
