//! Undoing one's own fresh posts, and hiding and restoring as a moderator.

use std::sync::Arc;

use chrono::TimeDelta;
use restaurant_domain::{Actor, Author, Permissions, testing::InMemoryStore};
use restaurant_web::WebConfig;

use crate::{
    log::Log,
    markup,
    site::{TestSite, and_header, form},
    stores::{restaurant, review, small},
};

fn site(store: &Arc<InMemoryStore>, actor: Actor) -> TestSite {
    TestSite::with(Arc::clone(store) as _, WebConfig::default(), Some(actor))
}

fn writer(author: Author) -> Actor {
    Actor::new(author, Permissions::ALL)
}

/// A restaurant of Ann's with a review by her, and one by another, just now.
async fn fresh(ann: &Author) -> Arc<InMemoryStore> {
    let store = Arc::new(InMemoryStore::default());
    restaurant(&*store, "Blue Door", ann).await;
    review(&*store, 1, 5, ann).await;
    store
}

#[tokio::test]
async fn an_author_undoes_a_fresh_post() {
    let log = Log::start();
    let ann = Author::person("1", Some("Ann"));
    let store = fresh(&ann).await;
    let by_ann = site(&store, writer(ann.clone()));
    let page = by_ann.get("/details/1").await;
    markup::check(page.text());
    page.shows("action=\"/undo/1\"").shows("action=\"/undo/1/1\"").hides("/hide/");
    let answer = by_ann.post("/undo/1/1", &[]).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/details/1?done=undone")
    );
    let page = by_ann.get("/details/1?done=undone").await;
    page.shows("It is deleted.").hides("/undo/1/1").shows("Nobody has written");
    by_ann.post("/undo/1/1", &[]).await.is_error_page(404);
    let answer = by_ann.post("/undo/1", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/?done=undone"));
    by_ann.get("/?done=undone").await.shows("It is deleted.");
    by_ann.get("/details/1").await.is_error_page(404);
    let records = log.audit();
    let ends =
        ["review/1 outcome=\"done\"", "outcome=\"not_found\"", "restaurant/1 outcome=\"done\""];
    assert_eq!(records.len(), ends.len());
    for (record, end) in records.iter().zip(ends) {
        assert!(record.contains("operation=\"delete\"") && record.contains(end), "{record}");
    }
}

#[tokio::test]
async fn what_an_agent_posted_for_a_person_is_the_persons_to_undo() {
    let store = fresh(&Author::agent_for_person("1", Some("Ann"))).await;
    let ann = site(&store, writer(Author::person("1", Some("Ann"))));
    ann.get("/details/1").await.shows("action=\"/undo/1/1\"");
    assert_eq!(ann.post("/undo/1/1", &[]).await.status, 303);
}

#[tokio::test]
async fn nothing_else_is_undone() {
    let ann = Author::person("1", None);
    let store = fresh(&ann).await;
    review(&*store, 1, 1, &Author::person("2", None)).await;
    // Another person, an agent of the same id, a caller without identity, a reader.
    for actor in [
        writer(Author::person("2", None)),
        writer(Author::agent("1", None)),
        writer(Author::anonymous()),
        Actor::new(ann.clone(), Permissions::READ),
    ] {
        let site = site(&store, actor);
        site.get("/details/1").await.hides("/undo/1/1");
        site.post("/undo/1/1", &[]).await.is_error_page(403);
    }
    let by_ann = site(&store, writer(ann.clone()));
    by_ann.get("/details/1").await.hides("action=\"/undo/1\"").shows("action=\"/undo/1/1\"");
    by_ann.post("/undo/1", &[]).await.is_error_page(409).shows("Others have reviewed");
    let forged = and_header(form("/undo/1/1", ""), "sec-fetch-site", "cross-site");
    by_ann.send(forged).await.is_error_page(403);
    for address in ["/undo/x", "/undo/1/x", "/undo/1/-1", "/undo/2/1", "/undo/1/99"] {
        by_ann.post(address, &[]).await.is_error_page(404);
    }
    by_ann.get("/undo/1/1").await.is_error_page(405);
    let mut config = WebConfig::default();
    config.undo_within = TimeDelta::zero();
    let never = TestSite::with(Arc::clone(&store) as _, config, Some(writer(ann)));
    never.get("/details/1").await.hides("/undo/");
    never.post("/undo/1/1", &[]).await.is_error_page(409).shows("too long ago");
    // Six days old.
    let old = TestSite::with(
        small().await,
        WebConfig::default(),
        Some(writer(Author::person("1", None))),
    );
    old.get("/details/1").await.hides("/undo/");
}

#[tokio::test]
async fn a_moderator_hides_and_restores() {
    let log = Log::start();
    let store = small().await;
    let moderator = site(&store, writer(Author::person("9", Some("Mo"))).moderator());
    let page = moderator.get("/details/1").await;
    markup::check(page.text());
    page.shows("action=\"/hide/1\"").shows("action=\"/hide/1/2\"").hides("/undo/");
    let answer = moderator.post("/hide/1/2", &[]).await;
    assert_eq!(answer.header("location"), "/details/1?done=hidden-2");
    let page = moderator.get("/details/1?done=hidden-2").await;
    markup::check(page.text());
    page.shows("It is hidden").shows("action=\"/restore/1/2\"").hides("/hide/1/2");
    assert_eq!(
        moderator.post("/restore/1/2", &[]).await.header("location"),
        "/details/1?done=restored"
    );
    moderator.get("/details/1?done=restored").await.shows("It is restored.").shows("/hide/1/2");
    assert_eq!(moderator.post("/hide/1", &[]).await.header("location"), "/?done=hidden-1");
    let list = moderator.get("/?done=hidden-1").await;
    list.shows("action=\"/restore/1\"").hides("Blue Door");
    let again = moderator.post("/hide/1", &[]).await;
    again.is_error_page(404).shows("It may have been hidden, deleted or restored a moment ago.");
    // Also later, a moderator finds what was hidden.
    let record = moderator.get("/activity").await;
    markup::check(record.text());
    record.shows("action=\"/restore/1\"").shows("action=\"/restore/1/2\"");
    assert_eq!(moderator.post("/restore/1", &[]).await.status, 303);
    moderator.post("/restore/1", &[]).await.is_error_page(404);
    let outcomes = log.audit();
    assert_eq!(outcomes.iter().filter(|record| record.contains("outcome=\"done\"")).count(), 4);

    let ann = site(&store, writer(Author::person("1", None)));
    ann.get("/details/1?done=hidden-2").await.hides("/restore/").hides("/hide/");
    ann.get("/activity").await.shows("Hid ").hides("/restore/");
    for address in ["/hide/1", "/hide/1/2", "/restore/1", "/restore/1/2"] {
        ann.post(address, &[]).await.is_error_page(403);
    }
    let forged = and_header(form("/hide/1", ""), "sec-fetch-site", "cross-site");
    moderator.send(forged).await.is_error_page(403);
    for word in ["hidden-", "hidden-x", "hidden-1\"><b>", "gone"] {
        let address = format!(
            "/?done={}",
            percent_encoding::utf8_percent_encode(word, percent_encoding::NON_ALPHANUMERIC)
        );
        moderator.get(&address).await.hides("role=\"status\"").hides("<b>");
    }
}
