//! Pages that are kept while nothing is written, for the reader who saw them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::Extension;
use restaurant_domain::{
    Actor, Author, Permissions,
    testing::{InMemoryStore, InterceptedStore},
};
use restaurant_web::{WebConfig, router};

use crate::{
    site::TestSite,
    stores::{recent, review, small},
};

/// The questions to a store for each page: whether something was written, and what there is.
const ASKED: usize = 1;
const READ: usize = 2;

/// One router over a store, for several readers.
struct Kept {
    router: axum::Router,
    questions: Arc<AtomicUsize>,
}

impl Kept {
    fn over(store: Arc<InMemoryStore>) -> Self {
        let questions = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&questions);
        let store = InterceptedStore::new(store, move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        });
        Self { router: router(Arc::new(store), WebConfig::default()).unwrap(), questions }
    }

    fn caller(&self, actor: Actor) -> TestSite {
        TestSite::of(self.router.clone().layer(Extension(actor)))
    }

    /// How many questions the page takes.
    async fn questions(&self, reader: &TestSite, address: &str) -> usize {
        let before = self.questions.load(Ordering::SeqCst);
        assert_eq!(reader.get(address).await.status, 200);
        self.questions.load(Ordering::SeqCst) - before
    }
}

#[tokio::test]
async fn a_page_is_read_again_after_a_write_only() {
    let store = small().await;
    let kept = Kept::over(store.clone());
    let reader = kept.caller(Actor::new(Author::anonymous(), Permissions::READ));
    for address in ["/", "/?sort=rating", "/details/1", "/details/1?stars=4"] {
        assert_eq!(kept.questions(&reader, address).await, READ, "{address}");
        assert_eq!(kept.questions(&reader, address).await, ASKED, "{address}");
    }
    review(&*store, 2, 4, &Author::anonymous()).await;
    for address in ["/", "/?sort=rating", "/details/1", "/details/1?stars=4"] {
        assert_eq!(kept.questions(&reader, address).await, READ, "{address}");
        assert_eq!(kept.questions(&reader, address).await, ASKED, "{address}");
    }
}

#[tokio::test]
async fn a_page_is_kept_for_its_reader_alone() {
    let kept = Kept::over(small().await);
    let (ann, ben) =
        (Author::person("7", Some("Ann Unlike")), Author::person("8", Some("Ben Unlike")));
    let writer = Actor::new(ann, Permissions::ALL);
    let (moderator, reader) = (writer.clone().moderator(), Actor::new(ben, Permissions::READ));
    let [writer, moderator, reader] = [writer, moderator, reader].map(|actor| kept.caller(actor));
    for _ in 0..2 {
        for address in ["/", "/details/1"] {
            writer.get(address).await.shows("Ann Unlike").hides("Ben Unlike").hides("/hide/");
            reader.get(address).await.shows("Ben Unlike").hides("Ann Unlike").hides("/review/");
        }
        moderator.get("/details/1").await.shows("/hide/1/1");
    }
}

#[tokio::test]
async fn two_readers_of_one_name_are_two() {
    let kept = Kept::over(recent().await);
    let author = |id| Author::person(id, Some("Ann Ödman"));
    let [other, ann] = ["7", "1"].map(|id| kept.caller(Actor::new(author(id), Permissions::ALL)));
    for _ in 0..2 {
        other.get("/details/1").await.hides("/undo/");
        ann.get("/details/1").await.shows("/undo/1/2");
    }
}

#[tokio::test]
async fn what_holds_for_a_while_is_not_kept() {
    let store = recent().await;
    let kept = Kept::over(store.clone());
    let ann = kept.caller(Actor::new(Author::person("1", Some("Ann Ödman")), Permissions::ALL));
    ann.get("/details/1").await.shows("/undo/1/2");
    review(&*store, 1, 4, &Author::anonymous()).await;
    let guest = kept.caller(Actor::unauthenticated());
    guest.get("/details/1?created=review").await.shows("Your review was posted").hides("/undo/");
    for (reader, address) in [(ann, "/details/1"), (guest, "/details/1?created=review")] {
        for _ in 0..2 {
            assert_eq!(kept.questions(&reader, address).await, READ, "{address}");
        }
    }
}
