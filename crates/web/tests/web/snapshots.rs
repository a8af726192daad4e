//! Each page as it was reviewed: a change of a template shows in the difference of these files.

use std::sync::Arc;

use restaurant_domain::{Actor, Author, Permissions, testing::Failure};
use restaurant_web::WebConfig;

use crate::{
    bodies::silent,
    markup,
    site::{TestSite, form, request},
    stores::{empty, small},
};

/// Compares with the reviewed page, whose static files stand without their hashes; checks its markup on the way.
macro_rules! assert_page {
    ($name:literal, $status:literal, $answer:expr) => {{
        let answer = $answer;
        assert_eq!(answer.status, $status, "{}", answer.text());
        markup::check(answer.text());
        insta::assert_snapshot!($name, without_hashes(answer.text()));
    }};
}

fn without_hashes(page: &str) -> String {
    let mut parts = page.split("/static/");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut names = part.splitn(3, '.');
        let (name, _hash, rest) =
            (names.next().unwrap(), names.next().unwrap(), names.next().unwrap());
        text.extend(["/static/", name, ".[hash].", rest]);
    }
    let field = "name=\"idempotency_key\" value=\"";
    match text.split_once(field) {
        Some((before, after)) => {
            let rest = after.split_once('"').unwrap().1;
            format!("{before}{field}[key]\"{rest}")
        }
        None => text,
    }
}

#[tokio::test]
async fn lists() {
    let site = TestSite::over(small().await);
    assert_page!("list", 200, site.get("/").await);
    assert_page!("list_without_hits", 200, site.get("/?search=zebra&sort=rating").await);
    assert_page!(
        "list_refused",
        422,
        site.get(&format!("/?search={}&sort=best&cursor=x", "x".repeat(101))).await
    );
    assert_page!("list_empty", 200, TestSite::over(empty()).get("/").await);
}

#[tokio::test]
async fn forms() {
    let site = TestSite::over(small().await);
    assert_page!("create", 200, site.get("/create").await);
    let fields = [("restaurant_name", "A <b>"), ("description", "One\r\nTwo")];
    assert_page!("create_refused", 422, site.post("/add", &fields).await);
    let fields = [("user_name", "Ann"), ("rating", "6"), ("review_text", "")];
    assert_page!("review_refused", 422, site.post("/review/1", &fields).await);
}

#[tokio::test]
async fn details() {
    let site = TestSite::over(small().await);
    assert_page!("details", 200, site.get("/details/1").await);
    assert_page!("details_created", 200, site.get("/details/2?created=restaurant").await);
}

#[tokio::test]
async fn errors() {
    let site = TestSite::over(small().await);
    assert_page!("error_400", 400, site.get("/?search=%FF").await);
    assert_page!("error_404", 404, site.get("/nothing").await);
    assert_page!("error_405", 405, site.get("/add").await);
    let long = "x".repeat(70_000);
    assert_page!("error_413", 413, site.send(form("/add", &long)).await);
    assert_page!("error_415", 415, site.send(request("POST", "/add")).await);
    assert_page!("error_422", 422, site.get("/details/1?cursor=x").await);
    for (name, store) in [("error_500", Failure::Failed), ("error_503", Failure::Unavailable)] {
        let answer = TestSite::over(Arc::new(store.store())).get("/").await;
        markup::check(answer.text());
        insta::assert_snapshot!(name, without_hashes(answer.text()));
    }
}

#[tokio::test]
async fn refusals() {
    let site = TestSite::over(small().await);
    let foreign = crate::site::and_header(form("/add", ""), "sec-fetch-site", "cross-site");
    assert_page!("error_403_cross_origin", 403, site.send(foreign).await);
    let nobody = Actor::new(Author::anonymous(), Permissions::default());
    let site = TestSite::with(empty(), WebConfig::default(), Some(nobody));
    assert_page!("error_403", 403, site.get("/").await);
}

#[tokio::test(start_paused = true)]
async fn waiting() {
    let site = TestSite::over(empty());
    assert_page!("error_408", 408, site.send(silent("/add", None)).await);
}

#[tokio::test]
async fn for_readers() {
    let reader = || Some(Actor::new(Author::anonymous(), Permissions::READ));
    let site = TestSite::with(small().await, WebConfig::default(), reader());
    assert_page!("list_for_readers", 200, site.get("/").await);
    assert_page!("details_for_readers", 200, site.get("/details/2").await);
    let site = TestSite::with(empty(), WebConfig::default(), reader());
    assert_page!("list_empty_for_readers", 200, site.get("/").await);
}
