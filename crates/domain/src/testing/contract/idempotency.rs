//! What every store must do with an idempotency key.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use tokio::task::JoinSet;

use super::{add_restaurant, assert_recount, details, review, total};
use crate::{
    Author, CreateError, Created, IdempotencyKey, NewRestaurant, NewReview, RatingSummary,
    Repository, Restaurant, RestaurantId, Review, testing::ManualClock,
};

/// A create that is repeated with its key gives the first result again, as it was, and writes nothing.
pub async fn a_repeated_create_gives_the_first_result_again(
    store: Arc<impl Repository + ?Sized>,
    clock: &ManualClock,
) {
    let first_name = Author::person("id", Some("Ann"));
    let restaurant = new(&*store, blue_door(), &first_name, "k").await;
    let first = new_review(&*store, restaurant.id, four_stars(), &first_name, "r").await;
    clock.advance(TimeDelta::hours(1));
    // What they are called may change; who they are does not.
    let author = Author::person("id", Some("Ann Ödman"));
    for _ in 0..2 {
        let again = store.create_restaurant(blue_door(), &author, Some(&key(" k "))).await;
        assert_eq!(again.unwrap(), Created::Replayed(restaurant.clone()));
        let again =
            store.create_review(restaurant.id, four_stars(), &author, Some(&key("r"))).await;
        assert_eq!(again.unwrap(), Some(Created::Replayed(first.clone())));
    }
    assert_eq!(assert_recount(&*store, restaurant.id).await, 1);
    assert_eq!(total(&*store, None).await, 1);

    // Without a key, or with another, the same content is something new.
    let second = store.create_restaurant(blue_door(), &author, None).await.unwrap();
    assert!(matches!(&second, Created::New(second) if second.id > restaurant.id), "{second:?}");
    for other in ["K", "k2", "k%", "ķ", "🔑"] {
        new(&*store, blue_door(), &author, other).await;
    }
    assert_eq!(total(&*store, None).await, 7);
}

/// A key that was used for other content is refused, and nothing is written.
pub async fn other_content_under_a_key_is_refused(store: Arc<impl Repository + ?Sized>) {
    let (store, author) = (&*store, Author::anonymous());
    let restaurant = new(store, blue_door(), &author, "restaurant").await;
    let other = add_restaurant(store, "Other").await;
    new_review(store, restaurant.id, four_stars(), &author, "review").await;
    for (name, street_address, description) in [
        ("Blue Doors", "1 Harbour Road", "Fish"),
        ("Blue Door", "2 Harbour Road", "Fish"),
        ("Blue Door", "1 Harbour Road", "fish"),
    ] {
        let new = NewRestaurant::draft()
            .name(name)
            .street_address(street_address)
            .description(description)
            .parse()
            .unwrap();
        assert_reused(&store.create_restaurant(new, &author, Some(&key("restaurant"))).await);
    }
    for (id, user_name, stars, text) in [
        (other.id, "Ann", 4, "Good"),
        (RestaurantId(other.id.0 + 1), "Ann", 4, "Good"),
        (restaurant.id, "Anne", 4, "Good"),
        (restaurant.id, "Ann", 5, "Good"),
        (restaurant.id, "Ann", 4, "Good!"),
    ] {
        let new = NewReview::draft().user_name(user_name).rating(stars).text(text).parse().unwrap();
        assert_reused(&store.create_review(id, new, &author, Some(&key("review"))).await);
    }
    // Nor may it be used for the other kind of create.
    assert_reused(&store.create_restaurant(blue_door(), &author, Some(&key("review"))).await);
    let (key, review) = (key("restaurant"), four_stars());
    assert_reused(&store.create_review(restaurant.id, review, &author, Some(&key)).await);
    assert_eq!(total(store, None).await, 2);
    assert_eq!(assert_recount(store, restaurant.id).await, 1);
    assert_eq!(assert_recount(store, other.id).await, 0);
}

/// The same key in the hands of two callers is two keys.
pub async fn a_key_belongs_to_its_caller(store: Arc<impl Repository + ?Sized>) {
    let callers = [
        Author::anonymous(),
        Author::system(),
        Author::person("1", None),
        Author::agent("1", None),
        Author::person("2", None),
        Author::agent(&"🍜".repeat(Author::MAX_CHARS), None),
    ];
    let long = "🔑".repeat(IdempotencyKey::MAX_CHARS);
    let mut ids = Vec::new();
    for caller in &callers {
        ids.push(new(&*store, blue_door(), caller, &long).await.id);
    }
    for (caller, id) in callers.iter().zip(ids) {
        let again = store.create_restaurant(blue_door(), caller, Some(&key(&long))).await.unwrap();
        assert!(matches!(&again, Created::Replayed(first) if first.id == id), "{again:?}");
    }
    assert_eq!(total(&*store, None).await, 6);
}

