//! The audit record: one for each form that is sent.

use std::{sync::Arc, time::Duration};

use restaurant_domain::{Actor, Author, Permissions, Repository, testing::Failure};
use restaurant_web::WebConfig;
use tokio::time::{sleep, timeout};
use tracing::Instrument;

use crate::{
    log::Log,
    site::{TestSite, and_header, encode, form},
    stores::{slow, small},
};

const REVIEW: [(&str, &str); 3] =
    [("user_name", "Ann"), ("rating", "4"), ("review_text", "Private")];

fn site(repository: Arc<dyn Repository>, permissions: Permissions) -> TestSite {
    let actor = Actor::new(Author::person("a1b2", Some("Ann Ödman")), permissions);
    TestSite::with(repository, WebConfig::default(), Some(actor))
}

/// The one new record holds all of these.
#[track_caller]
fn records(log: &Log, number: usize, parts: &[&str]) {
    let records = log.audit();
    assert_eq!(records.len(), number, "{records:#?}");
    let Some(record) = records.last() else { return };
    for part in parts {
        assert!(record.contains(part), "{part} is not in {record}");
    }
}

#[tokio::test]
async fn a_form_says_who_what_where_and_in_which_request() {
    let log = Log::start();
    let site = site(small().await, Permissions::ALL);
    let fields = [("restaurant_name", "Private"), ("street_address", "B"), ("description", "C")];
    let span = tracing::info_span!("request", request_id = 17);
    site.post("/add", &fields).instrument(span).await;
    let by_ann =
        "actor_kind=\"person\" actor_id=\"a1b2\" actor_name=\"Ann Ödman\" channel=\"page\"";
    let what = "operation=\"create_restaurant\" resource=restaurant/3 outcome=\"created\"";
    records(&log, 1, &["INFO request{request_id=17}: audit: ", by_ann, what]);
    site.post("/review/2", &REVIEW).await;
    let what = "operation=\"create_review\" resource=restaurant/2/review/4 outcome=\"created\"";
    records(&log, 2, &[by_ann, what]);
    assert!(!log.audit().concat().contains("Private"), "no texts");
}

#[tokio::test]
async fn what_was_not_written_is_recorded_with_its_reason() {
    let log = Log::start();
    let writer = site(small().await, Permissions::ALL);
    writer.post("/review/1", &[]).await;
    records(&log, 1, &["resource=restaurant/1 outcome=\"invalid_arguments\""]);
    writer.post("/review/99", &REVIEW).await;
    records(&log, 2, &["resource=restaurant/99 outcome=\"not_found\""]);
    let forged = and_header(form("/review/1", &encode(&REVIEW)), "sec-fetch-site", "cross-site");
    writer.send(forged).await;
    records(&log, 3, &["resource=restaurant/1 outcome=\"cross_origin\""]);
    site(small().await, Permissions::READ).post("/review/1", &REVIEW).await;
    records(&log, 4, &["actor_id=\"a1b2\"", "outcome=\"forbidden\""]);
    site(Arc::new(Failure::Unavailable.store()), Permissions::ALL).post("/review/1", &REVIEW).await;
    records(&log, 5, &["outcome=\"unavailable\""]);
    site(Arc::new(Failure::Panics.store()), Permissions::ALL).post("/review/1", &REVIEW).await;
    records(&log, 6, &["outcome=\"internal\""]);
    let unconfirmed = site(Arc::new(Failure::Unconfirmed.store()), Permissions::ALL);
    unconfirmed.post("/review/1", &REVIEW).await.is_error_page(503).hides(Failure::SECRET);
    records(&log, 7, &["outcome=\"unknown\""]);
}

/// It is written all the same, and the record says so.
#[tokio::test(start_paused = true)]
async fn a_form_whose_sender_goes_away_is_written() {
    let log = Log::start();
    let store = slow(small().await, Duration::from_secs(5));
    let site = site(store.clone(), Permissions::ALL);
    let sent = timeout(Duration::from_secs(1), site.post("/review/2", &REVIEW));
    assert!(sent.await.is_err());
    records(&log, 0, &[]);
    sleep(Duration::from_secs(5)).await; // tidy: the clock is paused
    records(&log, 1, &["resource=restaurant/2/review/4 outcome=\"created\""]);
}

/// The sender is told in time that the answer is late; the record waits for what happened.
#[tokio::test(start_paused = true)]
async fn a_form_that_takes_longer_than_its_sender_waits_is_written() {
    let log = Log::start();
    let store = slow(small().await, Duration::from_secs(20));
    let site = site(store.clone(), Permissions::ALL);
    site.post("/review/2", &REVIEW).await.is_error_page(503);
    records(&log, 0, &[]);
    sleep(Duration::from_secs(20)).await; // tidy: the clock is paused
    records(&log, 1, &["resource=restaurant/2/review/4 outcome=\"created\""]);
}

#[tokio::test(start_paused = true)]
async fn a_form_that_is_never_answered_is_given_up() {
    let log = Log::start();
    let site = site(Arc::new(Failure::Hangs.store()), Permissions::ALL);
    site.post("/review/1", &REVIEW).await.is_error_page(503);
    sleep(Duration::from_mins(2)).await; // tidy: the clock is paused
    records(&log, 1, &["resource=restaurant/1 outcome=\"unknown\""]);
}

#[tokio::test]
async fn reading_leaves_no_record() {
    let log = Log::start();
    let site = site(small().await, Permissions::ALL);
    for address in ["/", "/details/1", "/create", "/add", "/nothing"] {
        site.get(address).await;
    }
    site.post("/nothing", &REVIEW).await;
    site.post("/", &REVIEW).await;
    assert_eq!(log.audit(), Vec::<String>::new());
}
