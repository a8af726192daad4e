//! The orders of a list of restaurants.

use std::{fmt, str::FromStr};

use crate::validation::{Problem, ValidationError, quoted};

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
