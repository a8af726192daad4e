//! Search in PostgreSQL: `LIKE`, which uses the trigram index where there is one.

use diesel::{dsl::auto_type, prelude::*};
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
