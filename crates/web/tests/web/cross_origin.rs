//! Forms that other sites send in a visitor's name.

use restaurant_domain::Actor;
use restaurant_web::{WebConfig, router};

use crate::{
    site::{TestSite, and_header, encode, form},
    stores::{empty, small},
};

fn restaurant() -> http::Request<axum::body::Body> {
    let fields = [("restaurant_name", "A"), ("street_address", "B"), ("description", "C")];
    and_header(form("/add", &encode(&fields)), "host", "reviews.example")
}

#[tokio::test]
async fn other_sites_are_refused() {
    let site = TestSite::over(empty());
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "https://reviews.example.evil.example"),
        ("origin", "null"),
    ] {
        let answer = site.send(and_header(restaurant(), name, value)).await;
        answer.is_error_page(403).shows("came from another site");
    }
    site.get("/").await.shows("There are no restaurants yet.");
}

#[tokio::test]
async fn our_own_pages_and_plain_clients_pass() {
    let site = TestSite::over(empty());
    for (name, value) in [
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
        ("origin", "https://reviews.example"),
        ("accept", "*/*"),
    ] {
        let answer = site.send(and_header(restaurant(), name, value)).await;
        assert_eq!(answer.status, 303, "{name}: {value}");
    }
}

#[tokio::test]
async fn an_origin_that_is_trusted_passes() {
    let mut config = WebConfig::default();
    config.trusted_origins = vec!["https://public.example".to_owned()];
    let site = TestSite::with(small().await, config, Some(Actor::unauthenticated()));
    let trusted = and_header(restaurant(), "origin", "https://public.example");
    assert_eq!(site.send(trusted).await.status, 303);
    let other = and_header(restaurant(), "origin", "https://public.example.evil");
    site.send(other).await.is_error_page(403);
}

#[tokio::test]
async fn an_origin_that_is_none_stops_the_start() {
    for origin in ["public.example", "https://public.example/", "*", ""] {
        let mut config = WebConfig::default();
        config.trusted_origins = vec![origin.to_owned()];
        let error = router(empty(), config).unwrap_err();
        assert!(error.to_string().contains(origin), "{error}");
    }
}
