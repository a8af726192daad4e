//! What pages and tools read from SQLite.

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

#[cfg(test)]
mod tests {
    use diesel::debug_query;
    use restaurant_domain::{PageLimit, RestaurantSort, SearchText};

    use super::*;
    use crate::{
        derived::outdated,
        sqlite::plan::{database, plan},
    };

    fn list(search: &str, sort: RestaurantSort) -> ListRestaurants {
        let search = SearchText::parse(search).unwrap();
        ListRestaurants::new(search, sort, PageLimit::default(), None).unwrap()
    }

    #[test]
    fn each_query_uses_its_index() {
        let mut connection = database();
        let mut expect = |query: &str, index: &str| {
            let plan = plan(&mut connection, query);
            assert!(plan.contains(index), "{query}\n{plan}");
            assert!(!plan.contains("SCAN restaurants"), "{query}\n{plan}");
            assert!(!plan.contains("SCAN reviews"), "{query}\n{plan}");
            plan
        };
        for (sort, index) in [
            (RestaurantSort::Name, "USING INDEX restaurants_by_name"),
            (RestaurantSort::Rating, "USING INDEX restaurants_by_rating"),
            (RestaurantSort::Reviews, "USING INDEX restaurants_by_reviews"),
            (RestaurantSort::Newest, "USING INTEGER PRIMARY KEY"),
        ] {
            let query = debug_query::<Sqlite, _>(&page(&list("", sort))).to_string();
            let plan = expect(&query, index);
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
            let query = debug_query::<Sqlite, _>(&page(&list("blue", sort))).to_string();
            expect(&query, "restaurant_search_index VIRTUAL TABLE INDEX");
        }
        for words in ["blue", "blue door", "a blue b door c"] {
            let search = list(words, RestaurantSort::Name);
            let count = matching(search.search().unwrap()).count();
            let count = debug_query::<Sqlite, _>(&count).to_string();
            let plan = expect(&count, "restaurant_search_index VIRTUAL TABLE INDEX");
            assert!(!plan.contains("SCAN restaurant_search\n"), "{plan}");
        }
        let outdated = debug_query::<Sqlite, _>(&outdated()).to_string();
        expect(&outdated, "USING COVERING INDEX restaurant_search_by_folding");
        let reviews = debug_query::<Sqlite, _>(&queries::reviews_of(1, 1, 1)).to_string();
        expect(&reviews, "USING INDEX reviews_of_restaurant");
    }
}
