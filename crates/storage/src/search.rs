//! The parts of searches that both databases share.

use diesel::{
    backend::Backend,
    expression::ValidGrouping,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{Bool, HasSqlType, Text},
};
use restaurant_domain::SearchText;

/// Whether a restaurant's own text holds every word. For a planner an expression that it cannot turn around, so that it
/// reads the restaurants in their order and looks at each.
#[derive(Debug, Clone, ValidGrouping)]
pub(crate) struct ContainsWords {
    /// The function that finds the place of a text in another, from 1 on; 0 when it is not there.
    place: &'static str,
    words: Vec<String>,
}

impl ContainsWords {
    /// Looks for the words of a search by a function of the database.
    pub(crate) fn new(search: &SearchText, place: &'static str) -> Self {
        let words: Vec<&str> = search.words().iter().map(String::as_str).collect();
        Self { place, words: padded(&words).map(ToOwned::to_owned).collect() }
    }
}

impl Expression for ContainsWords {
    type SqlType = Bool;
}

impl<Source> AppearsOnTable<Source> for ContainsWords {}

/// Its text depends on more than its type, so it is known by its text.
impl QueryId for ContainsWords {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB> QueryFragment<DB> for ContainsWords
where
    DB: Backend + HasSqlType<Text>,
    String: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut separator = "(SELECT ";
        for word in &self.words {
            out.push_sql(separator);
            out.push_sql(self.place);
            out.push_sql("(text, ");
            out.push_bind_param::<Text, _>(word)?;
            out.push_sql(") > 0");
            separator = " AND ";
        }
        out.push_sql(" FROM restaurant_search WHERE restaurant_id = restaurants.id)");
        Ok(())
    }
}

/// As many words as a power of two, the last one several times: so there are few different statements to prepare, however
/// many words people look for.
pub(crate) fn padded<'a>(words: &[&'a str]) -> impl Iterator<Item = &'a str> {
    let length = if words.is_empty() { 0 } else { words.len().next_power_of_two() };
    words.iter().chain(words.last().into_iter().cycle()).take(length).copied()
}
