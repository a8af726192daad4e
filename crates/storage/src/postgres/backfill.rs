//! The backfill of derived texts in PostgreSQL.

use diesel::{
    Connection, QueryDsl, QueryResult, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{Array, BigInt, SmallInt, Text},
};
use diesel_async::{AsyncPgConnection, async_connection_wrapper::AsyncConnectionWrapper};
use restaurant_domain::FOLDING_VERSION;

use super::lock::LOCK;
use crate::derived::{DerivedTexts, SourceTexts, outdated_texts};

type Wrapped = AsyncConnectionWrapper<AsyncPgConnection>;

/// Derives all outdated texts again; returns the number of restaurants.
///
/// Each batch is a transaction under the lock of all instances: writers wait for one batch at most, and finished batches stay
/// when a later one fails. Rows are locked in the order of their ids.
pub(super) fn backfill(connection: &mut Wrapped) -> QueryResult<usize> {
    let (mut after, mut count) = (i64::MIN, 0);
    loop {
        let batch = connection.transaction(|connection| backfill_batch(connection, after))?;
        count += batch.len();
        match batch.last() {
            Some(last) => after = last.id,
            None => return Ok(count),
        }
    }
}

fn backfill_batch(connection: &mut Wrapped, after: i64) -> QueryResult<Vec<DerivedTexts>> {
    connection.batch_execute(LOCK)?;
    let texts = outdated_texts(after).for_no_key_update().load::<SourceTexts>(connection)?;
    let batch: Vec<DerivedTexts> = texts.into_iter().map(Into::into).collect();
    let ids: Vec<i64> = batch.iter().map(|derived| derived.id).collect();
    let keys: Vec<&str> = batch.iter().map(|derived| derived.name_key.as_str()).collect();
    let texts: Vec<&str> = batch.iter().map(|derived| derived.search_text.as_str()).collect();
    sql_query(
        "UPDATE restaurants SET name_key = derived.name_key \
         FROM unnest($1, $2) AS derived (id, name_key) \
         WHERE restaurants.id = derived.id AND restaurants.name_key <> derived.name_key",
    )
    .bind::<Array<BigInt>, _>(&ids)
    .bind::<Array<Text>, _>(&keys)
    .execute(connection)?;
    sql_query(
        "UPDATE restaurant_search SET text = derived.text, folding = $3 \
         FROM unnest($1, $2) AS derived (id, text) \
         WHERE restaurant_id = derived.id",
    )
    .bind::<Array<BigInt>, _>(&ids)
    .bind::<Array<Text>, _>(&texts)
    .bind::<SmallInt, _>(FOLDING_VERSION)
    .execute(connection)?;
    Ok(batch)
}
