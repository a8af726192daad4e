//! Texts with a limit, as newtypes: whoever holds one holds a valid one.

use std::fmt;

use crate::validation::{Problem, ValidationError};

/// Whether a text may run over several lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

/// Brings a raw text into its stored form, or says what is wrong with it.
///
/// Line ends become `\n` (a browser sends `\r\n`), surrounding white space goes. Lengths are counted in Unicode scalar values.
fn clean(raw: &str, max: usize, lines: Lines) -> Result<String, Problem> {
    let text = raw.replace("\r\n", "\n");
    let text = text.trim();
    if text.chars().all(is_invisible) {
        return Err(Problem::Blank { max });
    }
    if let Some(control) =
        text.chars().find(|c| c.is_control() && !(*c == '\n' && lines == Lines::Many))
    {
        return Err(Problem::ControlCharacter { control });
    }
    let given = text.chars().count();
    if given > max {
        return Err(Problem::TooLong { max, given });
    }
    Ok(text.to_owned())
}

/// Characters that leave a reader with an empty line: a name made of them alone is blank.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}')
}

/// Folds a text for comparison without regard to case; every store keeps the result, so that all order and search alike.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

macro_rules! limited_text {
    ($(#[$doc:meta])* $name:ident, field: $field:literal, max: $max:literal, lines: $lines:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// The field's name on the wire, in forms and in tool arguments alike.
            pub const FIELD: &'static str = $field;
            /// The greatest length, in Unicode scalar values.
            pub const MAX_CHARS: usize = $max;

            /// Checks a raw text. Line ends are normalised and surrounding white space is dropped first.
            ///
            /// # Errors
            /// When nothing visible is left, when it is too long, or when it holds a control character.
            pub fn parse(raw: &str) -> Result<Self, ValidationError> {
                clean(raw, Self::MAX_CHARS, Lines::$lines)
                    .map(Self)
                    .map_err(|problem| ValidationError::new(Self::FIELD, problem))
            }

            /// Takes a text that a store kept: it was checked on its way in, and is not checked again.
            #[must_use]
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

limited_text!(
    /// What a restaurant is called: one line of 1–50 characters.
    RestaurantName, field: "restaurant_name", max: 50, lines: One
);
limited_text!(
    /// Where a restaurant is: one line of 1–50 characters.
    StreetAddress, field: "street_address", max: 50, lines: One
);
limited_text!(
    /// What a restaurant is like: 1–250 characters, line breaks allowed.
    Description, field: "description", max: 250, lines: Many
);
limited_text!(
    /// The name that a reviewer gives: one line of 1–50 characters. Not an identity; see [`crate::Author`].
    UserName, field: "user_name", max: 50, lines: One
);
limited_text!(
    /// What a reviewer wrote: 1–500 characters, line breaks allowed.
    ReviewText, field: "review_text", max: 500, lines: Many
);
limited_text!(
    /// What a caller gives a create to be able to repeat it: one line of 1–100 characters, best a new random one for each
    /// create. See [`crate::Repository`].
    IdempotencyKey, field: "idempotency_key", max: 100, lines: One
);

impl RestaurantName {
    /// What the list is ordered by when it is ordered by name: the name without regard to case.
    #[must_use]
    pub fn sort_key(&self) -> String {
        fold(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn limits_count_scalar_values_after_trimming() {
        let fifty = "é".repeat(50);
        assert_eq!(RestaurantName::parse(&format!("  {fifty}\t")).unwrap().as_str(), fifty);
        let error = RestaurantName::parse(&"é".repeat(51)).unwrap_err();
        assert_eq!(error.problem, Problem::TooLong { max: 50, given: 51 });
        assert_eq!(error.field, "restaurant_name");
    }

    #[test]
    fn a_text_that_nobody_can_see_is_blank() {
        for raw in ["", "  ", "\n\r\n", "\u{200B}\u{FEFF}", "\u{3000}"] {
            assert_eq!(UserName::parse(raw).unwrap_err().problem, Problem::Blank { max: 50 });
        }
    }

    #[test]
    fn line_breaks_belong_to_long_texts_only() {
        assert_eq!(ReviewText::parse("one\r\ntwo").unwrap().as_str(), "one\ntwo");
        let error = StreetAddress::parse("one\ntwo").unwrap_err();
        assert_eq!(error.problem, Problem::ControlCharacter { control: '\n' });
        for raw in ["a\0b", "a\u{7f}b", "a\u{85}b", "a\tb", "a\rb"] {
            ReviewText::parse(raw).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_keeps_its_promises(raw in "\\PC{0,600}|.{0,600}|[ \\n\\r\\t\\x00a]{0,20}") {
            if let Ok(text) = ReviewText::parse(&raw) {
                let text = text.as_str();
                prop_assert!((1..=ReviewText::MAX_CHARS).contains(&text.chars().count()));
                prop_assert_eq!(text.trim(), text);
                prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
                let again = ReviewText::parse(text).unwrap();
                prop_assert_eq!(again.as_str(), text);
            }
            if let Ok(name) = RestaurantName::parse(&raw) {
                prop_assert!(!name.as_str().chars().any(char::is_control));
                prop_assert!(name.as_str().chars().count() <= RestaurantName::MAX_CHARS);
            }
        }
    }
}
