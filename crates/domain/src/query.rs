//! The queries of pages and tools: which rows to list, in which order, and how many.

use crate::{
    AuthorGroup, Rating, RestaurantCursor, RestaurantSort, ReviewCursor, SearchText,
    ValidationError, validation::Problem,
};

/// Which restaurants to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestaurantQuery {
    search: Option<SearchText>,
    sort: RestaurantSort,
    limit: PageLimit,
    after: Option<RestaurantCursor>,
    before: Option<RestaurantCursor>,
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
            _ => Ok(Self { search, sort, limit, after, before: None }),
        }
    }

    /// Asks for the page that ends before a cursor: the rows next to it.
    ///
    /// # Errors
    /// When the cursor belongs to another order than `sort`.
    pub fn ending_before(
        search: Option<SearchText>,
        sort: RestaurantSort,
        limit: PageLimit,
        before: RestaurantCursor,
    ) -> Result<Self, ValidationError> {
        let query = Self::new(search, sort, limit, Some(before))?;
        Ok(Self { before: query.after, after: None, ..query })
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

    /// Before which place to end, instead of where to start. Its order is [`Self::sort`].
    #[must_use]
    pub fn before(&self) -> Option<&RestaurantCursor> {
        self.before.as_ref()
    }
}

/// Which reviews of a restaurant to list: the newest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReviewQuery {
    /// How many to list.
    pub limit: PageLimit,
    /// After which place to start; `None` starts with the newest.
    pub after: Option<ReviewCursor>,
    /// The rating that they give; `None` for all.
    pub stars: Option<Rating>,
    /// Their authors; `None` for all.
    pub by: Option<AuthorGroup>,
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
