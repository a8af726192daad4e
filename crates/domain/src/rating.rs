//! A reviewer's rating, and the summary of many ratings.

use std::fmt;

use crate::{
    AuthorGroup, AuthorKind,
    field::{Field, FieldKind, FieldValue},
    validation::{Problem, ValidationError, quoted},
};

/// A reviewer's judgement: 1 (worst) to 5 (best) stars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rating(u8);

impl Rating {
    /// The field that holds it in forms and in tool arguments.
    pub const FIELD: Field = Field {
        name: "rating",
        label: "Rating",
        description: "The reviewer's stars: a whole number from 1 (worst) to 5 (best).",
        required: true,
        kind: FieldKind::Integer { min: Self::MIN as i64, max: Self::MAX as i64 },
    };
    /// The worst rating.
    pub const MIN: u8 = 1;
    /// The best rating.
    pub const MAX: u8 = 5;

    /// Checks a number.
    ///
    /// # Errors
    /// When it is not 1–5.
    pub fn new(stars: i64) -> Result<Self, ValidationError> {
        match u8::try_from(stars) {
            Ok(stars @ Self::MIN..=Self::MAX) => Ok(Self(stars)),
            _ => Err(Self::out_of_range(stars.to_string())),
        }
    }

    /// Checks a number in its text form, as a web form sends it.
    ///
    /// # Errors
    /// When it is empty, no whole number, or not 1–5.
    pub fn parse(raw: &str) -> Result<Self, ValidationError> {
        match raw.trim() {
            "" => Err(ValidationError::new(Self::FIELD.name, Problem::Missing)),
            text => match text.parse() {
                Ok(stars) => Self::new(stars),
                Err(_) => Err(Self::out_of_range(quoted(text))),
            },
        }
    }

    /// The number of stars, 1–5.
    #[must_use]
    pub fn stars(self) -> u8 {
        self.0
    }

    fn out_of_range(given: String) -> ValidationError {
        let problem = Problem::OutOfRange { min: Self::MIN.into(), max: Self::MAX.into(), given };
        ValidationError::new(Self::FIELD.name, problem)
    }
}

impl FieldValue for Rating {
    const FIELD: Field = Self::FIELD;

    fn parse(raw: &str) -> Result<Self, ValidationError> {
        Self::parse(raw)
    }

    fn append_bytes(&self, parts: &mut Vec<Vec<u8>>) {
        parts.push(vec![self.0]);
    }
}

impl fmt::Display for Rating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The summary of a restaurant's ratings. Stores update it with each review, so its cost does not depend on their number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct RatingSummary {
    /// The sum of all stars.
    pub sum: i64,
    /// The number of reviews.
    pub count: i64,
}

impl RatingSummary {
    /// By how much [`Self::sort_key`] magnifies an average: six decimals tell any two apart that a reader could.
    pub const SORT_KEY_SCALE: i64 = 1_000_000;

    /// Counts one more rating.
    pub fn add(&mut self, rating: Rating) {
        self.sum += i64::from(rating.stars());
        self.count += 1;
    }

    /// The average, 1.0–5.0; `None` before the first review.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 stars")]
    pub fn average(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The average as a share of five stars, 20–100 per cent, rounded; 0 before the first review.
    #[must_use]
    pub fn stars_percent(self) -> u8 {
        let percent = (self.sum * 20 + self.count / 2).checked_div(self.count).unwrap_or(0);
        u8::try_from(percent.clamp(0, 100)).unwrap_or(100)
    }

    /// What the list is ordered by when it is ordered by rating: the average in whole millionths, 0 before the first review. Databases compute the same.
    #[must_use]
    pub fn sort_key(self) -> i64 {
        (self.sum * Self::SORT_KEY_SCALE).checked_div(self.count).unwrap_or(0)
    }
}

/// How the ratings of a restaurant spread: over the stars, and over the groups of authors. Stores update it with each review.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RatingCounts {
    /// The number of reviews with one star, with two, up to five.
    pub by_stars: [i64; Rating::MAX as usize],
    /// The ratings that people gave.
    pub people: RatingSummary,
    /// The ratings that agents gave, in their own name or for a person.
    pub agents: RatingSummary,
}

impl RatingCounts {
    /// Counts one more rating, by an author of this kind.
    pub fn add(&mut self, rating: Rating, author: AuthorKind) {
        self.by_stars[usize::from(rating.stars() - 1)] += 1;
        match AuthorGroup::of(author) {
            Some(AuthorGroup::People) => self.people.add(rating),
            Some(AuthorGroup::Agents) => self.agents.add(rating),
            None => {}
        }
    }

    /// The ratings of a group.
    #[must_use]
    pub fn of(&self, group: AuthorGroup) -> RatingSummary {
        match group {
            AuthorGroup::People => self.people,
            AuthorGroup::Agents => self.agents,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_one_to_five_are_ratings() {
        for stars in 1..=5 {
            assert_eq!(i64::from(Rating::new(stars).unwrap().stars()), stars);
        }
        for raw in ["0", "6", "-5", "99", "true", "4.5", "", "99999999999999999999", "½"] {
            Rating::parse(raw).unwrap_err();
        }
        assert_eq!(
            Rating::parse("99").unwrap_err().to_string(),
            "rating is 99: give a whole number from 1 to 5"
        );
    }

    #[test]
    fn an_unrated_restaurant_has_no_average() {
        let none = RatingSummary::default();
        assert_eq!((none.average(), none.stars_percent(), none.sort_key()), (None, 0, 0));
    }

    proptest! {
        #[test]
        fn a_summary_stays_within_the_stars(ratings in prop::collection::vec(1_i64..=5, 1..200)) {
            let mut summary = RatingSummary::default();
            for stars in &ratings {
                summary.add(Rating::new(*stars).unwrap());
            }
            let average = summary.average().unwrap();
            prop_assert!((1.0..=5.0).contains(&average));
            prop_assert!((f64::from(summary.stars_percent()) - average * 20.0).abs() <= 0.500_001);
        }

        #[test]
        fn any_text_is_a_rating_or_an_error(raw in ".*|[ +-]?[0-9]{1,2} ?") {
            let stars = raw.trim().parse().ok().filter(|stars| (1..=5).contains(stars));
            prop_assert_eq!(Rating::parse(&raw).ok().map(Rating::stars), stars);
        }
    }
}
