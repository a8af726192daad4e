//! Reads from SQLite.

use diesel::{prelude::*, sqlite::Sqlite};
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

pub(super) fn list(
    connection: &mut SqliteConnection,
    query: &RestaurantQuery,
) -> Result<RestaurantPage, WorkError> {
    // One view of the file for the page and its total.
    connection.transaction(|connection| {
        let (total, rows) = match query.search() {
            None => all(connection, query)?,
            Some(search) => found(connection, query, search)?,
        };
        let restaurants = rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok(RestaurantPage::new(restaurants, total, query))
    })
}

pub(super) fn details(
    connection: &mut SqliteConnection,
    id: RestaurantId,
    query: ReviewQuery,
) -> Result<Option<RestaurantDetails>, WorkError> {
    connection.transaction(|connection| {
        let found = queries::restaurant_with_counts(id.0).first(connection);
        let found: Option<(RestaurantRow, RatingCountsRow)> = found.optional()?;
        let Some((row, counts)) = found else { return Ok(None) };
        let (filter, after, rows) = queries::reviews_page(query);
        let reviews =
            queries::reviews_of(id.0, filter, after, rows).load::<ReviewRow>(connection)?;
        let reviews = reviews.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok(Some(RestaurantDetails::new(row.try_into()?, counts.into(), reviews, query.limit)))
    })
}

pub(super) fn activity(
    connection: &mut SqliteConnection,
    query: ActivityQuery,
) -> Result<ActivityPage, WorkError> {
    let (after, rows) = activity::page_after(query);
    let entries = activity::entries(after, rows, activity::kinds(query));
    Ok(activity::page(entries.load(connection)?, query)?)
}

/// A page of all restaurants.
fn all(
    connection: &mut SqliteConnection,
    query: &RestaurantQuery,
) -> QueryResult<(Total, Vec<RestaurantRow>)> {
    let total = queries::counts().load::<i64>(connection)?.iter().sum();
    Ok((Total::Exactly(total), page(query).load(connection)?))
}

/// A page of what a search finds. Few matches are put in order; of many, the restaurants are read in their order until
/// the page is full, so neither looks at every match.
fn found(
    connection: &mut SqliteConnection,
    query: &RestaurantQuery,
    search: &SearchText,
) -> QueryResult<(Total, Vec<RestaurantRow>)> {
    let ids: Vec<i64> = matching(search).limit(Total::BOUND + 1).load(connection)?;
    let total = queries::total_of(&ids);
    let page = page(query);
    let page = if total.is_exact() {
        page.filter(restaurants::id.eq_any(ids))
    } else {
        page.filter(matches(search))
    };
    Ok((total, page.load(connection)?))
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

type PageQuery<'a> =
    diesel::dsl::IntoBoxed<'a, diesel::dsl::Select<restaurants::table, RestaurantColumns>, Sqlite>;

#[cfg(test)]
mod tests {
    use diesel::debug_query;
    use restaurant_domain::{
        AuthorGroup, PageLimit, Rating, RestaurantCursor, RestaurantSort, SearchText,
    };

    use super::*;
    use crate::{
        derived::outdated,
        sqlite::plan::{database, plan},
    };

    fn list(search: &str, sort: RestaurantSort) -> RestaurantQuery {
        let search = SearchText::parse(search).unwrap();
        RestaurantQuery::new(search, sort, PageLimit::default(), None).unwrap()
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
            let (key, _, _) = queries::restaurants_page(&list("", sort));
            let cursor = RestaurantCursor { key, id: RestaurantId(1) };
            let back = RestaurantQuery::ending_before(None, sort, PageLimit::default(), cursor);
            let plan = expect(&debug_query::<Sqlite, _>(&page(&back.unwrap())).to_string(), index);
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
            let search = list("blue", sort);
            let few = page(&search).filter(restaurants::id.eq_any([1_i64, 2]));
            let few = debug_query::<Sqlite, _>(&few).to_string();
            expect(&few, "USING INTEGER PRIMARY KEY");
            let many = page(&search).filter(matches(search.search().unwrap()));
            let many = debug_query::<Sqlite, _>(&many).to_string();
            let plan = expect(&many, index);
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
        for words in ["blue", "blue door", "a blue b door c"] {
            let search = list(words, RestaurantSort::Name);
            let ids = matching(search.search().unwrap()).limit(1);
            let ids = debug_query::<Sqlite, _>(&ids).to_string();
            let plan = expect(&ids, "restaurant_search_index VIRTUAL TABLE INDEX");
            assert!(!plan.contains("SCAN restaurant_search\n"), "{plan}");
        }
        let outdated = debug_query::<Sqlite, _>(&outdated()).to_string();
        expect(&outdated, "USING COVERING INDEX restaurant_search_by_folding");
        let (people, agents) = (Some(AuthorGroup::People), Some(AuthorGroup::Agents));
        let five = Some(Rating::new(5).unwrap());
        for (stars, by, index) in [
            (None, None, "reviews_of_restaurant"),
            (five, None, "reviews_by_stars"),
            (None, people, "reviews_by_people"),
            (None, agents, "reviews_by_agents"),
            (five, people, "reviews_by_"),
            (five, agents, "reviews_by_"),
        ] {
            let (filter, after, rows) =
                queries::reviews_page(ReviewQuery { stars, by, ..ReviewQuery::default() });
            let reviews = queries::reviews_of(1, filter, after, rows);
            let reviews = debug_query::<Sqlite, _>(&reviews).to_string();
            let plan = expect(&reviews, &format!("USING INDEX {index}"));
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
