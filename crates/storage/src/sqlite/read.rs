//! What pages and tools read from `SQLite`.

use diesel::{prelude::*, sqlite::Sqlite};
use restaurant_domain::{
    ListRestaurants, ListReviews, RestaurantDetails, RestaurantId, RestaurantPage, SortKey,
};

use super::search::matching;
use crate::{
    error::WorkError,
    queries::{self, RestaurantColumns, by_age, by_name, by_rating, by_reviews},
    rows::{RestaurantRow, ReviewRow},
    schema::restaurants,
};

pub(super) fn list(
    connection: &mut SqliteConnection,
    query: &ListRestaurants,
) -> Result<RestaurantPage, WorkError> {
    // One view of the file for the page and its total.
    connection.transaction(|connection| {
        let total = match query.search() {
            Some(search) => matching(search).count().get_result(connection)?,
            None => queries::counts().load::<i64>(connection)?.iter().sum(),
        };
        let rows = page(query).load::<RestaurantRow>(connection)?;
        let restaurants = rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok(RestaurantPage::new(restaurants, total, query))
    })
}

pub(super) fn details(
    connection: &mut SqliteConnection,
    id: RestaurantId,
    query: ListReviews,
) -> Result<Option<RestaurantDetails>, WorkError> {
    connection.transaction(|connection| {
        let row = queries::restaurant(id.0).first::<RestaurantRow>(connection).optional()?;
        let Some(row) = row else { return Ok(None) };
        let (after, rows) = queries::reviews_page(query);
        let reviews = queries::reviews_of(id.0, after, rows).load::<ReviewRow>(connection)?;
        let reviews = reviews.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok(Some(RestaurantDetails::new(row.try_into()?, reviews, query.limit)))
    })
}

/// The rows of a page, and one more.
fn page(query: &ListRestaurants) -> PageQuery<'_> {
    let (key, id, rows) = queries::restaurants_page(query);
    let page = match key {
        SortKey::Name(key) => by_name(key, id, rows).into_boxed(),
        SortKey::Rating(key) => by_rating(key, id, rows).into_boxed(),
        SortKey::Reviews(key) => by_reviews(key, id, rows).into_boxed(),
        SortKey::Newest => by_age(id, rows).into_boxed(),
    };
    match query.search() {
        Some(search) => page.filter(restaurants::id.eq_any(matching(search))),
        None => page,
    }
}

type PageQuery<'a> =
    diesel::dsl::IntoBoxed<'a, diesel::dsl::Select<restaurants::table, RestaurantColumns>, Sqlite>;
