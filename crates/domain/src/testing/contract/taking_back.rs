//! What every store must do when a post is taken back.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::task::JoinSet;

use super::{
    activity::record, add_restaurant, add_review, assert_recount, details, found, list_all, review,
    reviews_of, total,
};
use crate::{
    AuditOperation, Author, ClientApplication, CreateError, DeleteError, NewRestaurant, Post,
    Repository, Restaurant, RestaurantId, RestaurantSort, Retraction, RetractionCount, Review,
    ReviewQuery, StoreError, testing::ManualClock,
};

/// Repeats what failed for a moment, as callers do when many wait for a connection; a hundred times at most.
macro_rules! until_available {
    ($work:expr) => {
        until_available!($work, StoreError::Unavailable(_))
    };
    ($work:expr, $unavailable:pat) => {{
        let mut tries = 0;
        loop {
            match $work.await {
                Err($unavailable) if tries < 100 => tries += 1,
                result => break result.unwrap(),
            }
        }
    }};
}

fn moderator() -> Author {
    Author::person("moderator", Some("Eve"))
}

/// A hidden review or restaurant is gone from lists, searches, counts and sums, and comes back as it was.
pub async fn what_is_hidden_is_gone_and_comes_back(store: Arc<impl Repository + ?Sized>) {
    let (blue, red) = (add_restaurant(&*store, "Blue").await, add_restaurant(&*store, "Red").await);
    for stars in [1, 5] {
        add_review(&*store, blue.id, review("Ann", stars, "Text")).await;
        add_review(&*store, red.id, review("Ann", stars, "Text")).await;
    }
    let before = everything(&*store).await;
    let bad = Post::Review(blue.id, before[0].1[1].id);
    let elsewhere = Post::Review(red.id, before[0].1[1].id);
    assert!(!store.hide(elsewhere, &moderator()).await.unwrap(), "it is no review of this");
    assert!(store.hide(bad, &moderator()).await.unwrap());
    assert_eq!(assert_recount(&*store, blue.id).await, 1);
    assert_eq!(details(&*store, blue.id).await.restaurant.rating.sum, 5);

    let post = Post::Restaurant(blue.id);
    assert!(store.hide(post, &moderator()).await.unwrap());
    assert!(!store.hide(post, &moderator()).await.unwrap());
    assert_eq!((total(&*store, None).await, total(&*store, Some("blue")).await), (1, 0));
    assert_eq!(store.restaurant_details(blue.id, ReviewQuery::default()).await.unwrap(), None);
    let none = store.create_review(blue.id, review("Ann", 1, "Text"), &moderator(), None).await;
    assert_eq!(none.unwrap(), None);
    assert!(!store.restore(bad, &moderator()).await.unwrap(), "its restaurant is hidden");
    let later = add_restaurant(&*store, "Later").await;
    assert!(later.id > red.id);

    assert!(store.restore(post, &moderator()).await.unwrap());
    assert!(!store.restore(post, &moderator()).await.unwrap());
    assert_eq!(assert_recount(&*store, blue.id).await, 1, "the review is hidden as before");
    assert!(store.restore(bad, &moderator()).await.unwrap());
    assert!(store.hide(Post::Restaurant(later.id), &moderator()).await.unwrap());
    assert_eq!(everything(&*store).await, before);
    assert_eq!(found(&*store, "blue").await, ["Blue"]);
    assert_eq!(total(&*store, None).await, 2);
    let newest = add_restaurant(&*store, "Newest").await;
    assert!(newest.id > later.id, "an id is given once");
}

/// An author deletes its own posts within a time, by whatever client application; a moderator restores them.
pub async fn an_author_deletes_its_own_within_a_time(
    store: Arc<impl Repository + ?Sized>,
    clock: &ManualClock,
) {
    let within = TimeDelta::minutes(10);
    let ada = Author::person("ada", None);
    let through_code = Author::agent_for_person("ada", None)
        .with_client(ClientApplication::new("client", Some("VS Code")));
    let blue = new_restaurant(&*store, "Blue", &through_code).await;
    let post = Post::Restaurant(blue.id);
    let delete = async |post, author: &Author| store.delete_own(post, author, within).await;
    for other in [Author::agent("ada", None), Author::person("ben", None), Author::anonymous()] {
        assert!(matches!(delete(post, &other).await, Err(DeleteError::NotOwn)));
    }
    let unknown = Post::Restaurant(RestaurantId(blue.id.0 + 1));
    assert!(matches!(delete(unknown, &ada).await, Err(DeleteError::NotFound)));
    let own = new_review(&*store, blue.id, &ada).await;
    let anonymous =
        Post::Review(blue.id, add_review(&*store, blue.id, review("A", 1, "B")).await.id);
    assert!(matches!(delete(post, &ada).await, Err(DeleteError::Reviewed)));
    assert!(matches!(delete(anonymous, &Author::anonymous()).await, Err(DeleteError::NotOwn)));
    store.hide(anonymous, &moderator()).await.unwrap();

    clock.advance(within);
    delete(own, &through_code).await.unwrap();
    assert_eq!(assert_recount(&*store, blue.id).await, 0);
    assert!(matches!(delete(own, &ada).await, Err(DeleteError::NotFound)));
    clock.advance(TimeDelta::microseconds(1));
    assert!(matches!(delete(post, &ada).await, Err(DeleteError::TooLate)));
    clock.advance(-TimeDelta::microseconds(1));
    delete(post, &ada).await.unwrap();
    assert_eq!(total(&*store, None).await, 0);
    assert!(store.restore(post, &moderator()).await.unwrap());
    assert!(store.restore(own, &moderator()).await.unwrap());
    assert_eq!(assert_recount(&*store, blue.id).await, 1);
}

