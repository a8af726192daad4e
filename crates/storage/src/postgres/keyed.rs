//! Creates with an idempotency key in PostgreSQL. Each asks for the key and then writes, in two round trips. What is
//! written and its key are one statement: the second writer waits there for the first, and asks again.

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
    keys::{Answer, FORGET_AT_ONCE, Kept, KeyRow, kept_restaurant, kept_review},
    queries::{NEW_REVIEW, review_of_known},
    rows::{NewRestaurantRow, NewReviewRow, RestaurantRow, ReviewRow},
    schema::{idempotency_keys, restaurants, reviews},
};

/// Adds a restaurant, or finds what its key stands for.
pub(super) async fn restaurant(
    connection: &AsyncPgConnection,
    new: &NewRestaurant,
    created_at: DateTime<Utc>,
    author: &Author,
    key: &KeyRow,
) -> Result<Answer<RestaurantRow>, WorkError> {
    let text = &new.search_text();
    let find = || async move { kept_restaurant(key).load::<Kept<_>>(&mut &*connection).await };
    let write = || async move {
        let insert = diesel::insert_into(restaurants::table)
            .values(NewRestaurantRow::new(new, created_at, author))
            .returning(restaurants::id);
        let insert = Keyed { insert, made: Made::Restaurant { text }, key };
        insert.get_result(&mut &*connection).await.map(Some)
    };
    let answer = once(connection, key, find, write).await?;
    Ok(answer.ok_or(QueryError::NotFound)?)
}

/// Adds a review, or finds what its key stands for; `None` when there is no such restaurant.
pub(super) async fn review(
    connection: &AsyncPgConnection,
    restaurant: RestaurantId,
    new: &NewReview,
    created_at: DateTime<Utc>,
    author: &Author,
    key: &KeyRow,
) -> Result<Option<Answer<ReviewRow>>, WorkError> {
    let find = || async move { kept_review(key).load::<Kept<_>>(&mut &*connection).await };
    let write = || async move {
        let row = NewReviewRow::new(restaurant.0, new, created_at, author);
        let insert = review_of_known(&row)
            .insert_into(reviews::table)
            .into_columns(NEW_REVIEW)
            .returning(reviews::id);
        let insert = Keyed { insert, made: Made::Review, key };
        insert.get_result(&mut &*connection).await.optional()
    };
    once(connection, key, find, write).await
}

/// Finds what a key stands for, or writes, whichever it takes. Another create that takes the key between the two makes it
/// [`WorkError::Contended`]: to be done again.
async fn once<Row, Find, Write>(
    connection: &AsyncPgConnection,
    key: &KeyRow,
    find: impl Fn() -> Find,
    write: impl Fn() -> Write,
) -> Result<Option<Answer<Row>>, WorkError>
where
    Find: Future<Output = QueryResult<Vec<Kept<Row>>>>,
    Write: Future<Output = QueryResult<Option<i64>>>,
{
    let (kept, _) = try_join(find(), forget(connection, key)).await?;
    if let Some(kept) = kept.into_iter().next() {
        match kept.answer(key) {
            Some(answer) => return Ok(Some(answer)),
            None => free(connection, key).await?,
        }
    }
    match write().await {
        Err(error) if is_taken(&error) => Err(WorkError::Contended),
        written => Ok(written?.map(Answer::New)),
    }
}

/// Deletes some of the keys that are too old.
async fn forget(connection: &AsyncPgConnection, key: &KeyRow) -> QueryResult<usize> {
    Forget(key.expired()).execute(&mut &*connection).await
}

/// Deletes a key that is too old, so that it can be given again.
async fn free(connection: &AsyncPgConnection, key: &KeyRow) -> QueryResult<()> {
    let id = (key.caller_kind, &key.caller_id, &key.key);
    let old = idempotency_keys::created_at.le(key.expired());
    let old = idempotency_keys::table.find(id).filter(old);
    diesel::delete(old).execute(&mut &*connection).await?;
    Ok(())
}

fn is_taken(error: &QueryError) -> bool {
    matches!(error, QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
}

/// What is created with a key.
enum Made<'a> {
    Restaurant { text: &'a str },
    Review,
}

/// The insert of a row, and of its key if there is a row. Gives the row's id.
struct Keyed<'a, Insert> {
    insert: Insert,
    made: Made<'a>,
    key: &'a KeyRow,
}

impl<Insert: QueryFragment<Pg>> QueryFragment<Pg> for Keyed<'_, Insert> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH created AS (");
        self.insert.walk_ast(out.reborrow())?;
        out.push_sql(")");
        let column = match &self.made {
            Made::Restaurant { text } => {
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
            Made::Review => "review_id",
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

/// Its text depends on more than its type, so it is known by its text.
impl<Insert> QueryId for Keyed<'_, Insert> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Insert> Query for Keyed<'_, Insert> {
    type SqlType = BigInt;
}

/// Deletes keys of a time or before, the oldest first. Skips keys that another session is deleting.
#[derive(QueryId)]
struct Forget(NaiveDateTime);

impl QueryFragment<Pg> for Forget {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(\
             SELECT ctid FROM idempotency_keys WHERE created_at <= ",
        );
        out.push_bind_param::<Timestamp, _>(&self.0)?;
        out.push_sql(" ORDER BY created_at LIMIT ");
        out.push_bind_param::<BigInt, _>(&FORGET_AT_ONCE)?;
        out.push_sql(" FOR UPDATE SKIP LOCKED))");
        Ok(())
    }
}
