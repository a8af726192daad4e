//! Snapshots, and what is kept by them.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use chrono::TimeDelta;
use tokio::task::JoinSet;

use super::{add_restaurant, review};
use crate::{Author, Post, Repository, RestaurantId, Retraction, ReviewQuery, Snapshot};

/// Each write changes the snapshot, and a snapshot that has gone never comes back. A store may have none.
pub async fn each_write_changes_the_snapshot(store: Arc<impl Repository + ?Sized>) {
    let author = Author::person("ada", None);
    let mut seen = vec![snapshot(&*store).await];
    if seen == [None] {
        return;
    }
    let id = add_restaurant(&*store, "Blue Door").await.id;
    expect_new(&*store, &mut seen, "create_restaurant").await;
    let create = || store.create_review(id, review("Ann", 5, "Text"), &author, None);
    let first = create().await.unwrap().unwrap().into_inner();
    expect_new(&*store, &mut seen, "create_review").await;
    let post = Post::Review(id, first.id);
    assert!(store.hide(post, &author).await.unwrap());
    expect_new(&*store, &mut seen, "hide").await;
    assert!(store.restore(post, &author).await.unwrap());
    expect_new(&*store, &mut seen, "restore").await;
    store.delete_own(post, &author, TimeDelta::minutes(10)).await.unwrap();
    expect_new(&*store, &mut seen, "delete_own").await;
    create().await.unwrap().unwrap();
    expect_new(&*store, &mut seen, "create_review").await;
    let what = Retraction { author: "ada".to_owned(), since: None, client: None };
    assert_eq!(store.retract(&what, &author).await.unwrap().reviews, 1);
    expect_new(&*store, &mut seen, "retract").await;
    assert_eq!(store.restore_retracted(&what, &author).await.unwrap().reviews, 1);
    expect_new(&*store, &mut seen, "restore_retracted").await;
}

async fn snapshot(store: &(impl Repository + ?Sized)) -> Option<Snapshot> {
    store.snapshot().await.unwrap()
}

async fn expect_new(
    store: &(impl Repository + ?Sized),
    seen: &mut Vec<Option<Snapshot>>,
    write: &str,
) {
    let now = snapshot(store).await;
    assert!(now.is_some() && !seen.contains(&now), "{write}: {now:?} of {seen:?}");
    seen.push(now);
}

const WRITERS: i64 = 16;
const REVIEWS: i64 = 8;

/// A count of reviews, and the snapshot before it was read.
type KeptCount = Mutex<Option<(Snapshot, i64)>>;

/// An answer that is kept for its snapshot has every review that was acknowledged before it was asked for, also while others write.
pub async fn a_kept_answer_has_every_acknowledged_write(store: Arc<impl Repository + ?Sized>) {
    let id = add_restaurant(&*store, "Blue Door").await.id;
    let kept = Arc::new(KeptCount::default());
    let acknowledged = Arc::new(AtomicI64::new(0));
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let (store, kept, acknowledged) =
            (Arc::clone(&store), Arc::clone(&kept), Arc::clone(&acknowledged));
        writers.spawn(async move {
            for _ in 0..REVIEWS {
                let new = review("Ann", 5, "Text");
                store.create_review(id, new, &Author::anonymous(), None).await.unwrap().unwrap();
                acknowledged.fetch_add(1, Ordering::SeqCst);
                for _ in 0..2 {
                    let at_least = acknowledged.load(Ordering::SeqCst);
                    let count = count(&*store, id, &kept).await;
                    assert!(count >= at_least, "{count} of {at_least}");
                }
            }
        });
    }
    writers.join_all().await;
    assert_eq!(count(&*store, id, &kept).await, WRITERS * REVIEWS);
}

async fn count(store: &(impl Repository + ?Sized), id: RestaurantId, kept: &KeptCount) -> i64 {
    let snapshot = snapshot(store).await;
    let found = kept.lock().unwrap().clone();
    if let (Some(now), Some((of, count))) = (&snapshot, found)
        && *now == of
    {
        return count;
    }
    let details = store.restaurant_details(id, ReviewQuery::default()).await.unwrap().unwrap();
    let count = details.restaurant.rating.count;
    *kept.lock().unwrap() = snapshot.map(|snapshot| (snapshot, count));
    count
}