/// Ten agents misbehave, and a retraction takes back exactly what one of them wrote; restoring brings exactly that back.
pub async fn a_retraction_takes_back_what_one_author_wrote(store: Arc<impl Repository + ?Sized>) {
    let shared = add_restaurant(&*store, "Shared").await.id;
    let agents: Vec<_> = (0..10).map(|number| Author::agent(&format!("{number}"), None)).collect();
    for agent in &agents {
        let own = new_restaurant(&*store, "Own", agent).await.id;
        new_review(&*store, own, agent).await;
        add_review(&*store, own, review("Ann", 2, "A person's")).await;
    }
    // More than one batch.
    let reviews = Retraction::BATCH + 20;
    for number in 0..reviews {
        let author = &agents[if number % 2 == 0 { 3 } else { number % 10 }];
        new_review(&*store, shared, author).await;
    }
    let before = everything(&*store).await;
    let what = Retraction { author: "3".to_owned(), since: None, client: None };
    let of_three = |author: &Author| author.id() == Some("3");
    let expected: Vec<_> = before
        .iter()
        .filter(|(restaurant, _)| !of_three(&restaurant.created_by))
        .map(|(restaurant, reviews)| {
            let mut reviews = reviews.clone();
            reviews.retain(|review| !of_three(&review.created_by));
            (restaurant.id, reviews)
        })
        .collect();
    let count = store.count_retraction(&what).await.unwrap();
    let written = before.iter().flat_map(|(_, reviews)| reviews);
    let written = written.filter(|review| of_three(&review.created_by)).count();
    assert_eq!(count, RetractionCount { restaurants: 1, reviews: written as u64, others: 1 });

    assert_eq!(retract(&*store, &what).await, count);
    let after = everything(&*store).await;
    assert_eq!(
        after.into_iter().map(|(it, reviews)| (it.id, reviews)).collect::<Vec<_>>(),
        expected
    );
    assert_eq!(total(&*store, None).await, 10);
    assert_eq!(found(&*store, "own").await.len(), 9);
    assert!(store.count_retraction(&what).await.unwrap().is_empty());
    assert_eq!(retract(&*store, &what).await, RetractionCount::default(), "safe to run again");
    let entries = record(&*store, 100).await;
    let retracted = entries.iter().filter(|entry| entry.operation == AuditOperation::Retract);
    assert_eq!(retracted.count(), written + 1);

    assert_eq!(restore(&*store, &what).await, count);
    assert_eq!(everything(&*store).await, before);
    assert_eq!(restore(&*store, &what).await, RetractionCount::default());
}

/// A retraction covers the posts since a time, through one client application; what a moderator hid is not restored with it.
pub async fn a_retraction_is_limited_to_a_time_and_a_client(
    store: Arc<impl Repository + ?Sized>,
    clock: &ManualClock,
) {
    use crate::Clock as _;
    let id = add_restaurant(&*store, "Blue").await.id;
    let through = |client: &str| {
        Author::agent_for_person("ada", None).with_client(ClientApplication::new(client, None))
    };
    new_review(&*store, id, &through("code")).await;
    clock.advance(TimeDelta::hours(1));
    let since = Some(clock.now());
    let hidden = new_review(&*store, id, &through("code")).await;
    for author in [through("code"), through("other"), Author::person("ada", None)] {
        new_review(&*store, id, &author).await;
    }
    assert!(store.hide(hidden, &moderator()).await.unwrap());
    let what = |since, client: Option<&str>| Retraction {
        author: "ada".to_owned(),
        since,
        client: client.map(str::to_owned),
    };
    for (what, reviews) in [
        (what(since, Some("code")), 1),
        (what(None, Some("code")), 2),
        (what(since, None), 3),
        (what(None, None), 4),
        (what(None, Some("none")), 0),
        (Retraction { author: "ben".to_owned(), since: None, client: None }, 0),
    ] {
        let expected = RetractionCount { reviews, ..RetractionCount::default() };
        assert_eq!(store.count_retraction(&what).await.unwrap(), expected, "{what:?}");
        assert_eq!(retract(&*store, &what).await, expected);
        assert_eq!(assert_recount(&*store, id).await, 4 - i64::try_from(reviews).unwrap());
        assert_eq!(restore(&*store, &what).await, expected);
        assert_eq!(assert_recount(&*store, id).await, 4);
    }
    // What went with the restaurant of another, and was retracted then, does not come back with it.
    assert!(store.hide(Post::Restaurant(id), &moderator()).await.unwrap());
    retract(&*store, &what(None, None)).await;
    assert!(store.restore(Post::Restaurant(id), &moderator()).await.unwrap());
    assert_eq!(assert_recount(&*store, id).await, 0);
    restore(&*store, &what(None, None)).await;
    assert_eq!(assert_recount(&*store, id).await, 4);
}

