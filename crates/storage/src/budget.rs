//! Rows of the budgets of writes.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use restaurant_domain::{Author, Budget, BudgetUse, ClientApplication};

use crate::{rows::columns, schema::write_budgets};

columns!(
    /// The columns of [`BudgetRow`].
    BUDGET: BudgetColumns = (
        (write_budgets::minute_began, write_budgets::minute_writes),
        (write_budgets::hour_began, write_budgets::hour_writes),
        (write_budgets::day_began, write_budgets::day_writes),
    )
);

/// Whose writes are counted, and how many are allowed.
#[derive(Debug, Clone)]
pub(crate) struct Spender {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) client: String,
    pub(crate) budget: Budget,
}

impl Spender {
    /// The spender of an author with a budget; `None` for one without limits or without an id.
    pub(crate) fn of(author: &Author) -> Option<Self> {
        let budget = author.context().budget;
        let id = author.id().filter(|_| !budget.is_unlimited())?.to_owned();
        let client = author.client().map(ClientApplication::id).unwrap_or_default().to_owned();
        Some(Self { kind: author.kind().as_str(), id, client, budget })
    }
}

/// What a caller has written so far.
#[derive(Queryable)]
pub(crate) struct BudgetRow {
    minute: (NaiveDateTime, i64),
    hour: (NaiveDateTime, i64),
    day: (NaiveDateTime, i64),
}

impl From<BudgetRow> for BudgetUse {
    fn from(row: BudgetRow) -> Self {
        Self(
            [row.minute, row.hour, row.day].map(|(began, writes)| {
                (began.and_utc(), u32::try_from(writes).unwrap_or(u32::MAX))
            }),
        )
    }
}

/// What a caller has written, to insert.
#[derive(Insertable)]
#[diesel(table_name = write_budgets)]
pub(crate) struct NewBudgetRow<'a> {
    caller_kind: &'static str,
    caller_id: &'a str,
    client_id: &'a str,
    minute_began: NaiveDateTime,
    minute_writes: i64,
    hour_began: NaiveDateTime,
    hour_writes: i64,
    day_began: NaiveDateTime,
    day_writes: i64,
}

impl<'a> NewBudgetRow<'a> {
    pub(crate) fn new(spender: &'a Spender, spent: &BudgetUse) -> Self {
        let [minute, hour, day] = spent.0.map(|(began, writes)| (began.naive_utc(), writes.into()));
        Self {
            caller_kind: spender.kind,
            caller_id: &spender.id,
            client_id: &spender.client,
            minute_began: minute.0,
            minute_writes: minute.1,
            hour_began: hour.0,
            hour_writes: hour.1,
            day_began: day.0,
            day_writes: day.1,
        }
    }
}
