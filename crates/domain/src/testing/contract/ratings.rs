//! Counts of ratings, and the reviews that a reader picks by them.

use std::sync::Arc;

use super::{add_restaurant, assert_recount, details, review};
use crate::{
    Author, AuthorGroup, AuthorKind, ClientApplication, PageLimit, Rating, Repository,
    RestaurantId, ReviewId, ReviewQuery,
};

/// Reviews are counted by stars and by authors, and the reviews with some stars, of some authors, or both come in order, page by page.
pub async fn reviews_are_counted_and_found_by_stars_and_authors(
    store: Arc<impl Repository + ?Sized>,
) {
    let (id, other) = (
        add_restaurant(&*store, "Blue Door").await.id,
        add_restaurant(&*store, "Red Door").await.id,
    );
    let client = ClientApplication::new("vs-code", Some("VS Code"));
    let authors = [
        Author::person("ada", Some("Ada")),
        Author::agent("planner", Some("Planner")),
        Author::agent("helper", None).with_client(client.clone()),
        Author::agent_for_person("ada", Some("Ada")).with_client(client),
        Author::agent_for_person("eve", None),
        Author::anonymous(),
    ];
    for (number, author) in (0_i64..).zip(authors.iter().cycle().take(36)) {
        for restaurant in [id, other] {
            let new = review("Ann", 1 + number % 5, "Text");
            store.create_review(restaurant, new, author, None).await.unwrap().unwrap();
        }
    }
    assert_eq!(assert_recount(&*store, id).await, 36);
    let ratings = details(&*store, id).await.ratings;
    assert_eq!(ratings.by_stars, [8, 7, 7, 7, 7]);
    assert_eq!((ratings.people.count, ratings.agents.count), (6, 24));
    let all = picked(&*store, id, ReviewQuery::default()).await;
    assert_eq!(all.len(), 36);
    let stars = (1..=5).map(|stars| Some(Rating::new(stars).unwrap())).chain([None]);
    for stars in stars {
        for by in [None, Some(AuthorGroup::People), Some(AuthorGroup::Agents)] {
            let expected = all.iter().filter(|(_, rating, kind)| {
                stars.is_none_or(|stars| stars == *rating)
                    && by.is_none_or(|by: AuthorGroup| by.kinds().contains(kind))
            });
            let query = ReviewQuery { stars, by, ..ReviewQuery::default() };
            let expected: Vec<_> = expected.copied().collect();
            assert_eq!(picked(&*store, id, query).await, expected, "{stars:?} by {by:?}");
        }
    }
}

/// The reviews that a query picks, read in small pages.
async fn picked(
    store: &(impl Repository + ?Sized),
    id: RestaurantId,
    query: ReviewQuery,
) -> Vec<(ReviewId, Rating, AuthorKind)> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let query = ReviewQuery { limit: PageLimit::new(4).unwrap(), after, ..query };
        let page = store.restaurant_details(id, query).await.unwrap().unwrap();
        let reviews = page.reviews.iter();
        found.extend(reviews.map(|it| (it.id, it.rating, it.created_by.kind())));
        let Some(next) = page.next else { return found };
        after = Some(next);
    }
}
