//! The words that a search looks for.

use std::cmp::Reverse;

use crate::{
    field::{Field, FieldKind},
    text::fold_key,
    validation::{Problem, ValidationError},
};

/// Words to look for: 1–100 characters on one line, folded. A restaurant matches when its
/// [`crate::NewRestaurant::search_text`] holds each of them, in any order. Every visible character stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText {
    folded: String,
    words: Vec<String>,
}

impl SearchText {
    /// The field that holds it in forms and in tool arguments.
    pub const FIELD: Field = Field {
        name: "search",
        label: "Search",
        description: "Only restaurants whose name, street address or description contains every word of this text, in any order, in upper or lower case, with or without accents. Every character of a word stands for itself; there are no wildcards. Left out: all restaurants.",
        required: false,
        kind: FieldKind::Text { max_chars: Self::MAX_CHARS, rows: 1 },
    };
    /// The greatest length, in Unicode scalar values.
    pub const MAX_CHARS: usize = 100;

    /// Checks a raw text; `None` when it holds nothing visible, which asks for everything.
    ///
    /// # Errors
    /// When it is too long or holds a control character.
    pub fn parse(raw: &str) -> Result<Option<Self>, ValidationError> {
        let text = raw.trim();
        let given = text.chars().count();
        let problem = if let Some(control) = text.chars().find(|c| c.is_control()) {
            Problem::ControlCharacter { control }
        } else if given > Self::MAX_CHARS {
            Problem::TooLong { max: Self::MAX_CHARS, given }
        } else {
            let folded = fold_key(text);
            let words = words(&folded);
            return Ok((!words.is_empty()).then_some(Self { folded, words }));
        };
        Err(ValidationError::new(Self::FIELD.name, problem))
    }

    /// The whole text in the form of [`crate::RestaurantName::sort_key`]: what a name that begins with the text begins with.
    #[must_use]
    pub fn as_key(&self) -> &str {
        &self.folded
    }

    /// The words, at least one, the longest first. None is a part of another, so none could be left out.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether a folded text holds every word.
    #[must_use]
    pub fn is_in(&self, folded: &str) -> bool {
        self.words.iter().all(|word| folded.contains(word.as_str()))
    }
}

/// The words that have to be looked for: a text that holds a word holds each part of it.
fn words(folded: &str) -> Vec<String> {
    let mut all: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    all.sort_by_key(|word| Reverse(word.len()));
    let mut words: Vec<String> = Vec::new();
    for word in all {
        if !words.iter().any(|longer| longer.contains(word)) {
            words.push(word.to_owned());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::NewRestaurant;

    fn search(text: &str) -> SearchText {
        SearchText::parse(text).unwrap().unwrap()
    }

    #[test]
    fn words_are_folded_and_none_is_looked_for_twice() {
        assert_eq!(search(" Casa\u{3000}LIMÓN  cas ").words(), ["limon", "casa"]);
        assert_eq!(search("a A á aa").words(), ["aa"]);
        assert_eq!(search("Casa \u{202E} Limón").as_key(), "casa limon");
        for nothing in ["", " \u{3000} ", "\u{200B}", "\u{3164}", "\u{E0041}\u{202E}", "\u{2029}"] {
            assert_eq!(SearchText::parse(nothing).unwrap(), None, "{nothing:?}");
        }
        assert_eq!(
            SearchText::parse("a\0b").unwrap_err().problem,
            Problem::ControlCharacter { control: '\0' }
        );
        SearchText::parse(&"é".repeat(100)).unwrap();
        SearchText::parse(&"é".repeat(101)).unwrap_err();
    }

    proptest! {
        /// The words of a name find it, in any order, in any case, with and without accents.
        #[test]
        fn a_name_is_found_by_its_words(
            words in prop::collection::vec("[a-zA-ZÀ-ÖØ-öø-ɏΑ-Ωά-ώА-я0-9ßﬁ&.'가-힣あ-ん]{1,8}", 1..5),
            order in any::<prop::sample::Index>(),
        ) {
            let name: String = words.join(" ").chars().take(50).collect();
            let restaurant = NewRestaurant::draft().name(name).street_address("1 Quay").description("Fish").parse().unwrap();
            let mut words: Vec<&str> = restaurant.name.as_str().split_whitespace().collect();
            let turn = order.index(words.len());
            words.rotate_left(turn);
            let asked = words.join(" ");
            let text = restaurant.search_text();
            for asked in [asked.to_uppercase(), asked.to_lowercase(), fold_key(&asked), asked] {
                // Upper case may be longer than a search may be.
                if let Ok(search) = SearchText::parse(&asked) {
                    prop_assert!(search.unwrap().is_in(&text), "{} in {}", asked, text);
                }
            }
        }
    }
}
