//! Search in PostgreSQL: `LIKE` for each word, which uses the trigram index where there is one.

use diesel::{
    dsl::{self, IntoBoxed},
    pg::Pg,
    prelude::*,
    sql_types::Text,
};
use restaurant_domain::SearchText;

use crate::{
    schema::restaurant_search,
    search::{ContainsWords, padded},
};

/// How many words the index is asked for. The others are looked for in what it finds.
const INDEXED: usize = 4;

#[diesel::declare_sql_function]
extern "SQL" {
    /// The place of a text in another, from 1 on; 0 when it is not there.
    fn strpos(text: Text, part: Text) -> Integer;
}

/// The ids of the restaurants whose text contains every word, every character as itself.
pub(super) fn matching(search: &SearchText) -> Matching<'_> {
    let words: Vec<&str> = search.words().iter().map(String::as_str).collect();
    let (indexed, others) = words.split_at(words.len().min(INDEXED));
    let mut found = restaurant_search::table.select(restaurant_search::restaurant_id).into_boxed();
    for word in indexed {
        found = found.filter(restaurant_search::text.like(pattern(word)));
    }
    for word in padded(others) {
        found = found.filter(strpos(restaurant_search::text, word).gt(0));
    }
    found
}

pub(super) type Matching<'a> =
    IntoBoxed<'a, dsl::Select<restaurant_search::table, restaurant_search::restaurant_id>, Pg>;

/// Whether a restaurant is among them, looked up in its own text: the restaurants are read in their order.
pub(super) fn matches(search: &SearchText) -> ContainsWords {
    ContainsWords::new(search, "strpos")
}

/// The word as a pattern of `LIKE`, whose escape is `\` unless told otherwise.
fn pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
