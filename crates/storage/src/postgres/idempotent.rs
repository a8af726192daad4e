//! Creates with an idempotency key in PostgreSQL. Each reads the key and then writes, in two round trips. One statement
//! inserts the row and its key: a concurrent create with the same key waits there for the first, and retries.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::{DatabaseErrorKind, Error as QueryError},
    sql_types::{BigInt, Binary, SmallInt, Text, Timestamp},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join;
use restaurant_domain::{Author, FOLDING_VERSION, NewRestaurant, NewReview, RestaurantId};

use crate::{
    error::WorkError,
    idempotency::{
        CreateOutcome, EXPIRED_BATCH, KeyRow, NewKeyRow, key_with_restaurant, key_with_review,
    },
    queries::review_of_known,
    rows::{NEW_REVIEW, NewRestaurantRow, NewReviewRow, RestaurantRow, ReviewRow},
    schema::{idempotency_keys, restaurants, reviews},
};

/// Adds a restaurant, or finds the result of its key.
pub(super) async fn restaurant(
    connection: &AsyncPgConnection,
    new: &NewRestaurant,
    created_at: DateTime<Utc>,
    author: &Author,
    key: &NewKeyRow,
) -> Result<CreateOutcome<RestaurantRow>, WorkError> {
    let text = &new.search_text();
    let find =
        || async move { key_with_restaurant(key).load::<KeyRow<_>>(&mut &*connection).await };
    let write = || async move {
        let insert = diesel::insert_into(restaurants::table)
            .values(NewRestaurantRow::new(new, created_at, author))
            .returning(restaurants::id);
        let insert = InsertWithKey { insert, made: CreatedKind::Restaurant { text }, key };
        insert.get_result(&mut &*connection).await.map(Some)
    };
    let answer = find_or_insert(connection, key, find, write).await?;
    Ok(answer.ok_or(QueryError::NotFound)?)
}

/// Adds a review, or finds the result of its key; `None` for an unknown restaurant.
pub(super) async fn review(
    connection: &AsyncPgConnection,
    restaurant: RestaurantId,
    new: &NewReview,
    created_at: DateTime<Utc>,
    author: &Author,
    key: &NewKeyRow,
) -> Result<Option<CreateOutcome<ReviewRow>>, WorkError> {
    let find = || async move { key_with_review(key).load::<KeyRow<_>>(&mut &*connection).await };
    let write = || async move {
        let row = NewReviewRow::new(restaurant.0, new, created_at, author);
        let insert = review_of_known(&row)
            .insert_into(reviews::table)
            .into_columns(NEW_REVIEW)
            .returning(reviews::id);
        let insert = InsertWithKey { insert, made: CreatedKind::Review, key };
        insert.get_result(&mut &*connection).await.optional()
    };
    find_or_insert(connection, key, find, write).await
}

/// Finds the result of a key, or inserts. [`WorkError::Conflict`] when another create inserts the key in between: retry.
async fn find_or_insert<Row, Find, Write>(
    connection: &AsyncPgConnection,
    key: &NewKeyRow,
    find: impl Fn() -> Find,
    write: impl Fn() -> Write,
) -> Result<Option<CreateOutcome<Row>>, WorkError>
where
    Find: Future<Output = QueryResult<Vec<KeyRow<Row>>>>,
    Write: Future<Output = QueryResult<Option<i64>>>,
{
    let (kept, _) = try_join(find(), delete_expired(connection, key)).await?;
    if let Some(kept) = kept.into_iter().next() {
        match kept.answer(key) {
            Some(answer) => return Ok(Some(answer)),
            None => delete_key(connection, key).await?,
        }
    }
    match write().await {
        Err(error) if is_taken(&error) => Err(WorkError::Conflict),
        written => Ok(written?.map(CreateOutcome::Inserted)),
    }
}

/// Deletes some expired keys.
async fn delete_expired(connection: &AsyncPgConnection, key: &NewKeyRow) -> QueryResult<usize> {
    DeleteExpired(key.expired()).execute(&mut &*connection).await
}

/// Deletes an expired key, so that it can be used again.
async fn delete_key(connection: &AsyncPgConnection, key: &NewKeyRow) -> QueryResult<()> {
    let id = (key.caller_kind, &key.caller_id, &key.key);
    let old = idempotency_keys::created_at.le(key.expired());
    let old = idempotency_keys::table.find(id).filter(old);
    diesel::delete(old).execute(&mut &*connection).await?;
    Ok(())
}

fn is_taken(error: &QueryError) -> bool {
    matches!(error, QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
}

/// The kind of the created row.
enum CreatedKind<'a> {
    Restaurant { text: &'a str },
    Review,
}

/// Inserts a row, and its key if there is a row. Returns the row's id.
struct InsertWithKey<'a, Insert> {
    insert: Insert,
    made: CreatedKind<'a>,
    key: &'a NewKeyRow,
}

impl<Insert: QueryFragment<Pg>> QueryFragment<Pg> for InsertWithKey<'_, Insert> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH created AS (");
        self.insert.walk_ast(out.reborrow())?;
        out.push_sql(")");
        let column = match &self.made {
            CreatedKind::Restaurant { text } => {
                out.push_sql(
                    ", found AS (\
                     INSERT INTO restaurant_search (restaurant_id, text, folding) SELECT id, ",
                );
                out.push_bind_param::<Text, _>(text)?;
                out.push_sql(", ");
                out.push_bind_param::<SmallInt, _>(&FOLDING_VERSION)?;
                out.push_sql(" FROM created)");
                "restaurant_id"
            }
            CreatedKind::Review => "review_id",
        };
        out.push_sql(
            " INSERT INTO idempotency_keys \
             (caller_kind, caller_id, key, fingerprint, created_at, ",
        );
        out.push_sql(column);
        out.push_sql(") SELECT ");
        out.push_bind_param::<Text, _>(&self.key.caller_kind)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&self.key.caller_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&self.key.key)?;
        out.push_sql(", ");
        out.push_bind_param::<Binary, _>(&self.key.fingerprint)?;
        out.push_sql(", ");
        out.push_bind_param::<Timestamp, _>(&self.key.created_at)?;
        out.push_sql(", id FROM created RETURNING ");
        out.push_sql(column);
        Ok(())
    }
}

/// The SQL depends on more than the type, so statements are cached by their text.
impl<Insert> QueryId for InsertWithKey<'_, Insert> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Insert> Query for InsertWithKey<'_, Insert> {
    type SqlType = BigInt;
}

/// Deletes keys up to a time, the oldest first. Skips rows that another transaction has locked.
#[derive(QueryId)]
struct DeleteExpired(NaiveDateTime);

impl QueryFragment<Pg> for DeleteExpired {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(\
             SELECT ctid FROM idempotency_keys WHERE created_at <= ",
        );
        out.push_bind_param::<Timestamp, _>(&self.0)?;
        out.push_sql(" ORDER BY created_at LIMIT ");
        out.push_bind_param::<BigInt, _>(&EXPIRED_BATCH)?;
        out.push_sql(" FOR UPDATE SKIP LOCKED))");
        Ok(())
    }
}
