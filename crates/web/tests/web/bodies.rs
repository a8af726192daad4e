//! Forms that come slowly, or too large, or that nobody waits for.

use std::{convert::Infallible, time::Duration};

use axum::body::{Body, Bytes};
use futures_util::stream;
use http::{
    Request,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use restaurant_domain::{Actor, Author, Permissions};
use restaurant_web::WebConfig;
use tokio::time::Instant;

use crate::{
    site::{FORM, TestSite, and_header, encode, form, request},
    stores::{empty, small},
};

const RESTAURANT: [(&str, &str); 3] =
    [("restaurant_name", "Blue Door"), ("street_address", "1 Quay"), ("description", "Fish")];

/// A form of which nothing ever comes, with the size that it announces.
pub(crate) fn silent(address: &str, announced: Option<u64>) -> Request<Body> {
    let never = stream::pending::<Result<Bytes, Infallible>>();
    let mut request = Request::post(address).header(CONTENT_TYPE, FORM);
    if let Some(bytes) = announced {
        request = request.header(CONTENT_LENGTH, bytes);
    }
    request.body(Body::from_stream(never)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_form_that_never_ends_is_408_in_time() {
    let site = TestSite::over(small().await);
    for (address, announced) in [("/add", None), ("/review/1", None), ("/add", Some(64 * 1024))] {
        let started = Instant::now();
        let answer = site.send(silent(address, announced)).await;
        answer.is_error_page(408).shows("Nothing was saved");
        assert_eq!(answer.header("retry-after"), "", "it is not us who are busy");
        assert_eq!(started.elapsed().as_secs(), 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_announced_as_too_large_is_413_at_once() {
    let site = TestSite::over(small().await);
    for announced in [64 * 1024 + 1, u64::MAX] {
        let started = Instant::now();
        site.send(silent("/add", Some(announced))).await.is_error_page(413);
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_write_is_not_waited_for() {
    let actor = Actor::new(Author::anonymous(), Permissions::READ);
    let site = TestSite::with(small().await, WebConfig::default(), Some(actor));
    let started = Instant::now();
    for address in ["/add", "/review/1"] {
        site.send(silent(address, None)).await.is_error_page(403);
    }
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn no_accept_encoding_turns_a_written_form_into_a_refusal() {
    let site = TestSite::over(empty());
    for (encodings, id) in
        [("identity;q=0", 1), ("*;q=0", 2), ("gzip;q=0, identity;q=0", 3), ("zstd, *;q=0", 4)]
    {
        let post = and_header(form("/add", &encode(&RESTAURANT)), "accept-encoding", encodings);
        let answer = site.send(post).await;
        assert_eq!(answer.status, 303, "{encodings}");
        assert_eq!(answer.header("location"), format!("/details/{id}?created=restaurant"));
        let get = and_header(request("GET", "/"), "accept-encoding", encodings);
        let page = site.send(get).await;
        assert_eq!((page.status.as_u16(), page.header("content-encoding")), (200, ""));
        page.shows("Blue Door");
        let lost = request("GET", "/nothing");
        site.send(and_header(lost, "accept-encoding", encodings)).await.is_error_page(404);
    }
}
