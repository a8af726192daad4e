//! How SQLite goes about a query: for tests that want an index used.

#![cfg(test)]

use diesel::{prelude::*, sql_query, sql_types::Text};

use super::migrations;

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// An empty database in memory.
pub(super) fn database() -> SqliteConnection {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    migrations::run(&mut connection).unwrap();
    connection
}

/// The steps, a line each.
pub(super) fn plan(connection: &mut SqliteConnection, query: &str) -> String {
    let steps = sql_query(format!("EXPLAIN QUERY PLAN {query}")).load::<Step>(connection);
    steps.unwrap().into_iter().map(|step| step.detail + "\n").collect()
}
