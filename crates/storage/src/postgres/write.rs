//! Writes to PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::try_join_all;
use restaurant_domain::{AuditOperation, Author, BudgetUse, ImportRestaurant, NewRestaurant, Post};

use super::{
    create::Create,
    create_together::CreateTogether,
    group::{PendingReview, Rows},
    idempotent,
};
use crate::{
    activity::{NewActivityRow, outdated_activity},
    budget::{BudgetRow, Spender},
    error::WorkError,
    idempotency::{CreateOutcome, KeyRow, NewKeyRow, key_with_restaurant, key_with_review},
    queries::{any_restaurant, budget, known},
    rows::{NewRestaurantRow, NewReviewRow, RestaurantRow, ReviewRow, SearchRow},
    schema::{activity, restaurant_search, restaurants, reviews},
};

/// How many rows an import writes in a statement: of 14 values each, where 65,535 in all are possible.
const BATCH: usize = 1000;

/// Adds a restaurant, or finds the result of its key. A write is one statement ([`create`]).
pub(super) async fn restaurant(
    connection: &AsyncPgConnection,
    new: &NewRestaurant,
    created_at: DateTime<Utc>,
    author: &Author,
    key: Option<&NewKeyRow>,
) -> Result<CreateOutcome<RestaurantRow>, WorkError> {
    if let Some(key) = key {
        let find = async { key_with_restaurant(key).load::<KeyRow<_>>(&mut &*connection).await };
        if let Some(answer) = idempotent::find(connection, key, find).await? {
            return Ok(answer);
        }
    }
    let create = Create::restaurant(new, created_at, author, key);
    match create.run(connection).await? {
        Some(id) => Ok(CreateOutcome::Inserted(id)),
        None => exhausted(connection, author, created_at).await,
    }
}

/// Adds a review, or finds the result of its key; `None` for an unknown restaurant.
pub(super) async fn review(
    connection: &AsyncPgConnection,
    review: &PendingReview,
) -> Result<Option<CreateOutcome<ReviewRow>>, WorkError> {
    let PendingReview { restaurant, new, at, author, key } = review;
    if let Some(answer) = replayed(connection, key.as_ref()).await? {
        return Ok(Some(answer));
    }
    let create = Create::review(*restaurant, new, *at, author, key.as_ref());
    if let Some(id) = create.run(connection).await? {
        return Ok(Some(CreateOutcome::Inserted(id)));
    }
    let is_known = known(restaurant.0).load::<i64>(&mut &*connection).await?;
    if Spender::of(author).is_none() || is_known.is_empty() {
        return Ok(None);
    }
    exhausted(connection, author, *at).await.map(Some)
}

/// Adds reviews by authors without a budget, or finds the results of their keys; `None` for an unknown restaurant, and for one
/// whose row is not free where only those are written. The outcomes have the order of the reviews.
pub(super) async fn reviews(
    connection: &AsyncPgConnection,
    reviews: &[&PendingReview],
    rows: Rows,
) -> Result<Vec<Option<CreateOutcome<ReviewRow>>>, WorkError> {
    let found = reviews.iter().map(|review| replayed(connection, review.key.as_ref()));
    let found = try_join_all(found).await?;
    let new: Vec<_> = reviews
        .iter()
        .zip(&found)
        .filter(|(_, found)| found.is_none())
        .map(|(new, _)| *new)
        .collect();
    let ids = match rows {
        _ if new.is_empty() => Vec::new(),
        Rows::All => CreateTogether::<false>::of(&new).run(connection).await?,
        Rows::Free => CreateTogether::<true>::of(&new).run(connection).await?,
    };
    let mut ids = ids.into_iter();
    let mut next = move || ids.next().flatten().map(CreateOutcome::Inserted);
    Ok(found.into_iter().map(|found| found.or_else(&mut next)).collect())
}

/// The result of a key that was used before.
async fn replayed(
    connection: &AsyncPgConnection,
    key: Option<&NewKeyRow>,
) -> Result<Option<CreateOutcome<ReviewRow>>, WorkError> {
    let Some(key) = key else { return Ok(None) };
    let find = async { key_with_review(key).load::<KeyRow<_>>(&mut &*connection).await };
    idempotent::find(connection, key, find).await
}

/// The outcome of a create that the budget of its author forbids.
async fn exhausted<Row>(
    connection: &AsyncPgConnection,
    author: &Author,
    now: DateTime<Utc>,
) -> Result<CreateOutcome<Row>, WorkError> {
    let Some(spender) = Spender::of(author) else { return Err(WorkError::Conflict) };
    let spent = budget(&spender).load::<BudgetRow>(&mut &*connection).await?;
    let spent = spent.into_iter().next().map(BudgetUse::from);
    let exhausted = spent.and_then(|spent| spent.exhausted(&spender.budget, now));
    // A later clock may have begun the period anew meanwhile: try again.
    exhausted.map(CreateOutcome::Exhausted).ok_or(WorkError::Conflict)
}

/// Adds an entry to the activity record, in the caller's transaction.
pub(super) async fn record(
    connection: &mut AsyncPgConnection,
    operation: AuditOperation,
    target: Post,
    author: &Author,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let row = NewActivityRow::new(operation, target, author, at);
    diesel::insert_into(activity::table).values(&row).execute(connection).await?;
    Ok(())
}

/// Deletes some entries of the activity record that were written before a time; returns their number.
pub(super) async fn forget_activity(
    connection: &mut AsyncPgConnection,
    before: DateTime<Utc>,
) -> Result<i64, WorkError> {
    let ids = outdated_activity(before.naive_utc()).load::<i64>(connection).await?;
    let old = activity::table.filter(activity::id.eq_any(&ids));
    diesel::delete(old).execute(connection).await?;
    Ok(i64::try_from(ids.len()).unwrap_or(i64::MAX))
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
