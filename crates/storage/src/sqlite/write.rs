//! What pages, tools and imports write to SQLite. Each is one immediate transaction: it has the file's only write lock
//! from its start on, so it never finds at its end that another was faster.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use restaurant_domain::{
    AuditOperation, Author, BudgetExhausted, BudgetUse, ImportRestaurant, NewRestaurant, NewReview,
    Post, RestaurantId, ReviewId,
};

use super::idempotent;
use crate::{
    activity::{NewActivityRow, outdated_activity},
    budget::{BudgetRow, NewBudgetRow, Spender},
    error::WorkError,
    idempotency::{CreateOutcome, KeyRow, NewKeyRow, key_with_restaurant, key_with_review},
    queries::{any_restaurant, budget, known},
    rows::{NewRestaurantRow, NewReviewRow, RestaurantRow, ReviewRow, SearchRow},
    schema::{activity, restaurant_search, restaurants, reviews, write_budgets},
};

/// Adds a restaurant, or finds the result of its key.
pub(super) fn restaurant(
    connection: &mut SqliteConnection,
    new: &NewRestaurant,
    created_at: DateTime<Utc>,
    author: &Author,
    key: Option<NewKeyRow>,
) -> Result<CreateOutcome<RestaurantRow>, WorkError> {
    connection.immediate_transaction(|connection| {
        if let Some(key) = &key {
            let kept = key_with_restaurant(key).first::<KeyRow<_>>(connection).optional()?;
            if let Some(answer) = kept.and_then(|kept| kept.answer(key)) {
                return Ok(answer);
            }
        }
        if let Err(exhausted) = spend(connection, author, created_at)? {
            return Ok(CreateOutcome::Exhausted(exhausted));
        }
        let id = insert_restaurant(connection, new, created_at, author)?;
        if let Some(key) = key {
            idempotent::keep(connection, &NewKeyRow { restaurant_id: Some(id), ..key })?;
        }
        let (operation, post) =
            (AuditOperation::CreateRestaurant, Post::Restaurant(RestaurantId(id)));
        record(connection, operation, post, author, created_at)?;
        Ok(CreateOutcome::Inserted(id))
    })
}

/// Adds a review, or finds the result of its key; `None` for an unknown restaurant.
pub(super) fn review(
    connection: &mut SqliteConnection,
    restaurant: RestaurantId,
    new: &NewReview,
    created_at: DateTime<Utc>,
    author: &Author,
    key: Option<NewKeyRow>,
) -> Result<Option<CreateOutcome<ReviewRow>>, WorkError> {
    connection.immediate_transaction(|connection| {
        if let Some(key) = &key {
            let kept = key_with_review(key).first::<KeyRow<_>>(connection).optional()?;
            if let Some(answer) = kept.and_then(|kept| kept.answer(key)) {
                return Ok(Some(answer));
            }
        }
        if known(restaurant.0).first::<i64>(connection).optional()?.is_none() {
            return Ok(None);
        }
        if let Err(exhausted) = spend(connection, author, created_at)? {
            return Ok(Some(CreateOutcome::Exhausted(exhausted)));
        }
        let row = NewReviewRow::new(restaurant.0, new, created_at, author);
        let insert = diesel::insert_into(reviews::table).values(&row);
        let id = insert.returning(reviews::id).get_result(connection)?;
        if let Some(key) = key {
            idempotent::keep(connection, &NewKeyRow { review_id: Some(id), ..key })?;
        }
        let (operation, post) =
            (AuditOperation::CreateReview, Post::Review(restaurant, ReviewId(id)));
        record(connection, operation, post, author, created_at)?;
        Ok(Some(CreateOutcome::Inserted(id)))
    })
}

/// Counts a write in the budget of its author, in the caller's transaction.
fn spend(
    connection: &mut SqliteConnection,
    author: &Author,
    now: DateTime<Utc>,
) -> QueryResult<Result<(), BudgetExhausted>> {
    let Some(spender) = Spender::of(author) else { return Ok(Ok(())) };
    let spent = budget(&spender).first::<BudgetRow>(connection).optional()?.map(BudgetUse::from);
    let spent = match spent {
        None => Ok(BudgetUse::first(now)),
        Some(spent) => spent.spend(&spender.budget, now),
    };
    Ok(match spent {
        Ok(spent) => {
            let row = NewBudgetRow::new(&spender, &spent);
            diesel::replace_into(write_budgets::table).values(&row).execute(connection)?;
            Ok(())
        }
        Err(exhausted) => Err(exhausted),
    })
}

/// Adds an entry to the activity record, in the caller's transaction.
pub(super) fn record(
    connection: &mut SqliteConnection,
    operation: AuditOperation,
    target: Post,
    author: &Author,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let row = NewActivityRow::new(operation, target, author, at);
    diesel::insert_into(activity::table).values(&row).execute(connection)?;
    Ok(())
}

/// Deletes some entries of the activity record that were written before a time; returns their number.
pub(super) fn forget_activity(
    connection: &mut SqliteConnection,
    before: DateTime<Utc>,
) -> Result<i64, WorkError> {
    let ids = outdated_activity(before.naive_utc()).load::<i64>(connection)?;
    let old = activity::table.filter(activity::id.eq_any(&ids));
    diesel::delete(old).execute(connection)?;
    Ok(i64::try_from(ids.len()).unwrap_or(i64::MAX))
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
fn insert_restaurant(
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
