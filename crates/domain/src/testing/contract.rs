//! The suite that every store must pass: each function is one rule, given an empty store.
//!
//! [`repository_contract!`](crate::repository_contract) makes a test of each; [`import_contract!`](crate::import_contract) of
//! those that are about imports.

// tidy: long, because it is one list of rules, read from top to bottom

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by a panic")]

mod activity;
mod attribution;
mod broad_search;
mod budget;
mod idempotency;
mod ratings;
mod search;
mod snapshots;
mod taking_back;

use std::{
    collections::HashSet,
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{TimeDelta, TimeZone, Utc};
use tokio::task::JoinSet;

pub use self::activity::each_write_leaves_one_entry_in_the_record;
pub use self::attribution::the_attribution_of_a_post_is_kept;
pub use self::broad_search::a_broad_search_is_counted_up_to_a_bound;
pub use self::budget::{
    a_budget_frees_when_its_period_ends, a_budget_is_exact_among_concurrent_writers,
    a_review_that_is_refused_fails_alone, what_writes_nothing_is_not_counted,
};
pub use self::idempotency::{
    a_create_that_was_none_leaves_its_key_free, a_key_belongs_to_its_caller,
    a_key_is_free_again_after_a_day, a_repeated_create_gives_the_first_result_again,
    of_many_creates_with_one_key_one_writes, other_content_under_a_key_is_refused,
    who_went_away_may_repeat_its_create,
};
pub use self::ratings::reviews_are_counted_and_found_by_stars_and_authors;
pub use self::search::{
    names_sort_beside_their_base_letters, search_ignores_accents_and_compatible_forms,
    search_ignores_what_nobody_sees, search_knows_no_case, search_matches_every_word_in_any_order,
    search_pages_join_up, search_takes_every_character_as_itself,
};
pub use self::snapshots::{
    a_kept_answer_has_every_acknowledged_write, each_write_changes_the_snapshot,
};
pub use self::taking_back::{
    a_retraction_is_limited_to_a_time_and_a_client, a_retraction_takes_back_what_one_author_wrote,
    an_author_deletes_its_own_within_a_time, sums_equal_a_recount_while_posts_are_taken_back,
    what_is_hidden_is_gone_and_comes_back,
};
use super::in_memory::is_after;
use crate::{
    Author, AuthorKind, Clock, Import, ImportRestaurant, ImportReview, NewRestaurant, NewReview,
    PageLimit, RatingCounts, RatingSummary, Repository, Restaurant, RestaurantCursor,
    RestaurantDetails, RestaurantDraft, RestaurantId, RestaurantQuery, RestaurantSort, Review,
    ReviewCursor, ReviewId, ReviewQuery, SearchText, SortKey, SystemClock, Total,
};

/// Makes a test of each rule. Takes the path of an `async fn(Arc<dyn Clock>) -> (Arc<S>, G)`, where `S` is an empty store (`dyn` or not) that goes by this clock, and `G` whatever must live as long as it.
#[macro_export]
macro_rules! repository_contract {
    ($store:path) => {
        $crate::repository_contract! { @tests $store:
            a_restaurant_reads_back_as_it_was_written
            a_review_reads_back_as_it_was_written
            every_kind_of_author_is_kept
            the_attribution_of_a_post_is_kept
            the_longest_texts_fit
            what_people_write_is_kept_unchanged
            what_is_unknown_is_none_and_writes_nothing
            every_order_is_right_and_pages_join_up
            each_page_leads_back_to_the_one_before
            any_cursor_is_answered
            reviews_come_newest_first_and_pages_join_up
            reviews_are_counted_and_found_by_stars_and_authors
            search_takes_every_character_as_itself
            search_knows_no_case
            search_ignores_accents_and_compatible_forms
            search_matches_every_word_in_any_order
            search_ignores_what_nobody_sees
            names_sort_beside_their_base_letters
            search_pages_join_up
            sums_equal_a_recount_after_concurrent_writers
            callers_that_go_away_leave_nothing_half_written
            a_store_answers_a_ping
            a_kept_answer_has_every_acknowledged_write
            other_content_under_a_key_is_refused
            a_key_belongs_to_its_caller
            of_many_creates_with_one_key_one_writes
            a_create_that_was_none_leaves_its_key_free
            who_went_away_may_repeat_its_create
        }
        $crate::repository_contract! { @later $store:
            a_repeated_create_gives_the_first_result_again
            a_key_is_free_again_after_a_day
        }
    };
    (@tests $store:path: $($rule:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let (store, _guard) = $store(::std::sync::Arc::new($crate::SystemClock)).await;
                $crate::testing::contract::$rule(store).await;
            }
        )*
    };
    (@later $store:path: $($rule:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let clock = ::std::sync::Arc::new($crate::testing::ManualClock::default());
                let (store, _guard) = $store(clock.clone()).await;
                $crate::testing::contract::$rule(store, &clock).await;
            }
        )*
    };
}

