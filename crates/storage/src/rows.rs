//! Rows as the databases hold them, and their way to and from the domain's types.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use restaurant_domain::{
    Author, AuthorKind, Description, FOLDING_VERSION, NewRestaurant, NewReview, Rating,
    RatingSummary, Restaurant, RestaurantId, RestaurantName, Review, ReviewId, ReviewText,
    StreetAddress, UserName,
};

use crate::schema::{restaurant_search, restaurants, reviews};

/// Declares a list of columns as a constant and as its type.
macro_rules! columns {
    ($(#[$doc:meta])* $name:ident: $type:ident = $columns:tt) => {
        $(#[$doc])*
        pub(crate) const $name: $type = $columns;
        pub(crate) type $type = $columns;
    };
}

columns!(
    /// The columns of [`RestaurantTexts`].
    RESTAURANT_TEXTS: RestaurantTextColumns =
        (restaurants::name, restaurants::street_address, restaurants::description)
);

/// The fields of a restaurant that its author wrote.
#[derive(Queryable)]
pub(crate) struct RestaurantTexts {
    name: String,
    street_address: String,
    description: String,
}

impl From<RestaurantTexts> for NewRestaurant {
    /// Does not validate: an older version may have stored what this one refuses.
    fn from(texts: RestaurantTexts) -> Self {
        Self {
            name: RestaurantName::from_stored(texts.name),
            street_address: StreetAddress::from_stored(texts.street_address),
            description: Description::from_stored(texts.description),
        }
    }
}

/// The columns of [`RestaurantRow`].
pub(crate) const RESTAURANT: RestaurantColumns = (
    restaurants::id,
    RESTAURANT_TEXTS,
    restaurants::rating_sum,
    restaurants::rating_count,
    restaurants::created_at,
    (restaurants::created_by_kind, restaurants::created_by_id, restaurants::created_by_name),
);

pub(crate) type RestaurantColumns = (
    restaurants::id,
    RestaurantTextColumns,
    restaurants::rating_sum,
    restaurants::rating_count,
    restaurants::created_at,
    (restaurants::created_by_kind, restaurants::created_by_id, restaurants::created_by_name),
);

/// A stored restaurant.
#[derive(Queryable)]
pub(crate) struct RestaurantRow {
    id: i64,
    texts: RestaurantTexts,
    rating_sum: i64,
    rating_count: i64,
    created_at: NaiveDateTime,
    created_by: AuthorRow,
}

impl TryFrom<RestaurantRow> for Restaurant {
    type Error = CorruptRow;

    fn try_from(row: RestaurantRow) -> Result<Self, CorruptRow> {
        let (id, at) = (RestaurantId(row.id), row.created_at.and_utc());
        let rating = RatingSummary { sum: row.rating_sum, count: row.rating_count };
        let new = NewRestaurant::from(row.texts);
        Ok(Self { rating, ..new.created(id, at, row.created_by.try_into()?) })
    }
}

columns!(
    /// The columns of [`ReviewRow`].
    REVIEW: ReviewColumns = (
        reviews::id,
        reviews::restaurant_id,
        reviews::user_name,
        reviews::rating,
        reviews::review_text,
        reviews::created_at,
        (reviews::created_by_kind, reviews::created_by_id, reviews::created_by_name),
    )
);

/// A stored review.
#[derive(Queryable)]
pub(crate) struct ReviewRow {
    id: i64,
    restaurant_id: i64,
    user_name: String,
    rating: i16,
    review_text: String,
    created_at: NaiveDateTime,
    created_by: AuthorRow,
}

impl TryFrom<ReviewRow> for Review {
    type Error = CorruptRow;

    fn try_from(row: ReviewRow) -> Result<Self, CorruptRow> {
        Ok(Self {
            id: ReviewId(row.id),
            restaurant_id: RestaurantId(row.restaurant_id),
            user_name: UserName::from_stored(row.user_name),
            rating: Rating::new(row.rating.into()).map_err(|_| CorruptRow("rating"))?,
            text: ReviewText::from_stored(row.review_text),
            created_at: row.created_at.and_utc(),
            created_by: row.created_by.try_into()?,
        })
    }
}

#[derive(Queryable)]
pub(crate) struct AuthorRow {
    kind: String,
    id: Option<String>,
    name: Option<String>,
}

impl TryFrom<AuthorRow> for Author {
    type Error = CorruptRow;

    fn try_from(row: AuthorRow) -> Result<Self, CorruptRow> {
        let kind = AuthorKind::from_stored(&row.kind).ok_or(CorruptRow("created_by_kind"))?;
        Ok(Self::from_parts(kind, row.id.as_deref(), row.name.as_deref()))
    }
}

/// A row that violates the schema's constraints: the schema was changed.
#[derive(Debug, thiserror::Error)]
#[error("the column {0} holds a value that no version of this program writes")]
pub(crate) struct CorruptRow(&'static str);

/// A restaurant to insert.
#[derive(Insertable)]
#[diesel(table_name = restaurants)]
pub(crate) struct NewRestaurantRow<'a> {
    name: &'a str,
    name_key: String,
    street_address: &'a str,
    description: &'a str,
    created_at: NaiveDateTime,
    created_by_kind: &'static str,
    created_by_id: Option<&'a str>,
    created_by_name: Option<&'a str>,
}

impl<'a> NewRestaurantRow<'a> {
    pub(crate) fn new(
        restaurant: &'a NewRestaurant,
        created_at: DateTime<Utc>,
        author: &'a Author,
    ) -> Self {
        Self {
            name: restaurant.name.as_str(),
            name_key: restaurant.name.sort_key(),
            street_address: restaurant.street_address.as_str(),
            description: restaurant.description.as_str(),
            created_at: created_at.naive_utc(),
            created_by_kind: author.kind().as_str(),
            created_by_id: author.id(),
            created_by_name: author.name(),
        }
    }
}

/// A search text to insert.
#[derive(Insertable)]
#[diesel(table_name = restaurant_search)]
pub(crate) struct SearchRow {
    restaurant_id: i64,
    text: String,
    folding: i16,
}

impl SearchRow {
    pub(crate) fn new(restaurant_id: i64, restaurant: &NewRestaurant) -> Self {
        Self { restaurant_id, text: restaurant.search_text(), folding: FOLDING_VERSION }
    }
}

columns!(
    /// The columns of [`NewReviewRow`].
    NEW_REVIEW: NewReviewColumns = (
        reviews::restaurant_id,
        reviews::user_name,
        reviews::rating,
        reviews::review_text,
        reviews::created_at,
        reviews::created_by_kind,
        reviews::created_by_id,
        reviews::created_by_name,
    )
);

/// A review to insert.
#[derive(Insertable)]
#[diesel(table_name = reviews)]
pub(crate) struct NewReviewRow<'a> {
    pub(crate) restaurant_id: i64,
    pub(crate) user_name: &'a str,
    pub(crate) rating: i16,
    pub(crate) review_text: &'a str,
    pub(crate) created_at: NaiveDateTime,
    pub(crate) created_by_kind: &'static str,
    pub(crate) created_by_id: Option<&'a str>,
    pub(crate) created_by_name: Option<&'a str>,
}

impl<'a> NewReviewRow<'a> {
    pub(crate) fn new(
        restaurant_id: i64,
        review: &'a NewReview,
        created_at: DateTime<Utc>,
        author: &'a Author,
    ) -> Self {
        Self {
            restaurant_id,
            user_name: review.user_name.as_str(),
            rating: review.rating.stars().into(),
            review_text: review.text.as_str(),
            created_at: created_at.naive_utc(),
            created_by_kind: author.kind().as_str(),
            created_by_id: author.id(),
            created_by_name: author.name(),
        }
    }
}
