//! Idempotency keys in SQLite. Each create is one immediate transaction, so no other write comes between reading its key and
//! writing.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Timestamp},
};

use crate::{
    idempotency::{EXPIRED_BATCH, NewKeyRow},
    schema::idempotency_keys,
};

/// Stores a key, in place of an expired one, and deletes some other expired keys.
pub(super) fn keep(connection: &mut SqliteConnection, key: &NewKeyRow) -> QueryResult<()> {
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
    use restaurant_domain::{
        Author, Clock, Fingerprint, IdempotencyKey, NewRestaurant, SystemClock,
    };

    use super::*;
    use crate::{
        idempotency::{key_with_restaurant, key_with_review},
        sqlite::plan::{database, plan},
    };

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
