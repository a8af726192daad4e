//! Idempotency keys in PostgreSQL.

use chrono::NaiveDateTime;
use diesel::{
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{BigInt, Timestamp},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join;

use crate::{
    error::WorkError,
    idempotency::{CreateOutcome, EXPIRED_BATCH, KeyRow, NewKeyRow},
    schema::idempotency_keys,
};

/// Finds the result of a key; `None` when there is none yet. Deletes some expired keys.
pub(super) async fn find<Row, Find>(
    connection: &AsyncPgConnection,
    key: &NewKeyRow,
    find: Find,
) -> Result<Option<CreateOutcome<Row>>, WorkError>
where
    Find: Future<Output = QueryResult<Vec<KeyRow<Row>>>>,
{
    let (kept, _) = try_join(find, delete_expired(connection, key)).await?;
    let Some(kept) = kept.into_iter().next() else { return Ok(None) };
    let answer = kept.answer(key);
    if answer.is_none() {
        delete_key(connection, key).await?;
    }
    Ok(answer)
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