/// Makes a test of each rule for stores that are an [`Import`] too. Takes what [`repository_contract!`](crate::repository_contract) takes.
#[macro_export]
macro_rules! import_contract {
    ($store:path) => {
        $crate::repository_contract! { @tests $store:
            an_import_is_kept_whole
            an_import_whose_caller_goes_away_is_whole_or_not_there
            of_many_imports_into_an_empty_store_one_wins
            a_broad_search_is_counted_up_to_a_bound
        }
    };
}

/// Makes a test of each rule for stores that keep budgets and the activity record, and take posts back. Takes what
/// [`repository_contract!`](crate::repository_contract) takes.
#[macro_export]
macro_rules! accountability_contract {
    ($store:path) => {
        $crate::repository_contract! { @tests $store:
            each_write_leaves_one_entry_in_the_record
            a_budget_is_exact_among_concurrent_writers
            a_review_that_is_refused_fails_alone
            what_writes_nothing_is_not_counted
            what_is_hidden_is_gone_and_comes_back
            a_retraction_takes_back_what_one_author_wrote
            sums_equal_a_recount_while_posts_are_taken_back
            each_write_changes_the_snapshot
        }
        $crate::repository_contract! { @later $store:
            a_budget_frees_when_its_period_ends
            an_author_deletes_its_own_within_a_time
            a_retraction_is_limited_to_a_time_and_a_client
        }
    };
}

/// Reading a restaurant gives what creating it gave.
pub async fn a_restaurant_reads_back_as_it_was_written(store: Arc<impl Repository + ?Sized>) {
    let before = SystemClock.now();
    let author = Author::person("0000-1", Some("Ann Ödman"));
    // Every field, those of a later version included.
    let draft = RestaurantDraft::from_fields(|field| Ok::<_, Infallible>(format!("{field} 🐟")));
    let Ok(draft) = draft;
    let new = draft
        .name("L'Étoile \"%_\\")
        .street_address("1 O'Hara St; --")
        .description("Fish\n& <b>chips</b> 🐟")
        .parse()
        .unwrap();
    let created = store.create_restaurant(new.clone(), &author, None).await.unwrap().into_inner();
    assert_eq!(created, new.created(created.id, created.created_at, author));
    assert!((before..=SystemClock.now()).contains(&created.created_at), "{created:?}");

    let read = details(&*store, created.id).await;
    assert_eq!(read.restaurant, created);
    assert_eq!(read.reviews, []);
    assert_eq!(read.next, None);
    assert_eq!(list_all(&*store, RestaurantSort::Name, 100).await, [created]);
}

/// Reading a review gives what creating it gave, and its restaurant counts it.
pub async fn a_review_reads_back_as_it_was_written(store: Arc<impl Repository + ?Sized>) {
    let restaurant = add_restaurant(&*store, "Blue Door").await;
    let before = SystemClock.now();
    let author = Author::agent("app-7", Some("Foundry agent"));
    let new = review("Ann", 4, "Line one\nline two 'quoted' \u{1F600}");
    let created = store.create_review(restaurant.id, new.clone(), &author, None).await;
    let created = created.unwrap().unwrap().into_inner();
    assert_eq!(created.restaurant_id, restaurant.id);
    assert_eq!(
        (&created.user_name, created.rating, &created.text),
        (&new.user_name, new.rating, &new.text)
    );
    assert_eq!(created.created_by, author);
    assert!((before..=SystemClock.now()).contains(&created.created_at), "{created:?}");

    let read = details(&*store, restaurant.id).await;
    assert_eq!(read.reviews, [created]);
    assert_eq!(read.restaurant.rating, RatingSummary { sum: 4, count: 1 });
}

