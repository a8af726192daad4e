//! The reviews that a reader picks on a restaurant's page: by stars, by authors, or both, in an address.

use restaurant_domain::{
    AuthorGroup, Rating, RatingCounts, RatingSummary, RestaurantDetails, ReviewCursor, ReviewQuery,
    ValidationError,
};
use serde::Serialize;

use super::{author_group, list_input::ListLink};
use crate::{
    error_page::PageError,
    fields::Fields,
    stars::average,
    wording::{counted, grouped},
};

/// What the reader picked, and where the page starts. What does not exist is no choice.
#[derive(Clone, Copy, Default)]
pub(super) struct ReviewChoice {
    stars: Option<Rating>,
    by: Option<AuthorGroup>,
    after: Option<ReviewCursor>,
}

const STARS: &str = "stars";

impl ReviewChoice {
    pub(super) fn take(fields: &mut Fields) -> Result<Self, PageError> {
        let cursor = fields.take(ReviewCursor::FIELD)?;
        let after = (!cursor.is_empty()).then(|| cursor.parse()).transpose();
        let after = after.map_err(|_: ValidationError| PageError::BadCursor("reviews"))?;
        let stars = Rating::parse(&fields.take(STARS)?).ok();
        Ok(Self { stars, by: author_group::take(fields)?, after })
    }

    pub(super) fn query(self) -> ReviewQuery {
        ReviewQuery { stars: self.stars, by: self.by, after: self.after, ..ReviewQuery::default() }
    }

    /// Whether the newest of all reviews are on the page.
    pub(super) fn is_first(self) -> bool {
        self.after.is_none()
    }

    fn is_all(self) -> bool {
        self.stars.is_none() && self.by.is_none()
    }

    /// The query of the address: empty, or from the question mark on.
    fn query_string(self, list: Option<&ListLink>) -> String {
        let mut fields = Vec::new();
        if let Some(stars) = self.stars {
            fields.push(format!("{STARS}={stars}"));
        }
        if let Some(by) = self.by {
            fields.push(format!("{}={}", author_group::FIELD, author_group::word(by)));
        }
        if let Some(after) = self.after {
            fields.push(format!("{}={after}", ReviewCursor::FIELD));
        }
        if let Some(list) = list {
            fields.push(format!("{}={}", ListLink::FIELD, list.encoded()));
        }
        let query = fields.join("&");
        if query.is_empty() { query } else { format!("?{query}") }
    }
}

/// The choices that the page offers.
#[derive(PartialEq, Eq, Hash, Serialize)]
pub(super) struct Choices {
    /// The ratings by stars, the best first; empty before the first review.
    bars: Vec<Bar>,
    /// "People 4.1 (18)", and the same for agents: the groups that reviewed it.
    averages: Vec<String>,
    /// The groups of authors, everyone first; empty where no review has an author.
    authors: Vec<Choice>,
    /// "with 5 stars by agents"; `None` for all reviews.
    picked: Option<String>,
    /// The query of all reviews.
    all: String,
    /// The query of the first of the picked reviews; `None` on this page.
    newest: Option<String>,
    /// The query of the next page; `None` on the last.
    older: Option<String>,
}

#[derive(PartialEq, Eq, Hash, Serialize)]
struct Bar {
    label: String,
    count: String,
    /// Its share of all ratings, in per cent.
    share: i64,
    #[serde(flatten)]
    link: Link,
}

#[derive(PartialEq, Eq, Hash, Serialize)]
struct Choice {
    label: &'static str,
    count: String,
    #[serde(flatten)]
    link: Link,
}

#[derive(PartialEq, Eq, Hash, Serialize)]
struct Link {
    query: String,
    is_current: bool,
}

impl Choices {
    pub(super) fn of(
        details: &RestaurantDetails,
        choice: ReviewChoice,
        list: Option<&ListLink>,
    ) -> Self {
        let ratings = &details.ratings;
        let first = ReviewChoice { after: None, ..choice };
        let link = |choice: ReviewChoice, is_current| Link {
            query: choice.query_string(list),
            is_current,
        };
        let older = details.next.map(|next| ReviewChoice { after: Some(next), ..choice });
        Self {
            bars: bars(details.restaurant.rating.count, ratings, first, link),
            averages: averages(ratings),
            authors: authors(details.restaurant.rating.count, ratings, first, link),
            picked: picked(choice),
            all: ReviewChoice::default().query_string(list),
            newest: (!choice.is_first()).then(|| first.query_string(list)),
            older: older.map(|older| older.query_string(list)),
        }
    }
}

/// A bar for each number of stars. The one that is picked leads back to all.
fn bars(
    all: i64,
    ratings: &RatingCounts,
    first: ReviewChoice,
    link: impl Fn(ReviewChoice, bool) -> Link,
) -> Vec<Bar> {
    if all == 0 {
        return Vec::new();
    }
    let by_stars = (Rating::MIN..=Rating::MAX).zip(ratings.by_stars).rev();
    by_stars
        .filter_map(|(stars, count)| Some((Rating::new(stars.into()).ok()?, count)))
        .map(|(stars, count)| {
            let is_current = first.stars == Some(stars);
            let picks = ReviewChoice { stars: Some(stars).filter(|_| !is_current), ..first };
            Bar {
                label: counted(stars.stars().into(), "star", "stars"),
                count: grouped(count),
                share: count * 100 / all,
                link: link(picks, is_current),
            }
        })
        .collect()
}

fn averages(ratings: &RatingCounts) -> Vec<String> {
    let groups = [("People", ratings.people), ("Agents", ratings.agents)];
    let shown = |(label, summary): (&str, RatingSummary)| {
        Some(format!("{label} {} ({})", average(summary)?, grouped(summary.count)))
    };
    groups.into_iter().filter_map(shown).collect()
}

fn authors(
    all: i64,
    ratings: &RatingCounts,
    first: ReviewChoice,
    link: impl Fn(ReviewChoice, bool) -> Link,
) -> Vec<Choice> {
    if ratings.people.count == 0 && ratings.agents.count == 0 {
        return Vec::new();
    }
    [None, Some(AuthorGroup::People), Some(AuthorGroup::Agents)]
        .into_iter()
        .map(|by| Choice {
            label: author_group::label(by),
            count: grouped(by.map_or(all, |by| ratings.of(by).count)),
            link: link(ReviewChoice { by, ..first }, by == first.by),
        })
        .collect()
}

fn picked(choice: ReviewChoice) -> Option<String> {
    if choice.is_all() {
        return None;
    }
    let stars = choice
        .stars
        .map(|stars| format!("with {}", counted(stars.stars().into(), "star", "stars")));
    let by = choice.by.map(|by| format!("by {}", author_group::word(by)));
    Some(stars.into_iter().chain(by).collect::<Vec<_>>().join(" "))
}
