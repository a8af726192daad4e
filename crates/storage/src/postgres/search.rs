//! Search in PostgreSQL: `LIKE`, which uses the trigram index where there is one.

use diesel::{
    dsl::{AsExprOf, auto_type, sql},
    expression::{SqlLiteral, UncheckedBind},
    prelude::*,
    sql_types::{Bool, Text},
};
use restaurant_domain::SearchText;

use crate::schema::restaurant_search;

/// The ids of the restaurants whose text contains another, every character as itself.
#[auto_type]
pub(super) fn matching(search: &SearchText) -> _ {
    let pattern: String = pattern(search.as_str());
    restaurant_search::table
        .filter(restaurant_search::text.like(pattern))
        .select(restaurant_search::restaurant_id)
}

/// Whether a restaurant is among them, looked up in its own text. For the planner an expression that it cannot turn around,
/// so that it reads the restaurants in their order and looks at each.
pub(super) fn matches(search: &SearchText) -> Filter {
    let text = sql::<Bool>(
        "(SELECT text FROM restaurant_search WHERE restaurant_id = restaurants.id) LIKE ",
    );
    text.bind::<Text, _>(pattern(search.as_str()))
}

type Filter = UncheckedBind<SqlLiteral<Bool>, AsExprOf<String, Text>>;

/// The text as a pattern of `LIKE`, whose escape is `\` unless told otherwise.
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