/// A day after its first create a key is free again, for any content; not a moment sooner.
pub async fn a_key_is_free_again_after_a_day(
    store: Arc<impl Repository + ?Sized>,
    clock: &ManualClock,
) {
    let author = Author::agent("id", None);
    let id = add_restaurant(&*store, "Reviewed").await.id;
    // More than a store may forget at once, or in a few tries.
    for number in 0..310 {
        new_review(&*store, id, four_stars(), &author, &format!("key {number}")).await;
    }
    clock.advance(IdempotencyKey::LIFETIME - TimeDelta::microseconds(1));
    for number in [0, 309] {
        let key = key(&format!("key {number}"));
        let again = store.create_review(id, four_stars(), &author, Some(&key)).await.unwrap();
        assert!(matches!(again, Some(Created::Replayed(_))), "{again:?}");
    }
    clock.advance(TimeDelta::microseconds(1));
    for number in [309, 0, 120] {
        let name = format!("key {number}");
        let restaurant = new(&*store, blue_door(), &author, &name).await;
        let again = store.create_restaurant(blue_door(), &author, Some(&key(&name))).await;
        assert_eq!(again.unwrap(), Created::Replayed(restaurant));
    }
    assert_eq!(total(&*store, None).await, 4);
    assert_eq!(assert_recount(&*store, id).await, 310);
}

/// Of many creates at once with one key one writes, and all get the same answer.
pub async fn of_many_creates_with_one_key_one_writes(store: Arc<impl Repository + ?Sized>) {
    let id = add_restaurant(&*store, "Reviewed").await.id;
    // The first round finds a store that is not warm yet: its creates may come one after the other.
    for round in 0..4 {
        let (mut restaurants, mut reviews) = (JoinSet::new(), JoinSet::new());
        for _ in 0..32 {
            let (one, other) = (Arc::clone(&store), Arc::clone(&store));
            restaurants.spawn(async move {
                let (author, key) = (Author::anonymous(), key(&format!("restaurant {round}")));
                one.create_restaurant(blue_door(), &author, Some(&key)).await.unwrap()
            });
            reviews.spawn(async move {
                let (author, key) = (Author::anonymous(), key(&format!("review {round}")));
                other.create_review(id, four_stars(), &author, Some(&key)).await.unwrap().unwrap()
            });
        }
        one_is_new(restaurants.join_all().await);
        one_is_new(reviews.join_all().await);
    }
    assert_eq!(total(&*store, None).await, 1 + 4);
    assert_eq!(assert_recount(&*store, id).await, 4);
}

/// A review of a restaurant that is not there leaves its key free.
pub async fn a_create_that_was_none_leaves_its_key_free(store: Arc<impl Repository + ?Sized>) {
    let (author, key) = (Author::anonymous(), key("k"));
    let id = add_restaurant(&*store, "Blue Door").await.id;
    let missing = RestaurantId(id.0 + 1);
    for _ in 0..2 {
        let none = store.create_review(missing, four_stars(), &author, Some(&key)).await;
        assert_eq!(none.unwrap(), None);
    }
    new_review(&*store, id, four_stars(), &author, "k").await;
}

/// A caller that went away repeats its create: whatever became of the first one, there is one in the end.
pub async fn who_went_away_may_repeat_its_create(store: Arc<impl Repository + ?Sized>) {
    let id = add_restaurant(&*store, "Reviewed").await.id;
    for round in 0..60_u32 {
        store.ping().await.unwrap();
        let create = {
            let store = Arc::clone(&store);
            move || async move {
                let (author, key) = (Author::anonymous(), key(&format!("key {round}")));
                if round % 2 == 0 {
                    let made = store.create_review(id, four_stars(), &author, Some(&key)).await;
                    made.unwrap().unwrap();
                } else {
                    store.create_restaurant(blue_door(), &author, Some(&key)).await.unwrap();
                }
            }
        };
        let write = tokio::spawn(create.clone()());
        let start = Instant::now();
        while start.elapsed() < round * Duration::from_micros(80) {
            tokio::task::yield_now().await;
        }
        write.abort();
        drop(write.await);
        create().await;
    }
    assert_eq!(assert_recount(&*store, id).await, 30);
    assert_eq!(total(&*store, None).await, 31);
    assert_eq!(details(&*store, id).await.restaurant.rating, RatingSummary { sum: 120, count: 30 });
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

fn blue_door() -> NewRestaurant {
    NewRestaurant::draft()
        .name("Blue Door")
        .street_address("1 Harbour Road")
        .description("Fish")
        .parse()
        .unwrap()
}

fn four_stars() -> NewReview {
    review("Ann", 4, "Good")
}

/// Adds a restaurant under a key that is free.
async fn new(
    store: &(impl Repository + ?Sized),
    restaurant: NewRestaurant,
    author: &Author,
    name: &str,
) -> Restaurant {
    let created = store.create_restaurant(restaurant, author, Some(&key(name))).await.unwrap();
    assert!(matches!(created, Created::New(_)), "{name}: {created:?}");
    created.into_inner()
}

/// Adds a review under a key that is free.
async fn new_review(
    store: &(impl Repository + ?Sized),
    id: RestaurantId,
    review: NewReview,
    author: &Author,
    name: &str,
) -> Review {
    let created = store.create_review(id, review, author, Some(&key(name))).await.unwrap().unwrap();
    assert!(matches!(created, Created::New(_)), "{name}: {created:?}");
    created.into_inner()
}

fn assert_reused<T: std::fmt::Debug>(result: &Result<T, CreateError>) {
    assert!(matches!(result, Err(CreateError::KeyReused)), "{result:?}");
}

fn one_is_new<T: std::fmt::Debug + PartialEq>(created: Vec<Created<T>>) {
    let new = created.iter().filter(|created| matches!(created, Created::New(_))).count();
    assert_eq!(new, 1, "{created:?}");
    let mut results = created.into_iter().map(Created::into_inner);
    let first = results.next().unwrap();
    assert!(results.all(|result| result == first));
}
