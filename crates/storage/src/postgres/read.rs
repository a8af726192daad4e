//! What pages and tools read from PostgreSQL. The queries of a page are sent together and answered together.

use diesel::{dsl, pg::Pg, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join;
use restaurant_domain::{
    ListRestaurants, ListReviews, RestaurantDetails, RestaurantId, RestaurantPage, SearchText,
    SortKey,
};

use super::search::matching;
use crate::{
    error::WorkError,
    queries::{self, RestaurantColumns, by_age, by_name, by_rating, by_reviews},
    rows::{RestaurantRow, ReviewRow},
    schema::restaurants,
};

pub(super) async fn list(
    connection: &AsyncPgConnection,
    query: &ListRestaurants,
) -> Result<RestaurantPage, WorkError> {
    let rows = async { page(query).load::<RestaurantRow>(&mut &*connection).await };
    let (total, rows) = try_join(total(connection, query.search()), rows).await?;
    let restaurants = rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
    Ok(RestaurantPage::new(restaurants, total, query))
}

pub(super) async fn details(
    connection: &AsyncPgConnection,
    id: RestaurantId,
    query: ListReviews,
) -> Result<Option<RestaurantDetails>, WorkError> {
    let (after, rows) = queries::reviews_page(query);
    let (row, reviews) = try_join(
        async { queries::restaurant(id.0).load::<RestaurantRow>(&mut &*connection).await },
        async { queries::reviews_of(id.0, after, rows).load::<ReviewRow>(&mut &*connection).await },
    )
    .await?;
    let Some(row) = row.into_iter().next() else { return Ok(None) };
    let reviews = reviews.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
    Ok(Some(RestaurantDetails::new(row.try_into()?, reviews, query.limit)))
}

async fn total(connection: &AsyncPgConnection, search: Option<&SearchText>) -> QueryResult<i64> {
    match search {
        Some(search) => matching(search).count().get_result(&mut &*connection).await,
        None => Ok(queries::counts().load::<i64>(&mut &*connection).await?.iter().sum()),
    }
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

type PageQuery<'a> = dsl::IntoBoxed<'a, dsl::Select<restaurants::table, RestaurantColumns>, Pg>;
