//! The forms and queries of the pages.

#![no_main]

use std::sync::{Arc, LazyLock};

use axum::{Extension, Router, body::Body};
use http::{HeaderValue, Request, header::CONTENT_TYPE};
use http_body_util::BodyExt as _;
use libfuzzer_sys::fuzz_target;
use restaurant_domain::{
    Actor, Author, NewRestaurant, Repository, SystemClock, testing::InMemoryStore,
};
use restaurant_web::{WebConfig, router};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    let request = match kind % 4 {
        0 => form("/add", data),
        1 => form("/review/1", data),
        2 => query("/", data),
        _ => query("/details/1", data),
    };
    let Some(request) = request else { return };
    RUNTIME.block_on(async {
        let response = pages().await.oneshot(request).await.unwrap();
        assert!(!response.status().is_server_error(), "{}", response.status());
        let page = response.into_body().collect().await.unwrap().to_bytes();
        let page = str::from_utf8(&page).expect("a page is UTF-8");
        assert!(!page.contains("<script"), "{page}");
    });
});

fn form(path: &str, body: &[u8]) -> Option<Request<Body>> {
    let mut request = Request::post(path).body(Body::from(body.to_vec())).ok()?;
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(CONTENT_TYPE, kind);
    Some(request)
}

fn query(path: &str, query: &[u8]) -> Option<Request<Body>> {
    let address = [path.as_bytes(), b"?", query].concat();
    Request::get(address.as_slice()).body(Body::empty()).ok()
}

/// The pages over a store with one restaurant.
async fn pages() -> Router {
    let store = InMemoryStore::new(Arc::new(SystemClock));
    let draft = NewRestaurant::draft().name("Blue Door").street_address("1 Harbour Road");
    let new = draft.description("Fish.").parse().unwrap();
    store.create_restaurant(new, &Author::anonymous(), None).await.unwrap();
    let pages = router(Arc::new(store), WebConfig::default()).unwrap();
    pages.layer(Extension(Actor::unauthenticated()))
}
