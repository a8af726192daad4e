//! Searches that find more than is counted.

use std::sync::Arc;

use chrono::TimeDelta;

use super::list_all;
use crate::{
    Clock, Import, ImportRestaurant, NewRestaurant, PageLimit, Repository, Restaurant,
    RestaurantQuery, RestaurantSort, SearchText, SystemClock, Total,
};

/// The matches of a search are counted up to a bound, and its pages are right on either side of it.
pub async fn a_broad_search_is_counted_up_to_a_bound(
    store: Arc<impl Repository + Import + ?Sized>,
) {
    store.import(restaurants(Total::BOUND + 5), false).await.unwrap();
    let all = RestaurantQuery::default();
    let all = store.list_restaurants(&all).await.unwrap().total;
    assert_eq!(all, Total::Exactly(Total::BOUND + 5));
    for (text, total) in [
        ("all", Total::MoreThan(Total::BOUND)),
        ("almost", Total::Exactly(Total::BOUND)),
        ("a", Total::MoreThan(Total::BOUND)),
    ] {
        for sort in RestaurantSort::ALL {
            let mut expected = list_all(&*store, sort, 100).await;
            expected.retain(|restaurant| restaurant.description.as_str().contains(text));
            let found = first_rows(&*store, text, sort, total).await;
            let same = found.iter().zip(&expected).all(|(found, expected)| found == expected);
            assert!(same && found.len() == 250, "{text} by {sort}");
        }
    }
}

/// The first rows of a search, read a page at a time.
async fn first_rows(
    store: &(impl Repository + ?Sized),
    text: &str,
    sort: RestaurantSort,
    total: Total,
) -> Vec<Restaurant> {
    let (mut rows, mut after) = (Vec::new(), None);
    for _ in 0..5 {
        let search = SearchText::parse(text).unwrap();
        let limit = PageLimit::new(50).unwrap();
        let query = RestaurantQuery::new(search, sort, limit, after).unwrap();
        let page = store.list_restaurants(&query).await.unwrap();
        assert_eq!(page.total, total, "{text}");
        rows.extend(page.restaurants);
        after = page.next;
    }
    rows
}

/// Restaurants of which all but five are "almost all".
fn restaurants(count: i64) -> Vec<ImportRestaurant> {
    let now = SystemClock.now();
    let import = |number: i64| {
        let name = format!("Number {}", (number * 7919) % count);
        let of = if number < 5 { "one of all" } else { "one of almost all" };
        ImportRestaurant {
            restaurant: NewRestaurant::draft()
                .name(name)
                .street_address("Street")
                .description(of)
                .parse()
                .unwrap(),
            created_at: now - TimeDelta::seconds(number),
            reviews: vec![],
        }
    };
    (0..count).map(import).collect()
}
