//! The backfill of derived texts in SQLite.

use diesel::prelude::*;
use restaurant_domain::FOLDING_VERSION;

use super::write_lock::with_write_lock;
use crate::{
    derived::{DerivedTexts, SourceTexts, outdated, outdated_texts},
    schema::{restaurant_search, restaurants},
};

/// Whether a restaurant's derived texts are outdated. Only reads.
pub(super) fn is_pending(connection: &mut SqliteConnection) -> QueryResult<bool> {
    Ok(outdated().first::<i64>(connection).optional()?.is_some())
}

/// Derives all outdated texts again; returns the number of restaurants.
///
/// Each batch is an immediate transaction: writers wait for one batch at most, and finished batches stay when a later one
/// fails. Several instances may backfill at once.
pub(super) fn backfill(connection: &mut SqliteConnection) -> QueryResult<usize> {
    let (mut after, mut count) = (i64::MIN, 0);
    while is_pending(connection)? {
        let (last, batch) =
            with_write_lock(connection, |connection| backfill_batch(connection, after))?;
        count += batch;
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    Ok(count)
}

/// Returns the last restaurant's id, and the number of restaurants.
fn backfill_batch(
    connection: &mut SqliteConnection,
    after: i64,
) -> QueryResult<(Option<i64>, usize)> {
    let batch = outdated_texts(after).load::<SourceTexts>(connection)?;
    let (mut last, count) = (None, batch.len());
    for texts in batch {
        let DerivedTexts { id, name_key, search_text } = texts.into();
        let renamed = restaurants::name_key.ne(name_key.clone());
        diesel::update(restaurants::table.find(id).filter(renamed))
            .set(restaurants::name_key.eq(name_key))
            .execute(connection)?;
        let columns = (
            restaurant_search::text.eq(search_text),
            restaurant_search::folding.eq(FOLDING_VERSION),
        );
        diesel::update(restaurant_search::table.find(id)).set(columns).execute(connection)?;
        last = Some(id);
    }
    Ok((last, count))
}
