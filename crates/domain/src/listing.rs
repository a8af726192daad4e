//! What to list, in which order, and how far: the questions that pages and tools ask.

use std::{fmt, str::FromStr};

use crate::{
    Restaurant, RestaurantCursor, Review, ReviewCursor, Total, ValidationError,
    text::fold,
    validation::{Problem, quoted},
};

/// Which restaurants to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListRestaurants {
    search: Option<SearchText>,
    sort: RestaurantSort,
    limit: PageLimit,
    after: Option<RestaurantCursor>,
}

impl ListRestaurants {
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
    pub fn new(mut rows: Vec<Restaurant>, total: Total, query: &ListRestaurants) -> Self {
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
pub struct ListReviews {
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
    /// By name without regard to case, from A on.
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

/// A text to look for: 1–100 characters on one line, folded to lower case. Every character stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText(String);

impl SearchText {
    /// The field's name on the wire.
    pub const FIELD: &'static str = "search";
    /// The greatest length, in Unicode scalar values.
    pub const MAX_CHARS: usize = 100;

    /// Checks a raw text; `None` when nothing is left of it after trimming, which asks for everything.
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
            return Ok((!text.is_empty()).then(|| Self(fold(text))));
        };
        Err(ValidationError::new(Self::FIELD, problem))
    }

    /// The folded text: a restaurant matches when its [`crate::NewRestaurant::search_text`] contains it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
