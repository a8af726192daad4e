//! Who may see and do what.

use restaurant_domain::{Actor, Author, Permissions};
use restaurant_web::WebConfig;

use crate::{
    site::TestSite,
    stores::{empty, small},
};

async fn site(permissions: Option<Permissions>) -> TestSite {
    let actor = permissions.map(|permissions| Actor::new(Author::anonymous(), permissions));
    TestSite::with(small().await, WebConfig::default(), actor)
}

const ADDRESSES: [(&str, &str); 5] = [
    ("GET", "/"),
    ("GET", "/details/1"),
    ("GET", "/create"),
    ("POST", "/add"),
    ("POST", "/review/1"),
];

async fn status(site: &TestSite, method: &str, address: &str, status: u16) {
    let answer = match method {
        "GET" => site.get(address).await,
        _ => site.post(address, &[]).await,
    };
    assert_eq!(answer.status, status, "{method} {address}");
    if status != 200 && status != 422 {
        answer.is_error_page(status);
    }
}

#[tokio::test]
async fn a_request_without_an_actor_is_refused() {
    let site = site(None).await;
    for (method, address) in ADDRESSES {
        status(&site, method, address, 500).await;
    }
    for address in ["/healthz", "/readyz", "/favicon.ico", "/robots.txt"] {
        assert_eq!(site.get(address).await.status, 200);
    }
}

#[tokio::test]
async fn without_rights_every_page_is_forbidden() {
    for permissions in [Permissions::default(), Permissions { read: false, write: true }] {
        let site = site(Some(permissions)).await;
        for (method, address) in ADDRESSES {
            status(&site, method, address, 403).await;
        }
    }
}

#[tokio::test]
async fn a_reader_sees_no_form_and_sends_none() {
    let site = site(Some(Permissions::READ)).await;
    for (method, address) in &ADDRESSES[..2] {
        status(&site, method, address, 200).await;
        site.get(address).await.hides("/create").hides("/review/").hides("Write a review");
    }
    for (method, address) in &ADDRESSES[2..] {
        status(&site, method, address, 403).await;
    }
    let actor = Actor::new(Author::anonymous(), Permissions::READ);
    let empty = TestSite::with(empty(), WebConfig::default(), Some(actor));
    empty.get("/").await.shows("no restaurants yet").hides("/create");
    let all = TestSite::over(small().await);
    all.get("/").await.shows("/create");
    all.get("/details/1").await.shows("action=\"/review/1\"");
}

#[tokio::test]
async fn writes_carry_their_author() {
    let store = small().await;
    let actor = Actor::new(Author::agent("7", Some("Robo")), Permissions::ALL);
    let site = TestSite::with(store, WebConfig::default(), Some(actor));
    let fields = [("restaurant_name", "A"), ("street_address", "B"), ("description", "C")];
    let added = site.post("/add", &fields).await;
    site.get(added.header("location")).await.shows("posted by agent <bdi>Robo</bdi>");
}
