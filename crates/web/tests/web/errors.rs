//! Every failure is a page of ours, and tells nothing of the inside.

use std::{sync::Arc, time::Duration};

use restaurant_domain::{Actor, testing::Failure};
use restaurant_web::WebConfig;

use crate::{
    site::{Answer, TestSite, encode, form, request},
    stores::small,
};

const REVIEW: [(&str, &str); 3] = [("user_name", "A"), ("rating", "1"), ("review_text", "B")];
const RESTAURANT: [(&str, &str); 3] =
    [("restaurant_name", "A"), ("street_address", "B"), ("description", "C")];

/// Every operation that asks the store.
async fn operations(store: Failure) -> Vec<Answer> {
    let site = TestSite::over(Arc::new(store.store()));
    vec![
        site.get("/").await,
        site.get("/details/1").await,
        site.post("/add", &RESTAURANT).await,
        site.post("/review/1", &REVIEW).await,
        site.post("/review/1", &[]).await,
    ]
}

#[tokio::test]
async fn a_store_that_is_away_is_503() {
    for answer in operations(Failure::Unavailable).await {
        answer.is_error_page(503).hides(Failure::SECRET);
        assert_eq!(answer.header("retry-after"), "5");
    }
}

#[tokio::test]
async fn a_store_that_takes_no_writes_says_so() {
    for answer in operations(Failure::ReadOnly).await {
        answer.is_error_page(503).hides(Failure::SECRET).shows("so nothing was saved");
        assert_eq!(answer.header("retry-after"), "5");
    }
}

#[tokio::test]
async fn a_store_that_fails_is_500() {
    for answer in operations(Failure::Failed).await {
        answer.is_error_page(500).hides(Failure::SECRET);
        assert_eq!(answer.header("retry-after"), "");
    }
}

#[tokio::test]
async fn a_panic_is_500_and_the_next_request_works() {
    for answer in operations(Failure::Panics).await {
        answer.is_error_page(500).hides(Failure::SECRET);
    }
    let site = TestSite::over(Arc::new(Failure::Panics.store()));
    site.get("/").await.is_error_page(500);
    assert_eq!(site.get("/create").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_is_503_in_time() {
    let started = tokio::time::Instant::now();
    let answers = operations(Failure::Hangs).await;
    assert_eq!(started.elapsed().as_secs() / 10, 5, "the default is 10 s for each of 5 requests");
    for answer in answers {
        answer.is_error_page(503);
        assert_eq!(answer.header("retry-after"), "5");
    }
    let mut config = WebConfig::default();
    config.request_timeout = Duration::from_millis(50);
    let site =
        TestSite::with(Arc::new(Failure::Hangs.store()), config, Some(Actor::unauthenticated()));
    let started = tokio::time::Instant::now();
    site.get("/").await.is_error_page(503);
    assert!(started.elapsed() < Duration::from_millis(100));
}

#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    let site = TestSite::over(small().await);
    let body = |bytes: usize| format!("{}&x={}", encode(&REVIEW), "x".repeat(bytes));
    site.send(form("/review/1", &body(64 * 1024))).await.is_error_page(413);
    assert_eq!(site.send(form("/review/1", &body(60 * 1024))).await.status, 303);
    let mut config = WebConfig::default();
    config.body_limit = 100;
    let site = TestSite::with(small().await, config, Some(Actor::unauthenticated()));
    site.send(form("/review/1", &body(100))).await.is_error_page(413);
}

#[tokio::test]
async fn a_method_that_does_not_fit_is_405_and_tells_which_does() {
    let site = TestSite::over(small().await);
    for (method, address, allow) in [
        ("GET", "/add", "POST"),
        ("GET", "/review/1", "POST"),
        ("PUT", "/review/1", "POST"),
        ("DELETE", "/", "GET,HEAD"),
        ("POST", "/details/1", "GET,HEAD"),
        ("OPTIONS", "/create", "GET,HEAD"),
    ] {
        let answer = site.send(request(method, address)).await;
        answer.is_error_page(405);
        assert_eq!(answer.header("allow"), allow, "{method} {address}");
    }
}

#[tokio::test]
async fn bad_queries_are_400_and_name_the_field() {
    let site = TestSite::over(small().await);
    for (address, field) in [
        ("/?search=%FF", "search"),
        ("/?search=a&search=b", "search"),
        ("/?utm=%FF&sort=name&s%6frt=", "sort"),
        ("/details/1?cursor=%FF", "cursor"),
        ("/details/1?created=review&created=review", "created"),
    ] {
        site.get(address).await.is_error_page(400).shows(&format!("The field &quot;{field}&quot;"));
    }
}

#[tokio::test]
async fn what_others_add_to_an_address_is_ignored() {
    let site = TestSite::over(small().await);
    for query in ["utm_source=a&utm_source=b", "utm=%FF", "%FF=1&%FF=2", "SEARCH=%FF", "=&=", "a"] {
        for page in ["/", "/create", "/details/1", "/robots.txt", "/healthz"] {
            let address = format!("{page}?{query}");
            assert_eq!(site.get(&address).await.status, 200, "{address}");
        }
    }
    let of_other_pages = "/details/1?search=a&search=%FF";
    assert_eq!(site.get(of_other_pages).await.status, 200);
}

#[tokio::test]
async fn a_slash_too_many_leads_to_the_page() {
    let site = TestSite::over(small().await);
    for (method, address, location) in [
        ("GET", "/create/", "/create"),
        ("HEAD", "/create//", "/create"),
        ("GET", "/details/1/", "/details/1"),
        ("GET", "/details/1/?cursor=x&a=%2F", "/details/1?cursor=x&a=%2F"),
        ("GET", "/details/%2Fevil.example/", "/details/%2Fevil.example"),
        ("POST", "/add/", "/add"),
        ("POST", "/review/1/", "/review/1"),
        ("GET", "/robots.txt/", "/robots.txt"),
        ("GET", "http://other.example/create/", "/create"),
    ] {
        let answer = site.send(request(method, address)).await;
        assert_eq!(answer.status, 308, "{method} {address}");
        assert_eq!(answer.header("location"), location, "{method} {address}");
    }
    for address in [
        "//",
        "//evil.example/",
        "//evil.example/create/",
        "//create/",
        "/\\evil.example/",
        "/nothing/",
        "/details/",
        "/details//evil.example/",
        "/details/1/2/",
        "/create/1/",
    ] {
        site.get(address).await.is_error_page(404);
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let site = TestSite::over(small().await);
    for address in ["/", "/details/1", "/create", "/healthz", "/robots.txt", "/nothing", "/add"] {
        let get = site.get(address).await;
        let head = site.send(request("HEAD", address)).await;
        assert_eq!(head.status, get.status, "{address}");
        assert_eq!(head.body.len(), 0, "{address}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{address}");
        assert_eq!(head.header("content-length"), get.body.len().to_string(), "{address}");
    }
}