/// Sums and counts equal a recount after 64 concurrent writers. Some of the writers hide, restore and retract.
pub async fn sums_equal_a_recount_while_posts_are_taken_back(store: Arc<impl Repository + ?Sized>) {
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(add_restaurant(&*store, &format!("Blue {number}")).await.id);
    }
    let mut writers = JoinSet::new();
    for writer in 0..64_usize {
        let (store, ids) = (Arc::clone(&store), ids.clone());
        writers.spawn(async move { write_and_take_back(&*store, writer, &ids).await });
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
    // Two that hide and restore in turns may leave it hidden.
    store.restore(Post::Restaurant(ids[1]), &moderator()).await.unwrap();
    for id in &ids {
        assert_recount(&*store, *id).await;
    }
    assert_eq!(total(&*store, None).await, 4);
    assert_eq!(found(&*store, "blue").await.len(), 4);
    // Nothing is lost: what is hidden comes back.
    for author in ["0", "1"] {
        let author = author.to_owned();
        restore(&*store, &Retraction { author, since: None, client: None }).await;
    }
    let mut shown = 0;
    for id in &ids {
        shown += assert_recount(&*store, *id).await;
    }
    let entries = record(&*store, 100).await;
    let count = |operation| {
        let of =
            entries.iter().filter(|it| it.operation == operation && it.target.review().is_some());
        i64::try_from(of.count()).unwrap()
    };
    let moved = count(AuditOperation::Hide) + count(AuditOperation::Retract);
    assert_eq!(shown, count(AuditOperation::CreateReview) - moved + count(AuditOperation::Restore));
}

/// Writes three reviews, and takes some posts back, as the number of the writer says.
async fn write_and_take_back(
    store: &(impl Repository + ?Sized),
    writer: usize,
    ids: &[RestaurantId],
) {
    let author = Author::agent(&format!("{}", writer % 4), None);
    let id = ids[writer % 3];
    for round in 0..3 {
        let stars = i64::try_from((writer + round) % 5 + 1).unwrap();
        let created = until_available!(
            store.create_review(id, review("Ann", stars, "Text"), &author, None),
            CreateError::Store(StoreError::Unavailable(_))
        );
        let Some(created) = created else { continue };
        let post = Post::Review(id, created.into_inner().id);
        if writer.is_multiple_of(3) {
            until_available!(store.hide(post, &moderator()));
        }
        if writer.is_multiple_of(6) {
            until_available!(store.restore(post, &moderator()));
        }
    }
    match writer {
        60 | 61 => {
            let author = (writer % 4).to_string();
            retract(store, &Retraction { author, since: None, client: None }).await;
        }
        62 | 63 => {
            let post = Post::Restaurant(ids[1]);
            until_available!(store.hide(post, &moderator()));
            until_available!(store.restore(post, &moderator()));
        }
        _ => {}
    }
}

/// All restaurants by their ids, each with its reviews, and with sums that equal a recount.
async fn everything(store: &(impl Repository + ?Sized)) -> Vec<(Restaurant, Vec<Review>)> {
    let mut all = Vec::new();
    for restaurant in list_all(store, RestaurantSort::Newest, 100).await.into_iter().rev() {
        assert_recount(store, restaurant.id).await;
        let reviews = reviews_of(store, restaurant.id, 100).await;
        all.push((restaurant, reviews));
    }
    all
}

async fn new_restaurant(
    store: &(impl Repository + ?Sized),
    name: &str,
    author: &Author,
) -> Restaurant {
    let new = NewRestaurant::draft().name(name).street_address("1 Quay").description("Text");
    store.create_restaurant(new.parse().unwrap(), author, None).await.unwrap().into_inner()
}

async fn new_review(store: &(impl Repository + ?Sized), id: RestaurantId, author: &Author) -> Post {
    let created = store.create_review(id, review("Ann", 4, "Text"), author, None).await;
    Post::Review(id, created.unwrap().unwrap().into_inner().id)
}

async fn retract(store: &(impl Repository + ?Sized), what: &Retraction) -> RetractionCount {
    let mut count = RetractionCount::default();
    loop {
        let batch = until_available!(store.retract(what, &moderator()));
        if batch.is_empty() {
            return count;
        }
        count += batch;
    }
}

async fn restore(store: &(impl Repository + ?Sized), what: &Retraction) -> RetractionCount {
    let mut count = RetractionCount::default();
    loop {
        let batch = until_available!(store.restore_retracted(what, &moderator()));
        if batch.is_empty() {
            return count;
        }
        count += batch;
    }
}
