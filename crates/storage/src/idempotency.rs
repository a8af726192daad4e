//! Idempotency keys: their rows, and the queries that both databases share.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    dsl::{self, auto_type},
    prelude::*,
};
use restaurant_domain::{
    Author, BudgetExhausted, CreateError, Created, Fingerprint, IdempotencyKey, NewRestaurant,
    NewReview, RatingSummary, Restaurant, RestaurantId, Review, ReviewId, StoreError,
};

use crate::{
    rows::{
        CorruptRow, RESTAURANT, REVIEW, RestaurantColumns, RestaurantRow, ReviewColumns, ReviewRow,
    },
    schema::{idempotency_keys, restaurants, reviews},
};

/// The number of expired keys that a create with a key deletes at most: more than it adds, and few enough to be fast.
pub(crate) const EXPIRED_BATCH: i64 = 100;

/// A key to insert, with the id of the created row once it is known.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = idempotency_keys)]
pub(crate) struct NewKeyRow {
    pub(crate) caller_kind: &'static str,
    pub(crate) caller_id: String,
    pub(crate) key: String,
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) created_at: NaiveDateTime,
    pub(crate) restaurant_id: Option<i64>,
    pub(crate) review_id: Option<i64>,
}

impl NewKeyRow {
    /// A key of a create at `now`.
    pub(crate) fn new(
        author: &Author,
        key: &IdempotencyKey,
        fingerprint: &Fingerprint,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            caller_kind: author.kind().identity().as_str(),
            caller_id: author.id().unwrap_or_default().to_owned(),
            key: key.as_str().to_owned(),
            fingerprint: fingerprint.as_bytes().into(),
            created_at: now.naive_utc(),
            restaurant_id: None,
            review_id: None,
        }
    }

    /// Keys of this time or earlier are expired.
    pub(crate) fn expired(&self) -> NaiveDateTime {
        self.created_at - IdempotencyKey::LIFETIME
    }
}

/// A stored key with the row that it created; `None` for the other kind of create.
#[derive(Debug, Queryable)]
pub(crate) struct KeyRow<Row> {
    fingerprint: Vec<u8>,
    created_at: NaiveDateTime,
    created: Option<Row>,
}

impl<Row> KeyRow<Row> {
    /// The outcome of another create with the same key; `None` for an expired key.
    pub(crate) fn answer(self, asked: &NewKeyRow) -> Option<CreateOutcome<Row>> {
        if self.created_at <= asked.expired() {
            return None;
        }
        let created = self.created.filter(|_| self.fingerprint == asked.fingerprint);
        Some(created.map_or(CreateOutcome::KeyReused, CreateOutcome::Replayed))
    }
}

/// The outcome of a create.
#[derive(Debug)]
pub(crate) enum CreateOutcome<Row> {
    /// The row was inserted with this id.
    Inserted(i64),
    /// The same create inserted this row before.
    Replayed(Row),
    /// The key was used for other content.
    KeyReused,
    /// The budget of the author is exhausted.
    Exhausted(BudgetExhausted),
}

impl CreateOutcome<RestaurantRow> {
    /// The result of the create of `new` for its caller.
    pub(crate) fn into_restaurant(
        self,
        new: NewRestaurant,
        now: DateTime<Utc>,
        author: &Author,
    ) -> Result<Created<Restaurant>, CreateError> {
        match self {
            Self::Inserted(id) => {
                Ok(Created::New(new.created(RestaurantId(id), now, author.clone())))
            }
            Self::Replayed(row) => {
                let first = Restaurant::try_from(row).map_err(corrupt)?;
                Ok(Created::Replayed(Restaurant { rating: RatingSummary::default(), ..first }))
            }
            Self::KeyReused => Err(CreateError::KeyReused),
            Self::Exhausted(exhausted) => Err(exhausted.into()),
        }
    }
}

impl CreateOutcome<ReviewRow> {
    /// The result of the create of `new` for its caller.
    pub(crate) fn into_review(
        self,
        restaurant: RestaurantId,
        new: NewReview,
        now: DateTime<Utc>,
        author: &Author,
    ) -> Result<Created<Review>, CreateError> {
        match self {
            Self::Inserted(id) => {
                Ok(Created::New(new.created(ReviewId(id), restaurant, now, author.clone())))
            }
            Self::Replayed(row) => Ok(Created::Replayed(row.try_into().map_err(corrupt)?)),
            Self::KeyReused => Err(CreateError::KeyReused),
            Self::Exhausted(exhausted) => Err(exhausted.into()),
        }
    }
}

fn corrupt(row: CorruptRow) -> StoreError {
    StoreError::failed(row)
}

/// A key with its restaurant, as [`KeyRow`].
#[auto_type]
pub(crate) fn key_with_restaurant<'a>(key: &'a NewKeyRow) -> _ {
    let kind: &'a str = key.caller_kind;
    let id: &'a str = &key.caller_id;
    let name: &'a str = &key.key;
    let columns: dsl::Nullable<RestaurantColumns> = RESTAURANT.nullable();
    idempotency_keys::table
        .left_join(restaurants::table)
        .filter(idempotency_keys::caller_kind.eq(kind))
        .filter(idempotency_keys::caller_id.eq(id))
        .filter(idempotency_keys::key.eq(name))
        .select((idempotency_keys::fingerprint, idempotency_keys::created_at, columns))
}

/// A key with its review, as [`KeyRow`].
#[auto_type]
pub(crate) fn key_with_review<'a>(key: &'a NewKeyRow) -> _ {
    let kind: &'a str = key.caller_kind;
    let id: &'a str = &key.caller_id;
    let name: &'a str = &key.key;
    let columns: dsl::Nullable<ReviewColumns> = REVIEW.nullable();
    idempotency_keys::table
        .left_join(reviews::table)
        .filter(idempotency_keys::caller_kind.eq(kind))
        .filter(idempotency_keys::caller_id.eq(id))
        .filter(idempotency_keys::key.eq(name))
        .select((idempotency_keys::fingerprint, idempotency_keys::created_at, columns))
}
