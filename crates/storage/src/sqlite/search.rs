//! Search in SQLite: the trigram index for words that are long enough for it; for the others a look at what it finds, or
//! at every text.

use diesel::{dsl::IntoBoxed, prelude::*, sql_types::Text, sqlite::Sqlite};
use restaurant_domain::SearchText;

use crate::{
    schema::restaurant_search,
    search::{ContainsWords, padded},
};

/// The shortest word, in characters, that the index can find: it is made of parts of this length.
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

/// The ids of the restaurants whose text contains every word, every character as itself.
pub(super) fn matching(search: &SearchText) -> Matching<'_> {
    let mut found = restaurant_search::table.select(restaurant_search::restaurant_id).into_boxed();
    let (long, short): (Vec<&str>, Vec<&str>) =
        search.words().iter().map(String::as_str).partition(|word| word.chars().count() >= TRIGRAM);
    if !long.is_empty() {
        let phrases: Vec<String> = long.into_iter().map(phrase).collect();
        let phrases = phrases.join(" AND ").into_sql::<Text>();
        let indexed = restaurant_search_index::table
            .filter(Match::new(restaurant_search_index::text, phrases))
            .select(restaurant_search_index::rowid);
        found = found.filter(restaurant_search::restaurant_id.eq_any(indexed));
    }
    for word in padded(&short) {
        found = found.filter(instr(restaurant_search::text, word).gt(0));
    }
    found
}

pub(super) type Matching<'a> = IntoBoxed<
    'a,
    diesel::dsl::Select<restaurant_search::table, restaurant_search::restaurant_id>,
    Sqlite,
>;

/// Whether a restaurant is among them, looked up in its own text: the restaurants are read in their order.
pub(super) fn matches(search: &SearchText) -> ContainsWords {
    ContainsWords::new(search, "instr")
}

/// The word as a phrase of FTS5's query language, in which only a quote needs an escape.
fn phrase(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
