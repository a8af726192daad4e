//! Creates with an idempotency key in SQLite. Each is one immediate transaction, so no other write comes between reading
//! the key and writing.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Timestamp},
};
use restaurant_domain::{Author, NewRestaurant, NewReview, RestaurantId};

use super::write::{insert_restaurant, insert_review};
use crate::{
    error::WorkError,
    idempotency::{
        CreateOutcome, EXPIRED_BATCH, KeyRow, NewKeyRow, key_with_restaurant, key_with_review,
    },
    rows::{RestaurantRow, ReviewRow},
    schema::idempotency_keys,
};

/// Adds a restaurant, or finds the result of its key.
pub(super) fn restaurant(
    connection: &mut SqliteConnection,
    new: &NewRestaurant,
    created_at: DateTime<Utc>,
    author: &Author,
    key: NewKeyRow,
) -> Result<CreateOutcome<RestaurantRow>, WorkError> {
    connection.immediate_transaction(|connection| {
        let kept = key_with_restaurant(&key).first::<KeyRow<_>>(connection).optional()?;
        if let Some(answer) = kept.and_then(|kept| kept.answer(&key)) {
            return Ok(answer);
        }
        let id = insert_restaurant(connection, new, created_at, author)?;
        keep(connection, &NewKeyRow { restaurant_id: Some(id), ..key })?;
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
    key: NewKeyRow,
) -> Result<Option<CreateOutcome<ReviewRow>>, WorkError> {
    connection.immediate_transaction(|connection| {
        let kept = key_with_review(&key).first::<KeyRow<_>>(connection).optional()?;
        if let Some(answer) = kept.and_then(|kept| kept.answer(&key)) {
            return Ok(Some(answer));
        }
        let Some(id) = insert_review(connection, restaurant, new, created_at, author)? else {
            return Ok(None);
        };
        keep(connection, &NewKeyRow { review_id: Some(id), ..key })?;
        Ok(Some(CreateOutcome::Inserted(id)))
    })
}

/// Stores a key, in place of an expired one, and deletes some other expired keys.
fn keep(connection: &mut SqliteConnection, key: &NewKeyRow) -> QueryResult<()> {
    let forget = diesel::sql_query(DELETE_EXPIRED).bind::<Timestamp, _>(key.expired());
    forget.bind::<BigInt, _>(EXPIRED_BATCH).execute(connection)?;
    diesel::replace_into(idempotency_keys::table).values(key).execute(connection)?;
    Ok(())
}

/// Deletes keys of a time or before, the oldest first, up to a number.
const DELETE_EXPIRED: &str = "DELETE FROM idempotency_keys WHERE rowid IN (\
     SELECT rowid FROM idempotency_keys WHERE created_at <= ? ORDER BY created_at LIMIT ?)";

#[cfg(test)]
mod tests {
    use diesel::{debug_query, sqlite::Sqlite};
    use restaurant_domain::{Clock, Fingerprint, IdempotencyKey, SystemClock};

    use super::*;
    use crate::sqlite::plan::{database, plan};

    #[test]
    fn keys_are_found_by_their_indexes() {
        let mut connection = database();
        let mut expect = |query: &str, index: &str| {
            let plan = plan(&mut connection, query);
            assert!(plan.contains(index) && !plan.contains("SCAN"), "{query}\n{plan}");
        };
        expect(DELETE_EXPIRED, "COVERING INDEX idempotency_keys_by_age");
        let key = IdempotencyKey::parse("k").unwrap();
        let new = NewRestaurant::draft()
            .name("Blue Door")
            .street_address("1 Harbour Road")
            .description("Fish")
            .parse()
            .unwrap();
        let fingerprint = Fingerprint::of_restaurant(&new);
        let key = NewKeyRow::new(&Author::anonymous(), &key, &fingerprint, SystemClock.now());
        for query in [
            debug_query::<Sqlite, _>(&key_with_restaurant(&key)).to_string(),
            debug_query::<Sqlite, _>(&key_with_review(&key)).to_string(),
        ] {
            expect(&query, "idempotency_keys USING INDEX sqlite_autoindex_idempotency_keys_1");
        }
    }
}
