//! Rows as the databases hold them, and their way to and from the domain's types.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use restaurant_domain::{
    AuditChannel, Author, AuthorKind, ClientApplication, Description, FOLDING_VERSION,
    NewRestaurant, NewReview, Rating, RatingCounts, RatingSummary, Restaurant, RestaurantId,
    RestaurantName, Review, ReviewId, ReviewText, StreetAddress, UserName, Via,
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

pub(crate) use columns;

columns!(
    /// The columns of [`RestaurantTexts`].
    RESTAURANT_TEXTS: RestaurantTextColumns =
        (restaurants::name, restaurants::street_address, restaurants::description)
);

/// The fields of a restaurant that its author wrote.
#[derive(Queryable, QueryableByName)]
pub(crate) struct RestaurantTexts {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    street_address: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
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
    (
        restaurants::created_by_kind,
        restaurants::created_by_id,
        restaurants::created_by_name,
        restaurants::created_by_client_id,
        restaurants::created_by_client_name,
        restaurants::created_by_blueprint,
        restaurants::created_via,
    ),
);

pub(crate) type RestaurantColumns = (
    restaurants::id,
    RestaurantTextColumns,
    restaurants::rating_sum,
    restaurants::rating_count,
    restaurants::created_at,
    (
        restaurants::created_by_kind,
        restaurants::created_by_id,
        restaurants::created_by_name,
        restaurants::created_by_client_id,
        restaurants::created_by_client_name,
        restaurants::created_by_blueprint,
        restaurants::created_via,
    ),
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
        let Attribution { author, via: created_via } = row.created_by.try_into()?;
        Ok(Self { rating, created_via, ..new.created(id, at, author) })
    }
}

columns!(
    /// The columns of [`RatingCountsRow`].
    RATING_COUNTS: RatingCountsColumns = (
        restaurants::stars_1,
        restaurants::stars_2,
        restaurants::stars_3,
        restaurants::stars_4,
        restaurants::stars_5,
        restaurants::people_sum,
        restaurants::people_count,
        restaurants::agents_sum,
        restaurants::agents_count,
    )
);

/// The kept counts of a restaurant's ratings.
#[derive(Queryable)]
pub(crate) struct RatingCountsRow {
    stars_1: i64,
    stars_2: i64,
    stars_3: i64,
    stars_4: i64,
    stars_5: i64,
    people_sum: i64,
    people_count: i64,
    agents_sum: i64,
    agents_count: i64,
}

impl From<RatingCountsRow> for RatingCounts {
    fn from(row: RatingCountsRow) -> Self {
        Self {
            by_stars: [row.stars_1, row.stars_2, row.stars_3, row.stars_4, row.stars_5],
            people: RatingSummary { sum: row.people_sum, count: row.people_count },
            agents: RatingSummary { sum: row.agents_sum, count: row.agents_count },
        }
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
        (
        reviews::created_by_kind,
        reviews::created_by_id,
        reviews::created_by_name,
        reviews::created_by_client_id,
        reviews::created_by_client_name,
        reviews::created_by_blueprint,
        reviews::created_via,
    ),
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
        let Attribution { author, via } = row.created_by.try_into()?;
        Ok(Self {
            id: ReviewId(row.id),
            restaurant_id: RestaurantId(row.restaurant_id),
            user_name: UserName::from_stored(row.user_name),
            rating: Rating::new(row.rating.into()).map_err(|_| CorruptRow("rating"))?,
            text: ReviewText::from_stored(row.review_text),
            created_at: row.created_at.and_utc(),
            created_by: author,
            created_via: via,
        })
    }
}

#[derive(Queryable)]
pub(crate) struct AuthorRow {
    kind: String,
    id: Option<String>,
    name: Option<String>,
    client_id: Option<String>,
    client_name: Option<String>,
    blueprint: Option<String>,
    via: Option<String>,
}

/// The author of a row, and the interface.
pub(crate) struct Attribution {
    pub(crate) author: Author,
    pub(crate) via: Option<Via>,
}

impl TryFrom<AuthorRow> for Attribution {
    type Error = CorruptRow;

