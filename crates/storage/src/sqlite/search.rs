//! Search in SQLite: the trigram index for texts that are long enough for it, a look at every text for the others.

use diesel::{
    dsl::{AsExprOf, IntoBoxed, sql},
    expression::{SqlLiteral, UncheckedBind},
    prelude::*,
    sql_types::{Bool, Text},
    sqlite::Sqlite,
};
use restaurant_domain::SearchText;

use crate::schema::restaurant_search;

/// The shortest text, in characters, that the index can find: it is made of parts of this length.
const TRIGRAM: usize = 3;

diesel::table! {
    restaurant_search_index (rowid) {
        rowid -> BigInt,
        text -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(restaurant_search, restaurant_search_index);
diesel::infix_operator!(Match, " MATCH ", backend: Sqlite);

#[diesel::declare_sql_function]
extern "SQL" {
    /// The place of a text in another, from 1 on; 0 when it is not there.
    fn instr(text: Text, part: Text) -> Integer;
}

/// The ids of the restaurants whose text contains another, every character as itself.
pub(super) fn matching(search: &SearchText) -> Matching<'_> {
    let search = search.as_str();
    let all = restaurant_search::table.select(restaurant_search::restaurant_id).into_boxed();
    if search.chars().count() < TRIGRAM {
        return all.filter(instr(restaurant_search::text, search).gt(0));
    }
    let phrase = phrase(search).into_sql::<Text>();
    let found = restaurant_search_index::table
        .filter(Match::new(restaurant_search_index::text, phrase))
        .select(restaurant_search_index::rowid);
    all.filter(restaurant_search::restaurant_id.eq_any(found))
}

pub(super) type Matching<'a> = IntoBoxed<
    'a,
    diesel::dsl::Select<restaurant_search::table, restaurant_search::restaurant_id>,
    Sqlite,
>;

/// Whether a restaurant is among them, looked up in its own text: the restaurants are read in their order.
pub(super) fn matches(search: &SearchText) -> Filter {
    let text = sql::<Bool>(
        "instr((SELECT text FROM restaurant_search WHERE restaurant_id = restaurants.id), ",
    );
    text.bind::<Text, _>(search.as_str().to_owned()).sql(") > 0")
}

type Filter = SqlLiteral<Bool, UncheckedBind<SqlLiteral<Bool>, AsExprOf<String, Text>>>;

/// The text as a phrase of FTS5's query language, in which only a quote needs an escape.
fn phrase(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
