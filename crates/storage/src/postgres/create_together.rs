//! Reviews of one restaurant in PostgreSQL, created by one statement: what [`super::create`] does for one review.
//!
//! The row of the restaurant is locked for one round trip, and its kept sums change once.

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

/// The statement, which returns the ids of the new reviews, in their order; it returns nothing for an unknown restaurant. Each column is an
/// array with a value for each review, so that the text is the same for any number of them.
pub(super) struct CreateTogether<'a> {
    restaurant: i64,
    texts: [Vec<Option<Cow<'a, str>>>; TEXTS.len()],
    ratings: Vec<i16>,
    times: Vec<NaiveDateTime>,
    fingerprints: Vec<Option<&'a [u8]>>,
}

impl<'a> CreateTogether<'a> {
    /// The create of reviews of the restaurant of the first one, by authors without a budget.
    pub(super) fn of(reviews: &[&'a PendingReview]) -> Self {
        let rows: Vec<_> = reviews.iter().map(|review| texts(review)).collect();
        Self {
            restaurant: reviews.first().map_or(0, |review| review.restaurant.0),
            texts: array::from_fn(|column| rows.iter().map(|row| row[column].clone()).collect()),
            ratings: reviews.iter().map(|review| review.new.rating.stars().into()).collect(),
            times: reviews.iter().map(|review| review.at.naive_utc()).collect(),
            fingerprints: reviews
                .iter()
                .map(|review| review.key.as_ref().map(|key| &key.fingerprint[..]))
                .collect(),
        }
    }

    /// Runs the statement.
    ///
    /// # Errors
    /// [`WorkError::Conflict`] when a key is taken, or two of them are the same.
    pub(super) async fn run(self, connection: &AsyncPgConnection) -> Result<Vec<i64>, WorkError> {
        match self.get_results(&mut &*connection).await {
            Err(QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                Err(WorkError::Conflict)
            }
            ids => Ok(ids?),
        }
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

impl QueryFragment<Pg> for CreateTogether<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH input AS (SELECT * FROM unnest(");
        out.push_bind_param::<Array<SmallInt>, _>(&self.ratings)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamp>, _>(&self.times)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Binary>>, _>(&self.fingerprints)?;
        for texts in &self.texts {
            out.push_sql(", ");
            out.push_bind_param::<Array<Nullable<Text>>, _>(texts)?;
        }
        out.push_sql(") WITH ORDINALITY AS input (rating, created_at, fingerprint, ");
        out.push_sql(&TEXTS.join(", "));
        out.push_sql(
            ", n)), \
             created AS (INSERT INTO reviews (restaurant_id, user_name, rating, review_text, created_at, created_by_kind, \
             created_by_id, created_by_name, created_by_client_id, created_by_client_name, created_by_blueprint, created_via) \
             SELECT restaurants.id, user_name, rating, review_text, input.created_at, input.created_by_kind, \
             input.created_by_id, input.created_by_name, input.created_by_client_id, input.created_by_client_name, \
             input.created_by_blueprint, input.created_via FROM restaurants, input WHERE restaurants.id = ",
        );
        out.push_bind_param::<BigInt, _>(&self.restaurant)?;
        out.push_sql(
            " ORDER BY n RETURNING id, restaurant_id), \
             numbered AS (SELECT * FROM input JOIN (SELECT id AS review_id, restaurant_id, row_number() OVER (ORDER BY id) AS n \
             FROM created) AS created USING (n)), \
             kept AS (INSERT INTO idempotency_keys (caller_kind, caller_id, key, fingerprint, created_at, review_id) \
             SELECT caller_kind, caller_id, key, fingerprint, created_at, review_id FROM numbered WHERE key IS NOT NULL) \
             INSERT INTO activity (operation, actor_kind, request_id, trace_id, at, restaurant_id, review_id, \
             actor_id, actor_name, client_id, client_name, blueprint, channel, tool) \
             SELECT 'create_review', actor_kind, request_id, trace_id, created_at, restaurant_id, review_id, \
             created_by_id, created_by_name, nullif(created_by_client_id, ''), created_by_client_name, \
             created_by_blueprint, channel, tool FROM numbered ORDER BY n RETURNING review_id",
        );
        Ok(())
    }
}

impl QueryId for CreateTogether<'_> {
    type QueryId = CreateTogether<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for CreateTogether<'_> {
    type SqlType = BigInt;
}