    fn try_from(row: AuthorRow) -> Result<Self, CorruptRow> {
        let kind = AuthorKind::from_stored(&row.kind).ok_or(CorruptRow("created_by_kind"))?;
        let kind = match kind {
            AuthorKind::Person if row.client_id.is_some() => AuthorKind::AgentForPerson,
            kind => kind,
        };
        let client =
            row.client_id.and_then(|id| ClientApplication::new(&id, row.client_name.as_deref()));
        let author = Author::from_parts(kind, row.id.as_deref(), row.name.as_deref())
            .with_client(client)
            .with_blueprint(row.blueprint.as_deref());
        let (channel, tool) = match row.via.as_deref().map(|via| via.split_once(':').ok_or(via)) {
            Some(Ok((channel, tool))) => (Some(channel), Some(tool.to_owned())),
            Some(Err(channel)) => (Some(channel), None),
            None => (None, None),
        };
        Ok(Self { author, via: via(channel, tool, "created_via")? })
    }
}

/// The interface by its columns.
pub(crate) fn via(
    channel: Option<&str>,
    tool: Option<String>,
    column: &'static str,
) -> Result<Option<Via>, CorruptRow> {
    let Some(channel) = channel else { return Ok(None) };
    let channel = AuditChannel::from_stored(channel).ok_or(CorruptRow(column))?;
    Ok(Some(Via { channel, tool }))
}

/// The columns of an author, in both tables.
pub(crate) struct AuthorColumns<'a> {
    pub(crate) kind: &'static str,
    pub(crate) id: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) client_id: Option<&'a str>,
    pub(crate) client_name: Option<&'a str>,
    pub(crate) blueprint: Option<&'a str>,
    pub(crate) via: Option<String>,
}

impl<'a> AuthorColumns<'a> {
    pub(crate) fn of(author: &'a Author) -> Self {
        let unknown = (author.kind() == AuthorKind::AgentForPerson).then_some("");
        let via = author.context().via.as_ref().map(|via| match &via.tool {
            Some(tool) => format!("{}:{tool}", via.channel.as_str()),
            None => via.channel.as_str().to_owned(),
        });
        Self {
            // An older version, which runs on during a deployment, knows no other kinds.
            kind: author.kind().identity().as_str(),
            id: author.id(),
            name: author.name(),
            client_id: author.client().map(ClientApplication::id).or(unknown),
            client_name: author.client().and_then(ClientApplication::name),
            blueprint: author.blueprint(),
            via,
        }
    }
}

/// A row that violates the schema's constraints: the schema was changed.
#[derive(Debug, thiserror::Error)]
#[error("the column {0} holds a value that no version of this program writes")]
pub(crate) struct CorruptRow(pub(crate) &'static str);

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
    created_by_client_id: Option<&'a str>,
    created_by_client_name: Option<&'a str>,
    created_by_blueprint: Option<&'a str>,
    created_via: Option<String>,
}

impl<'a> NewRestaurantRow<'a> {
    pub(crate) fn new(
        restaurant: &'a NewRestaurant,
        created_at: DateTime<Utc>,
        author: &'a Author,
    ) -> Self {
        let by = AuthorColumns::of(author);
        Self {
            name: restaurant.name.as_str(),
            name_key: restaurant.name.sort_key(),
            street_address: restaurant.street_address.as_str(),
            description: restaurant.description.as_str(),
            created_at: created_at.naive_utc(),
            created_by_kind: by.kind,
            created_by_id: by.id,
            created_by_name: by.name,
            created_by_client_id: by.client_id,
            created_by_client_name: by.client_name,
            created_by_blueprint: by.blueprint,
            created_via: by.via,
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

/// A review to insert.
#[derive(Insertable)]
#[diesel(table_name = reviews)]
pub(crate) struct NewReviewRow<'a> {
    restaurant_id: i64,
    user_name: &'a str,
    rating: i16,
    review_text: &'a str,
    created_at: NaiveDateTime,
    created_by_kind: &'static str,
    created_by_id: Option<&'a str>,
    created_by_name: Option<&'a str>,
    created_by_client_id: Option<&'a str>,
    created_by_client_name: Option<&'a str>,
    created_by_blueprint: Option<&'a str>,
    created_via: Option<String>,
}

impl<'a> NewReviewRow<'a> {
    pub(crate) fn new(
        restaurant_id: i64,
        review: &'a NewReview,
        created_at: DateTime<Utc>,
        author: &'a Author,
    ) -> Self {
        let by = AuthorColumns::of(author);
        Self {
            restaurant_id,
            user_name: review.user_name.as_str(),
            rating: review.rating.stars().into(),
            review_text: review.text.as_str(),
            created_at: created_at.naive_utc(),
            created_by_kind: by.kind,
            created_by_id: by.id,
            created_by_name: by.name,
            created_by_client_id: by.client_id,
            created_by_client_name: by.client_name,
            created_by_blueprint: by.blueprint,
            created_via: by.via,
        }
    }
}