/// Who wrote something is kept with it, whatever kind of caller it was.
pub async fn every_kind_of_author_is_kept(store: Arc<impl Repository + ?Sized>) {
    let authors = [
        Author::anonymous(),
        Author::system(),
        Author::person("oid", None),
        Author::agent("client", Some("Name")),
    ];
    for author in &authors {
        let new = NewRestaurant::draft()
            .name("Name")
            .street_address("Street")
            .description("Text")
            .parse()
            .unwrap();
        let restaurant = store.create_restaurant(new, author, None).await.unwrap().into_inner();
        store
            .create_review(restaurant.id, review("Ann", 3, "Text"), author, None)
            .await
            .unwrap()
            .unwrap();
        let read = details(&*store, restaurant.id).await;
        assert_eq!(&read.restaurant.created_by, author);
        assert_eq!(&read.reviews[0].created_by, author);
    }
    assert_eq!(authors[1].kind(), AuthorKind::System);
}

/// The limits count characters, not bytes: texts of the greatest length in the widest characters are kept whole.
pub async fn the_longest_texts_fit(store: Arc<impl Repository + ?Sized>) {
    let wide = |count| "🍜".repeat(count);
    // No letter's key is longer than that of the last.
    for letter in ["🍜", "İ", "\u{FDFA}"] {
        let new = NewRestaurant::draft()
            .name(letter.repeat(50))
            .street_address(wide(50))
            .description(wide(250))
            .parse()
            .unwrap();
        let author = Author::person(&wide(100), Some(&wide(100)));
        let restaurant = store.create_restaurant(new, &author, None).await.unwrap().into_inner();
        let new = review(&wide(50), 5, &wide(500));
        store.create_review(restaurant.id, new.clone(), &author, None).await.unwrap().unwrap();
        let read = details(&*store, restaurant.id).await;
        assert_eq!(read.restaurant.name.as_str(), letter.repeat(50));
        assert_eq!(read.reviews[0].text, new.text);
    }
    assert_eq!(list_all(&*store, RestaurantSort::Name, 1).await.len(), 3);
}

/// Flags, families, joiners and isolates are kept as they are.
pub async fn what_people_write_is_kept_unchanged(store: Arc<impl Repository + ?Sized>) {
    for (name, text) in [
        (
            "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F} pub",
            "🏴\u{200D}☠\u{FE0F}\n🇩🇪 1\u{FE0F}\u{20E3}",
        ),
        ("👩🏽\u{200D}🍳 👨\u{200D}👩\u{200D}👧", "\u{2068}name\u{2069}, שלום\u{200F}!"),
        ("کتاب\u{200C}خانه", "می\u{200C}خواهم ه\u{200D}."),
        ("क्\u{200D}ष ශ්\u{200D}රී", "葛\u{E0100}城 、\u{FE01}"),
    ] {
        let new = NewRestaurant::draft()
            .name(name)
            .street_address(name)
            .description(text)
            .parse()
            .unwrap();
        let author = Author::anonymous();
        let id = store.create_restaurant(new, &author, None).await.unwrap().into_inner().id;
        add_review(&*store, id, review(name, 5, text)).await;
        let read = details(&*store, id).await;
        assert_eq!(read.restaurant.name.as_str(), name);
        assert_eq!(read.restaurant.street_address.as_str(), name);
        assert_eq!(read.restaurant.description.as_str(), text);
        assert_eq!(read.reviews[0].user_name.as_str(), name);
        assert_eq!(read.reviews[0].text.as_str(), text);
    }
}

/// An unknown restaurant is `None`, and no review of it is kept.
pub async fn what_is_unknown_is_none_and_writes_nothing(store: Arc<impl Repository + ?Sized>) {
    let known = add_restaurant(&*store, "Blue Door").await;
    for id in [i64::MIN, -1, 0, known.id.0 + 1, i64::MAX].map(RestaurantId) {
        assert_eq!(store.restaurant_details(id, ReviewQuery::default()).await.unwrap(), None);
        let new = review("Ann", 1, "Text");
        let created = store.create_review(id, new, &Author::anonymous(), None).await;
        assert_eq!(created.unwrap(), None, "{id}");
    }
    assert_eq!(details(&*store, known.id).await.restaurant.rating.count, 0);
    assert_eq!(total(&*store, None).await, 1);
}

