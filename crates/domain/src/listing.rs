//! What to list, in which order, and how far: the questions that pages and tools ask.

use std::{cmp::Reverse, fmt, str::FromStr};

use crate::{
    Restaurant, RestaurantCursor, Review, ReviewCursor, Total, ValidationError,
    text::fold_key,
    validation::{Problem, quoted},
};

/// Which restaurants to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestaurantQuery {
    search: Option<SearchText>,
    sort: RestaurantSort,
    limit: PageLimit,
    after: Option<RestaurantCursor>,
}

impl RestaurantQuery {
    /// Asks for a page: the first, or the one after a cursor.
    ///
    /// # Errors
    /// When the cursor belongs to another order than `sort`.
    pub fn new(
        search: Option<SearchText>,
        sort: RestaurantSort,
        limit: PageLimit,
        after: Option<RestaurantCursor>,
    ) -> Result<Self, ValidationError> {
        match &after {
            Some(cursor) if cursor.sort() != sort => {
                Err(ValidationError::new(RestaurantCursor::FIELD, Problem::InvalidCursor))
            }
            _ => Ok(Self { search, sort, limit, after }),
        }
    }

    /// The text to look for; `None` lists all.
    #[must_use]
    pub fn search(&self) -> Option<&SearchText> {
        self.search.as_ref()
    }

    /// The order.
    #[must_use]
    pub fn sort(&self) -> RestaurantSort {
        self.sort
    }

    /// How many to list.
    #[must_use]
    pub fn limit(&self) -> PageLimit {
        self.limit
    }

    /// After which place to start; `None` starts at the beginning. Its order is [`Self::sort`].
    #[must_use]
    pub fn after(&self) -> Option<&RestaurantCursor> {
        self.after.as_ref()
    }
}

/// A page of restaurants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestaurantPage {
    /// The restaurants, at most as many as the limit.
    pub restaurants: Vec<Restaurant>,
    /// How many match in all, on this page and off it.
    pub total: Total,
    /// Where the next page starts; `None` on the last.
    pub next: Option<RestaurantCursor>,
}

impl RestaurantPage {
    /// Makes a page of one row more than the limit: the row too many only tells that there is a next page.
    #[must_use]
    pub fn new(mut rows: Vec<Restaurant>, total: Total, query: &RestaurantQuery) -> Self {
        let more = truncate(&mut rows, query.limit());
        let next = rows.last().filter(|_| more);
        let next = next.map(|last| RestaurantCursor::after(query.sort(), last));
        Self { restaurants: rows, total, next }
    }

    /// Cuts the page to its first rows; the next page starts after them. `sort` is the order that the page is in.
    pub fn shorten(&mut self, rows: usize, sort: RestaurantSort) {
        if rows < self.restaurants.len() {
            self.restaurants.truncate(rows);
            self.next = self.restaurants.last().map(|last| RestaurantCursor::after(sort, last));
        }
    }
}

/// Which reviews of a restaurant to list: the newest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReviewQuery {
    /// How many to list.
    pub limit: PageLimit,
    /// After which place to start; `None` starts with the newest.
    pub after: Option<ReviewCursor>,
}

/// A restaurant with a page of its reviews.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestaurantDetails {
    /// The restaurant.
    pub restaurant: Restaurant,
    /// The reviews, newest first, at most as many as the limit.
    pub reviews: Vec<Review>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<ReviewCursor>,
}

impl RestaurantDetails {
    /// Makes a page of one review more than the limit: the one too many only tells that there is a next page.
    #[must_use]
    pub fn new(restaurant: Restaurant, mut reviews: Vec<Review>, limit: PageLimit) -> Self {
        let more = truncate(&mut reviews, limit);
        let next = reviews.last().filter(|_| more).map(|last| ReviewCursor(last.id));
        Self { restaurant, reviews, next }
    }

    /// Cuts the page to its first reviews; the next page starts after them.
    pub fn shorten(&mut self, reviews: usize) {
        if reviews < self.reviews.len() {
            self.reviews.truncate(reviews);
            self.next = self.reviews.last().map(|last| ReviewCursor(last.id));
        }
    }
}

/// Cuts the rows to the limit and tells whether there were more.
fn truncate<T>(rows: &mut Vec<T>, limit: PageLimit) -> bool {
    let limit = usize::from(limit.get());
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}

/// The order of a list of restaurants. Equal places go by id, so every order is a total one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RestaurantSort {
    /// By name without regard to case and accents, from A on.
    #[default]
    Name,
    /// By average rating, the best first, the unrated last.
    Rating,
    /// By the number of reviews, the most first.
    Reviews,
    /// By when they were added, the newest first.
    Newest,
}

impl RestaurantSort {
    /// The field's name on the wire.
    pub const FIELD: &'static str = "sort";
    /// Every order.
    pub const ALL: [Self; 4] = [Self::Name, Self::Rating, Self::Reviews, Self::Newest];

    /// The order as a word: `name`, `rating`, `reviews` or `newest`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Rating => "rating",
            Self::Reviews => "reviews",
            Self::Newest => "newest",
        }
    }
}

impl fmt::Display for RestaurantSort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RestaurantSort {
    type Err = ValidationError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word).ok_or_else(|| {
            let allowed = "name, rating, reviews, newest";
            let problem = Problem::UnknownChoice { given: quoted(word), allowed };
            ValidationError::new(Self::FIELD, problem)
        })
    }
}

/// How many rows a page holds: 1–100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(u8);

impl PageLimit {
    /// The field's name on the wire.
    pub const FIELD: &'static str = "limit";
    /// The most rows that a page holds.
    pub const MAX: u8 = 100;
    /// How many it holds unless told otherwise.
    pub const DEFAULT: u8 = 20;

    /// Checks a number.
    ///
    /// # Errors
    /// When it is not 1–100.
    pub fn new(rows: i64) -> Result<Self, ValidationError> {
        u8::try_from(rows).ok().filter(|rows| (1..=Self::MAX).contains(rows)).map(Self).ok_or_else(
            || {
                let given = rows.to_string();
                let problem = Problem::OutOfRange { min: 1, max: Self::MAX.into(), given };
                ValidationError::new(Self::FIELD, problem)
            },
        )
    }

    /// The number of rows, 1–100.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}

/// Words to look for: 1–100 characters on one line, folded. A restaurant matches when its
/// [`crate::NewRestaurant::search_text`] holds each of them, in any order. Every visible character stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText {
    folded: String,
    words: Vec<String>,
}

impl SearchText {
    /// The field's name on the wire.
    pub const FIELD: &'static str = "search";
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
        Err(ValidationError::new(Self::FIELD, problem))
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
            let restaurant = NewRestaurant::parse(&name, "1 Quay", "Fish").unwrap();
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
