//! Ratings as a reader sees them: a bar of stars, and the same in words.

use std::borrow::Cow;

use restaurant_domain::{Rating, RatingSummary};
use serde::Serialize;

use crate::wording::counted;

/// A bar of five stars.
#[derive(PartialEq, Eq, Hash, Serialize)]
pub(crate) struct Stars {
    /// How much of it is filled: 0–100 per cent in steps of ten. The stylesheet has a class for each.
    filled: u8,
    /// The same in words.
    text: Cow<'static, str>,
}

impl Stars {
    /// One reviewer's stars.
    pub(crate) fn of(rating: Rating) -> Self {
        let stars = rating.stars();
        let text = match stars {
            5 => "5 of 5 – excellent",
            4 => "4 of 5 – good",
            3 => "3 of 5 – fair",
            2 => "2 of 5 – poor",
            _ => "1 of 5 – bad",
        };
        Self { filled: stars * 20, text: text.into() }
    }
}

/// What all reviews of a restaurant come to.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "ShownScore")]
pub(crate) struct Score(RatingSummary);

impl Score {
    pub(crate) fn of(summary: RatingSummary) -> Self {
        Self(summary)
    }
}

/// A score as the template gets it.
#[derive(Serialize)]
struct ShownScore {
    /// `None` before the first review.
    stars: Option<Stars>,
    /// "12 reviews".
    reviews: String,
}

impl From<Score> for ShownScore {
    fn from(Score(summary): Score) -> Self {
        // Rounded once: two restaurants with the same number have the same stars.
        let stars = tenths(summary).map(|tenths| Stars {
            filled: u8::try_from((tenths * 2 + 5) / 10 * 10).unwrap_or(100),
            text: format!("{} of {}", decimal(tenths), Rating::MAX).into(),
        });
        Self { stars, reviews: counted(summary.count, "review", "reviews") }
    }
}

/// The average to one decimal: "4.3"; `None` before the first review.
pub(crate) fn average(summary: RatingSummary) -> Option<String> {
    tenths(summary).map(decimal)
}

fn tenths(summary: RatingSummary) -> Option<i64> {
    (summary.sum * 20 + summary.count).checked_div(summary.count * 2)
}

fn decimal(tenths: i64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A rating to choose in a form.
#[derive(PartialEq, Eq, Hash, Serialize)]
pub(crate) struct Choice {
    stars: u8,
    filled: u8,
    word: &'static str,
    checked: bool,
}

impl Choice {
    /// Every rating, the best first; `typed` is what the form held before.
    pub(crate) fn all(typed: &str) -> Vec<Self> {
        (Rating::MIN..=Rating::MAX)
            .rev()
            .map(|stars| Self {
                stars,
                filled: stars * 20,
                word: word(stars),
                checked: typed.trim() == stars.to_string(),
            })
            .collect()
    }
}

fn word(stars: u8) -> &'static str {
    match stars {
        5 => "excellent",
        4 => "good",
        3 => "fair",
        2 => "poor",
        _ => "bad",
    }
}
