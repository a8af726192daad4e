//! Reads from PostgreSQL. The queries of a page are pipelined.

use diesel::{dsl, pg::Pg, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join;
use restaurant_domain::{
    ActivityPage, ActivityQuery, RestaurantDetails, RestaurantId, RestaurantPage, RestaurantQuery,
    ReviewQuery, SearchText, SortKey, Total,
};

use super::search::{matches, matching};
use crate::{
    activity,
    error::WorkError,
    queries::{
        self, by_name, by_name_back, by_newest, by_newest_back, by_rating, by_rating_back,
        by_reviews, by_reviews_back,
    },
    rows::{RatingCountsRow, RestaurantColumns, RestaurantRow, ReviewRow},
    schema::restaurants,
};

pub(super) async fn list(
    connection: &AsyncPgConnection,
    query: &RestaurantQuery,
) -> Result<RestaurantPage, WorkError> {
    let (total, rows) = match query.search() {
        None => all(connection, query).await?,
        Some(search) => found(connection, query, search).await?,
    };
    let restaurants = rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
    Ok(RestaurantPage::new(restaurants, total, query))
}

pub(super) async fn details(
    connection: &AsyncPgConnection,
    id: RestaurantId,
    query: ReviewQuery,
) -> Result<Option<RestaurantDetails>, WorkError> {
    let (filter, after, rows) = queries::reviews_page(query);
    let restaurant = queries::restaurant_with_counts(id.0);
    let reviews = queries::reviews_of(id.0, filter, after, rows);
    let restaurant = async { restaurant.load(&mut &*connection).await };
    let reviews = async { reviews.load(&mut &*connection).await };
    // Named here: as arguments of `load`, the types take the compiler three times as long as the rest of this crate.
    let (found, reviews): (Vec<(RestaurantRow, RatingCountsRow)>, Vec<ReviewRow>) =
        try_join(restaurant, reviews).await?;
    let Some((row, counts)) = found.into_iter().next() else { return Ok(None) };
    let reviews = reviews.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
    Ok(Some(RestaurantDetails::new(row.try_into()?, counts.into(), reviews, query.limit)))
}

pub(super) async fn activity(
    connection: &AsyncPgConnection,
    query: ActivityQuery,
) -> Result<ActivityPage, WorkError> {
    let (after, rows) = activity::page_after(query);
    let entries = activity::entries(after, rows, activity::kinds(query));
    Ok(activity::page(entries.load(&mut &*connection).await?, query)?)
}

/// A page of all restaurants.
async fn all(
    connection: &AsyncPgConnection,
    query: &RestaurantQuery,
) -> QueryResult<(Total, Vec<RestaurantRow>)> {
    let counts = async { queries::counts().load::<i64>(&mut &*connection).await };
    let rows = async { page(query).load(&mut &*connection).await };
    let (counts, rows) = try_join(counts, rows).await?;
    Ok((Total::Exactly(counts.iter().sum()), rows))
}

/// A page of what a search finds. Few matches are put in order; of many, the restaurants are read in their order until
/// the page is full, so neither looks at every match.
async fn found(
    connection: &AsyncPgConnection,
    query: &RestaurantQuery,
    search: &SearchText,
) -> QueryResult<(Total, Vec<RestaurantRow>)> {
    let ids: Vec<i64> = matching(search).limit(Total::BOUND + 1).load(&mut &*connection).await?;
    let total = queries::total_of(&ids);
    let page = page(query);
    let page = if total.is_exact() {
        page.filter(restaurants::id.eq_any(ids))
    } else {
        page.filter(matches(search))
    };
    Ok((total, page.load(&mut &*connection).await?))
}

/// The rows of a page, and one more.
fn page(query: &RestaurantQuery) -> PageQuery<'_> {
    let (key, id, rows) = queries::restaurants_page(query);
    match (key, query.before().is_some()) {
        (SortKey::Name(key), false) => by_name(key, id, rows).into_boxed(),
        (SortKey::Name(key), true) => by_name_back(key, id, rows).into_boxed(),
        (SortKey::Rating(key), false) => by_rating(key, id, rows).into_boxed(),
        (SortKey::Rating(key), true) => by_rating_back(key, id, rows).into_boxed(),
        (SortKey::Reviews(key), false) => by_reviews(key, id, rows).into_boxed(),
        (SortKey::Reviews(key), true) => by_reviews_back(key, id, rows).into_boxed(),
        (SortKey::Newest, false) => by_newest(id, rows).into_boxed(),
        (SortKey::Newest, true) => by_newest_back(id, rows).into_boxed(),
    }
}

type PageQuery<'a> = dsl::IntoBoxed<'a, dsl::Select<restaurants::table, RestaurantColumns>, Pg>;
