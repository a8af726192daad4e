//! The transaction of several reviews.
//!
//! One statement writes the reviews of all authors without a budget ([`super::super::create_together`]); a review of another author is
//! the statement that writes it alone ([`super::super::create`]). Budgets and keys are as exact. When a statement fails, nothing of the
//! transaction is kept.

use std::{collections::HashSet, sync::Arc};

use diesel::{
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Text},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::future::{try_join, try_join_all};

use super::PendingReview;
use crate::{
    budget::Spender, error::WorkError, idempotency::CreateOutcome, postgres::write, rows::ReviewRow,
};

/// Which rows a transaction writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::postgres) enum Rows {
    /// All of them: it waits for those that another transaction has locked.
    All,
    /// Those that no other transaction has locked.
    Free,
}

/// The outcomes, in the order of the reviews; `None` for an unknown restaurant, and for a row that is not free.
type Outcomes = Vec<Option<CreateOutcome<ReviewRow>>>;

/// Writes reviews in one transaction: those of authors with a budget by a statement each, which are pipelined, and then the others by
/// one. Where there are only others, without keys, that statement is the transaction.
pub(super) async fn write_together(
    connection: &mut AsyncPgConnection,
    reviews: &[Arc<PendingReview>],
    rows: Rows,
) -> Result<Outcomes, WorkError> {
    let is_one_statement = |review: &PendingReview| !review.has_budget() && review.key.is_none();
    if reviews.iter().all(|review| is_one_statement(review)) {
        let reviews: Vec<_> = reviews.iter().map(|review| &**review).collect();
        return write::reviews(connection, &reviews, rows).await;
    }
    connection
        .transaction(async |connection| {
            let connection = &*connection;
            let (limited, others): (Vec<_>, Vec<_>) =
                reviews.iter().map(|review| &**review).partition(|review| review.has_budget());
            let limited = write_limited(connection, &limited, rows).await?;
            let others = write::reviews(connection, &others, rows).await?;
            let (mut limited, mut others) = (limited.into_iter(), others.into_iter());
            let outcomes = reviews.iter().filter_map(|review| {
                if review.has_budget() { limited.next() } else { others.next() }
            });
            Ok(outcomes.collect())
        })
        .await
}

/// Writes reviews of authors with a budget.
async fn write_limited(
    connection: &AsyncPgConnection,
    reviews: &[&PendingReview],
    rows: Rows,
) -> Result<Outcomes, WorkError> {
    if reviews.is_empty() {
        return Ok(Vec::new());
    }
    let lock = LockBudgets::of(reviews, rows);
    let write = async |review: &&PendingReview| write::review(connection, review).await;
    if rows == Rows::All {
        lock.run(connection).await?;
        return try_join_all(reviews.iter().map(write)).await;
    }
    let restaurants = LockRestaurants(reviews.iter().map(|review| review.restaurant.0).collect());
    let (budgets, restaurants) =
        try_join(lock.run(connection), restaurants.run(connection)).await?;
    let write = async |review: &&PendingReview| {
        let is_free = restaurants.contains(&review.restaurant.0)
            && review.budget_key().is_some_and(|budget| budgets.contains(&budget));
        if is_free { write(review).await } else { Ok(None) }
    };
    try_join_all(reviews.iter().map(write)).await
}

/// The primary key of a budget.
type BudgetKey = (String, String, String);

impl PendingReview {
    fn has_budget(&self) -> bool {
        Spender::of(&self.author).is_some()
    }

    fn budget_key(&self) -> Option<BudgetKey> {
        let Spender { kind, id, client, .. } = Spender::of(&self.author)?;
        Some((kind.to_owned(), id, client))
    }
}

/// Locks the budgets of several authors, and returns which it has locked. A review locks the budget of its author and then its
/// restaurant, so a transaction of several must have all budgets before a restaurant; it locks them in one order.
struct LockBudgets {
    kinds: Vec<String>,
    ids: Vec<String>,
    clients: Vec<String>,
    rows: Rows,
}

impl LockBudgets {
    fn of(reviews: &[&PendingReview], rows: Rows) -> Self {
        let keys = reviews.iter().filter_map(|review| review.budget_key());
        let (mut kinds, mut ids, mut clients) = (Vec::new(), Vec::new(), Vec::new());
        for (kind, id, client) in keys {
            kinds.push(kind);
            ids.push(id);
            clients.push(client);
        }
        Self { kinds, ids, clients, rows }
    }

    async fn run(self, connection: &AsyncPgConnection) -> QueryResult<HashSet<BudgetKey>> {
        let locked: Vec<BudgetKey> = self.get_results(&mut &*connection).await?;
        Ok(locked.into_iter().collect())
    }
}

impl QueryFragment<Pg> for LockBudgets {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT caller_kind, caller_id, client_id FROM write_budgets \
             WHERE (caller_kind, caller_id, client_id) IN (SELECT * FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.kinds)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.clients)?;
        out.push_sql(")) ORDER BY caller_kind, caller_id, client_id FOR UPDATE");
        if self.rows == Rows::Free {
            out.push_sql(" SKIP LOCKED");
        }
        Ok(())
    }
}

/// The SQL depends on more than the type, so statements are cached by their text.
impl QueryId for LockBudgets {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for LockBudgets {
    type SqlType = (Text, Text, Text);
}

/// Locks the restaurants that are free, and returns which they are.
#[derive(QueryId)]
struct LockRestaurants(Vec<i64>);

impl LockRestaurants {
    async fn run(self, connection: &AsyncPgConnection) -> QueryResult<HashSet<i64>> {
        let locked: Vec<i64> = self.get_results(&mut &*connection).await?;
        Ok(locked.into_iter().collect())
    }
}

impl QueryFragment<Pg> for LockRestaurants {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT id FROM restaurants WHERE id = ANY (");
        out.push_bind_param::<Array<BigInt>, _>(&self.0)?;
        out.push_sql(") FOR NO KEY UPDATE SKIP LOCKED");
        Ok(())
    }
}

impl Query for LockRestaurants {
    type SqlType = BigInt;
}