/// Each order is what it says, and pages of any size join to the whole list: nothing twice, nothing left out.
pub async fn every_order_is_right_and_pages_join_up(store: Arc<impl Repository + ?Sized>) {
    fill(&*store).await;
    for sort in RestaurantSort::ALL {
        let all = list_all(&*store, sort, 100).await;
        assert_eq!(all.len(), 30);
        assert!(all.is_sorted_by(|a, b| in_order(sort, a, b)), "{sort}: {all:#?}");
        for limit in [1, 7, 29, 30] {
            assert_eq!(list_all(&*store, sort, limit).await, all, "{sort} by {limit}");
        }
    }
    assert_eq!(total(&*store, None).await, 30);
}

/// The page that ends before a page is the one that the reader came from, in every order, in a search too.
pub async fn each_page_leads_back_to_the_one_before(store: Arc<impl Repository + ?Sized>) {
    fill(&*store).await;
    let limit = PageLimit::new(7).unwrap();
    for sort in RestaurantSort::ALL {
        for search in ["", "street"] {
            let search = SearchText::parse(search).unwrap();
            let read = async |query: Result<RestaurantQuery, _>| {
                store.list_restaurants(&query.unwrap()).await.unwrap()
            };
            let first = read(RestaurantQuery::new(search.clone(), sort, limit, None)).await;
            assert_eq!(first.previous, None);
            let mut pages = vec![first];
            while let Some(next) = pages[pages.len() - 1].next.clone() {
                pages.push(
                    read(RestaurantQuery::new(search.clone(), sort, limit, Some(next))).await,
                );
            }
            assert!(pages.len() > 2, "{sort}");
            for (page, before) in pages[1..].iter().zip(&pages).rev() {
                let previous = page.previous.clone().unwrap();
                let query = RestaurantQuery::ending_before(search.clone(), sort, limit, previous);
                let back = read(query).await;
                assert_eq!(back.restaurants, before.restaurants, "{sort}");
                assert_eq!((&back.next, back.total), (&before.next, before.total), "{sort}");
                assert_eq!(back.previous, before.previous, "{sort}");
            }
        }
    }
}

/// A cursor may point anywhere, even where no restaurant ever was.
pub async fn any_cursor_is_answered(store: Arc<impl Repository + ?Sized>) {
    fill(&*store).await;
    for id in [i64::MIN, -1, 0, i64::MAX].map(RestaurantId) {
        let keys = [i64::MIN, 0, i64::MAX]
            .into_iter()
            .flat_map(|key| [SortKey::Rating(key), SortKey::Reviews(key)]);
        let names = ["", "zzz", "\u{10FFFF}", "%", "'"].map(|name| SortKey::Name(name.into()));
        for key in keys.chain(names).chain([SortKey::Newest]) {
            let after = RestaurantCursor { key, id };
            let sort = after.sort();
            let query =
                RestaurantQuery::new(None, sort, PageLimit::default(), Some(after)).unwrap();
            let page = store.list_restaurants(&query).await.unwrap();
            let mut expected = list_all(&*store, sort, 100).await;
            expected.retain(|restaurant| is_after(restaurant, query.after().unwrap()));
            expected.truncate(usize::from(query.limit().get()));
            assert_eq!(page.restaurants, expected, "after {:?}", query.after());
            assert_eq!(
                page.total,
                Total::Exactly(30),
                "of the whole list, not of what follows {:?}",
                query.after()
            );
        }
        let reviews =
            ReviewQuery { after: Some(ReviewCursor(ReviewId(id.0))), ..ReviewQuery::default() };
        store.restaurant_details(RestaurantId(1), reviews).await.unwrap();
    }
}

/// Reviews come newest first, page by page, and only those of the restaurant asked for.
pub async fn reviews_come_newest_first_and_pages_join_up(store: Arc<impl Repository + ?Sized>) {
    let (one, other) =
        (add_restaurant(&*store, "One").await, add_restaurant(&*store, "Other").await);
    let mut written = Vec::new();
    for number in 0..11 {
        let new = review("Ann", 1 + number % 5, &format!("Number {number}"));
        written.push(add_review(&*store, one.id, new).await);
        let new = review("Bob", 1, "Elsewhere");
        add_review(&*store, other.id, new).await;
    }
    written.reverse();
    for limit in [1, 4, 10, 11, 12] {
        assert_eq!(reviews_of(&*store, one.id, limit).await, written, "by {limit}");
    }
    assert_eq!(reviews_of(&*store, other.id, 5).await.len(), 11);
}

