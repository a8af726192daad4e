//! Reviews in PostgreSQL, created by one statement: what [`super::create`] does for one review.
//!
//! The row of a restaurant is locked for one round trip, and its kept sums change once.

use std::{array, borrow::Cow};

use chrono::NaiveDateTime;
use diesel::{
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::{DatabaseErrorKind, Error as QueryError},
    sql_types::{Array, BigInt, Binary, Nullable, SmallInt, Text, Timestamp},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::group::PendingReview;
use crate::{error::WorkError, idempotency::NewKeyRow, rows::AuthorColumns};

/// The texts of a review and of what is written with it.
const TEXTS: [&str; 17] = [
    "user_name",
    "review_text",
    "created_by_kind",
    "created_by_id",
    "created_by_name",
    "created_by_client_id",
    "created_by_client_name",
    "created_by_blueprint",
    "created_via",
    "actor_kind",
    "request_id",
    "trace_id",
    "channel",
    "tool",
    "caller_kind",
    "caller_id",
    "key",
];

/// The statement, which returns the restaurants and the ids of the new reviews, in their order; it returns nothing for an unknown
/// restaurant and, where it is to write only what is `FREE`, for one whose row another transaction has locked. Each column is an
/// array with a value for each review, so that the text is the same for any number of them.
pub(super) struct CreateTogether<'a, const FREE: bool> {
    restaurants: Vec<i64>,
    texts: [Vec<Option<Cow<'a, str>>>; TEXTS.len()],
    ratings: Vec<i16>,
    times: Vec<NaiveDateTime>,
    fingerprints: Vec<Option<&'a [u8]>>,
}

impl<'a, const FREE: bool> CreateTogether<'a, FREE> {
    /// The create of reviews by authors without a budget. Reviews of several restaurants require `FREE`, so that no row is waited for.
    pub(super) fn of(reviews: &[&'a PendingReview]) -> Self {
        let rows: Vec<_> = reviews.iter().map(|review| texts(review)).collect();
        Self {
            restaurants: reviews.iter().map(|review| review.restaurant.0).collect(),
            texts: array::from_fn(|column| rows.iter().map(|row| row[column].clone()).collect()),
            ratings: reviews.iter().map(|review| review.new.rating.stars().into()).collect(),
            times: reviews.iter().map(|review| review.at.naive_utc()).collect(),
            fingerprints: reviews
                .iter()
                .map(|review| review.key.as_ref().map(|key| &key.fingerprint[..]))
                .collect(),
        }
    }

    /// Runs the statement. Returns the id of each review that was created.
    ///
    /// # Errors
    /// [`WorkError::Conflict`] when a key is taken, or two of them are the same.
    pub(super) async fn run(
        self,
        connection: &AsyncPgConnection,
    ) -> Result<Vec<Option<i64>>, WorkError> {
        let restaurants = self.restaurants.clone();
        let created: Vec<(i64, i64)> = match self.get_results(&mut &*connection).await {
            Err(QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                return Err(WorkError::Conflict);
            }
            created => created?,
        };
        // A restaurant has all of its reviews, or none.
        let mut created = created.into_iter().peekable();
        let mut next = |restaurant| created.next_if(|created| created.0 == restaurant);
        Ok(restaurants.into_iter().map(|restaurant| Some(next(restaurant)?.1)).collect())
    }
}

/// The values of [`TEXTS`].
fn texts(review: &PendingReview) -> [Option<Cow<'_, str>>; TEXTS.len()] {
    fn given(text: Option<&str>) -> Option<Cow<'_, str>> {
        text.map(Cow::Borrowed)
    }
    let PendingReview { new, author, key, .. } = review;
    let (by, context) = (AuthorColumns::of(author), author.context());
    let key = |read: fn(&NewKeyRow) -> &str| key.as_ref().map(read).map(Cow::Borrowed);
    [
        given(Some(new.user_name.as_str())),
        given(Some(new.text.as_str())),
        given(Some(by.kind)),
        given(by.id),
        given(by.name),
        given(by.client_id),
        given(by.client_name),
        given(by.blueprint),
        by.via.map(Cow::Owned),
        given(Some(author.kind().as_str())),
        given(context.request_id.as_deref()),
        given(context.trace_id.as_deref()),
        given(context.via.as_ref().map(|via| via.channel.as_str())),
        given(context.via.as_ref().and_then(|via| via.tool.as_deref())),
        key(|key| key.caller_kind),
        key(|key| &key.caller_id),
        key(|key| &key.key),
    ]
}

impl<const FREE: bool> QueryFragment<Pg> for CreateTogether<'_, FREE> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH locked AS (SELECT id FROM restaurants WHERE id = ANY (");
        out.push_bind_param::<Array<BigInt>, _>(&self.restaurants)?;
        out.push_sql(") FOR NO KEY UPDATE");
        out.push_sql(if FREE { " SKIP LOCKED" } else { "" });
        out.push_sql(
            "), input AS (SELECT input.*, row_number() OVER (ORDER BY place) AS n FROM unnest(",
        );
        out.push_bind_param::<Array<BigInt>, _>(&self.restaurants)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SmallInt>, _>(&self.ratings)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamp>, _>(&self.times)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Binary>>, _>(&self.fingerprints)?;
        for texts in &self.texts {
            out.push_sql(", ");
            out.push_bind_param::<Array<Nullable<Text>>, _>(texts)?;
        }
        out.push_sql(
            ") WITH ORDINALITY AS input (restaurant_id, rating, created_at, fingerprint, ",
        );
        out.push_sql(&TEXTS.join(", "));
        out.push_sql(
            ", place) JOIN locked ON locked.id = input.restaurant_id), \
             created AS (INSERT INTO reviews (restaurant_id, user_name, rating, review_text, created_at, created_by_kind, \
             created_by_id, created_by_name, created_by_client_id, created_by_client_name, created_by_blueprint, created_via) \
             SELECT restaurant_id, user_name, rating, review_text, created_at, created_by_kind, \
             created_by_id, created_by_name, created_by_client_id, created_by_client_name, \
             created_by_blueprint, created_via FROM input ORDER BY n RETURNING id), \
             numbered AS (SELECT * FROM input JOIN (SELECT id AS review_id, row_number() OVER (ORDER BY id) AS n \
             FROM created) AS created USING (n)), \
             kept AS (INSERT INTO idempotency_keys (caller_kind, caller_id, key, fingerprint, created_at, review_id) \
             SELECT caller_kind, caller_id, key, fingerprint, created_at, review_id FROM numbered WHERE key IS NOT NULL) \
             INSERT INTO activity (operation, actor_kind, request_id, trace_id, at, restaurant_id, review_id, \
             actor_id, actor_name, client_id, client_name, blueprint, channel, tool) \
             SELECT 'create_review', actor_kind, request_id, trace_id, created_at, restaurant_id, review_id, \
             created_by_id, created_by_name, nullif(created_by_client_id, ''), created_by_client_name, \
             created_by_blueprint, channel, tool FROM numbered ORDER BY n RETURNING restaurant_id, review_id",
        );
        Ok(())
    }
}

impl<const FREE: bool> QueryId for CreateTogether<'_, FREE> {
    type QueryId = CreateTogether<'static, FREE>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const FREE: bool> Query for CreateTogether<'_, FREE> {
    type SqlType = (BigInt, BigInt);
}