/// The kept sums equal a recount after 64 writers at once, on one restaurant and on many.
pub async fn sums_equal_a_recount_after_concurrent_writers(store: Arc<impl Repository + ?Sized>) {
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(add_restaurant(&*store, &format!("Number {number}")).await.id);
    }
    let mut writers = JoinSet::new();
    for writer in 0..64 {
        let (store, ids) = (Arc::clone(&store), ids.clone());
        writers.spawn(async move {
            for round in 0..4 {
                // Half of all reviews go to the first restaurant.
                let id = if writer % 2 == 0 { ids[0] } else { ids[round % ids.len()] };
                let stars = i64::try_from((writer + round) % 5 + 1).unwrap();
                let new = review("Ann", stars, "Text");
                add_review(&*store, id, new).await;
            }
            let new = NewRestaurant::draft()
                .name("New")
                .street_address("Street")
                .description("Text")
                .parse()
                .unwrap();
            store.create_restaurant(new, &Author::anonymous(), None).await.unwrap();
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
    let mut count = 0;
    for id in ids {
        count += assert_recount(&*store, id).await;
    }
    assert_eq!(count, 64 * 4);
    assert_eq!(total(&*store, None).await, 4 + 64);
    assert_eq!(list_all(&*store, RestaurantSort::Newest, 50).await.len(), 4 + 64);
}

/// A caller may go away at any moment: its write happens whole or not at all, and the store goes on.
pub async fn callers_that_go_away_leave_nothing_half_written(store: Arc<impl Repository + ?Sized>) {
    let id = add_restaurant(&*store, "Blue Door").await.id;
    for round in 0..60_u32 {
        // Whoever is asked next has a connection at hand: what is cut short is the write, not the way to it.
        store.ping().await.unwrap();
        let write = tokio::spawn({
            let store = Arc::clone(&store);
            async move {
                let author = Author::anonymous();
                if round % 2 == 0 {
                    store.create_review(id, review("Ann", 5, "Text"), &author, None).await.map(drop)
                } else {
                    let new = NewRestaurant::draft()
                        .name("Blue Window")
                        .street_address("1 Main Street")
                        .description("Text")
                        .parse()
                        .unwrap();
                    store.create_restaurant(new, &author, None).await.map(drop)
                }
            }
        });
        // From at once to some milliseconds: some go before they wrote, some in the middle, some after.
        let start = Instant::now();
        while start.elapsed() < round * Duration::from_micros(50) {
            tokio::task::yield_now().await;
        }
        write.abort();
        if let Ok(written) = write.await {
            written.unwrap();
        }
    }
    add_review(&*store, id, review("Bob", 1, "Last")).await;
    assert_recount(&*store, id).await;
    assert_one_count(&*store).await;
}

/// An import keeps everything: dates, order, sums, authors.
pub async fn an_import_is_kept_whole(store: Arc<impl Repository + Import + ?Sized>) {
    assert!(store.import(sample(25), false).await.unwrap());
    assert!(store.import(vec![], false).await.unwrap());
    let all = list_all(&*store, RestaurantSort::Newest, 100).await;
    assert_eq!(all.len(), 25);
    for (restaurant, expected) in all.iter().rev().zip(sample(25)) {
        assert_eq!(restaurant.name, expected.restaurant.name);
        assert_eq!(restaurant.created_at, expected.created_at);
        assert_eq!(restaurant.created_by, Author::system());
        assert_recount(&*store, restaurant.id).await;
        let mut reviews = reviews_of(&*store, restaurant.id, 100).await;
        reviews.reverse();
        let reviews: Vec<_> = reviews.iter().map(|r| (r.text.clone(), r.created_at)).collect();
        let expected: Vec<_> =
            expected.reviews.iter().map(|r| (r.review.text.clone(), r.created_at)).collect();
        assert_eq!(reviews, expected);
    }
    assert_eq!(search(&*store, "imported 24", RestaurantSort::Name, 5).await, ["Imported 24"]);
    let later = add_restaurant(&*store, "Later").await;
    assert!(all.iter().all(|restaurant| restaurant.id < later.id));
}

/// An import that is cut short leaves all of its restaurants or none.
pub async fn an_import_whose_caller_goes_away_is_whole_or_not_there(
    store: Arc<impl Repository + Import + ?Sized>,
) {
    for round in 0..30_u32 {
        store.ping().await.unwrap();
        let import = tokio::spawn({
            let store = Arc::clone(&store);
            async move { store.import(sample(20), false).await }
        });
        let start = Instant::now();
        while start.elapsed() < round * Duration::from_micros(100) {
            tokio::task::yield_now().await;
        }
        import.abort();
        if let Ok(imported) = import.await {
            imported.unwrap();
        }
    }
    // Waits for what a store that goes on without its caller still does.
    store.import(sample(20), false).await.unwrap();
    assert_eq!(total(&*store, None).await % 20, 0);
}

/// Of several imports that want an empty store, one happens.
pub async fn of_many_imports_into_an_empty_store_one_wins(
    store: Arc<impl Repository + Import + ?Sized>,
) {
    let mut imports = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        imports.spawn(async move { store.import(sample(10), true).await.unwrap() });
    }
    let winners = imports.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(winners, 1);
    assert_eq!(total(&*store, None).await, 10);
    assert!(!store.import(sample(1), true).await.unwrap());
}

/// A store that works says so.
pub async fn a_store_answers_a_ping(store: Arc<impl Repository + ?Sized>) {
    store.ping().await.unwrap();
}

/// Thirty restaurants with equal names, equal averages, equal counts, and some that stand alone.
async fn fill(store: &(impl Repository + ?Sized)) {
    let names = [
        "apple",
        "Apple",
        "Ápple",
        "Zebra",
        "zebra crossing",
        "éclair",
        "Common 1",
        "common 10",
        "10",
        "🍜",
    ];
    for round in 0..3_usize {
        for (index, name) in names.iter().enumerate() {
            let restaurant = add_restaurant(store, name).await;
            for number in 0..(index + round) % 4 {
                let stars = i64::try_from((index + number) % 5 + 1).unwrap();
                add_review(store, restaurant.id, review("Ann", stars, "Text")).await;
            }
        }
    }
}

fn in_order(sort: RestaurantSort, a: &Restaurant, b: &Restaurant) -> bool {
    let by_id = a.id < b.id;
    match sort {
        RestaurantSort::Name => (a.name.sort_key(), a.id) < (b.name.sort_key(), b.id),
        RestaurantSort::Rating => match (a.rating.average(), b.rating.average()) {
            (Some(first), Some(second)) => {
                first > second || ((first - second).abs() < 1e-9 && by_id)
            }
            (None, None) => by_id,
            (first, _) => first.is_some(),
        },
        RestaurantSort::Reviews => {
            a.rating.count > b.rating.count || (a.rating.count == b.rating.count && by_id)
        }
        RestaurantSort::Newest => a.id > b.id && a.created_at >= b.created_at,
    }
}

fn sample(count: i64) -> Vec<ImportRestaurant> {
    let start =
        Utc.with_ymd_and_hms(2026, 1, 1, 12, 0, 0).unwrap() + TimeDelta::microseconds(123_456);
    let import = |number: i64| ImportRestaurant {
        restaurant: NewRestaurant::draft()
            .name(format!("Imported {number}"))
            .street_address("Street")
            .description("Text")
            .parse()
            .unwrap(),
        created_at: start + TimeDelta::days(number),
        reviews: (0..number % 5)
            .map(|index| ImportReview {
                review: review("Ann", 1 + (number + index) % 5, &format!("{number}.{index}")),
                created_at: start + TimeDelta::days(number) + TimeDelta::hours(index),
            })
            .collect(),
    };
    (0..count).map(import).collect()
}

fn review(user_name: &str, stars: i64, text: &str) -> NewReview {
    NewReview::draft().user_name(user_name).rating(stars).text(text).parse().unwrap()
}

async fn add_restaurant(store: &(impl Repository + ?Sized), name: &str) -> Restaurant {
    let new = NewRestaurant::draft()
        .name(name)
        .street_address("1 Main Street")
        .description("A place to eat")
        .parse()
        .unwrap();
    store.create_restaurant(new, &Author::anonymous(), None).await.unwrap().into_inner()
}

async fn add_review(
    store: &(impl Repository + ?Sized),
    id: RestaurantId,
    new: NewReview,
) -> Review {
    store.create_review(id, new, &Author::anonymous(), None).await.unwrap().unwrap().into_inner()
}

async fn details(store: &(impl Repository + ?Sized), id: RestaurantId) -> RestaurantDetails {
    store.restaurant_details(id, ReviewQuery::default()).await.unwrap().unwrap()
}

async fn total(store: &(impl Repository + ?Sized), search: Option<&str>) -> i64 {
    let search = search.and_then(|text| SearchText::parse(text).unwrap());
    let query =
        RestaurantQuery::new(search, RestaurantSort::Name, PageLimit::new(1).unwrap(), None)
            .unwrap();
    store.list_restaurants(&query).await.unwrap().total.get()
}

async fn list_all(
    store: &(impl Repository + ?Sized),
    sort: RestaurantSort,
    limit: i64,
) -> Vec<Restaurant> {
    pages(store, None, sort, limit).await
}

async fn search(
    store: &(impl Repository + ?Sized),
    text: &str,
    sort: RestaurantSort,
    limit: i64,
) -> Vec<String> {
    let found = pages(store, SearchText::parse(text).unwrap(), sort, limit).await;
    found.into_iter().map(|restaurant| restaurant.name.to_string()).collect()
}

async fn found(store: &(impl Repository + ?Sized), text: &str) -> Vec<String> {
    search(store, text, RestaurantSort::Name, 100).await
}

/// Follows the cursors, in their text form, to the end.
async fn pages(
    store: &(impl Repository + ?Sized),
    search: Option<SearchText>,
    sort: RestaurantSort,
    limit: i64,
) -> Vec<Restaurant> {
    let (mut all, mut after, mut seen) = (Vec::new(), None, HashSet::new());
    loop {
        let limit = PageLimit::new(limit).unwrap();
        let query = RestaurantQuery::new(search.clone(), sort, limit, after).unwrap();
        let page = store.list_restaurants(&query).await.unwrap();
        assert!(page.restaurants.len() <= usize::from(limit.get()));
        all.extend(page.restaurants);
        let Some(next) = page.next else { return all };
        assert!(seen.insert(next.to_string()), "the cursor {next:?} came twice");
        after = Some(next.to_string().parse().unwrap());
    }
}

async fn reviews_of(
    store: &(impl Repository + ?Sized),
    id: RestaurantId,
    limit: i64,
) -> Vec<Review> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let limit = PageLimit::new(limit).unwrap();
        let query = ReviewQuery { limit, after, ..ReviewQuery::default() };
        let page = store.restaurant_details(id, query).await.unwrap().unwrap();
        all.extend(page.reviews);
        let Some(next) = page.next else { return all };
        after = Some(next.to_string().parse().unwrap());
    }
}

/// Counts a restaurant's reviews one by one and compares; gives the count.
///
/// Looks again when a write came in between.
async fn assert_recount(store: &(impl Repository + ?Sized), id: RestaurantId) -> i64 {
    loop {
        let kept = |details: RestaurantDetails| (details.restaurant.rating, details.ratings);
        let before = kept(details(store, id).await);
        let (mut recount, mut counts) = (RatingSummary::default(), RatingCounts::default());
        for review in reviews_of(store, id, 100).await {
            recount.add(review.rating);
            counts.add(review.rating, review.created_by.kind());
        }
        if kept(details(store, id).await) == before {
            assert_eq!(before, (recount, counts));
            return recount.count;
        }
    }
}

/// Counts all restaurants in the three ways that there are, where all of them are called "Blue …".
///
/// Looks again when a write came in between.
async fn assert_one_count(store: &(impl Repository + ?Sized)) {
    loop {
        let before = total(store, None).await;
        let listed = list_all(store, RestaurantSort::Name, 100).await.len();
        let found = total(store, Some("blue")).await;
        if total(store, None).await == before {
            assert_eq!((i64::try_from(listed).unwrap(), found), (before, before));
            return;
        }
    }
}
