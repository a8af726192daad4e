//! `GET /details/{id}`: a restaurant and the pages of its reviews.

use restaurant_domain::Author;

use crate::{
    site::TestSite,
    stores::{empty, restaurant, review, small},
};

#[tokio::test]
async fn following_the_links_shows_each_review_once() {
    let store = empty();
    restaurant(&*store, "Blue Door", &Author::system()).await;
    for number in 0..41 {
        review(&*store, 1, number % 5 + 1, &Author::anonymous()).await;
    }
    let site = TestSite::over(store);
    let (mut address, mut sizes) = ("/details/1".to_owned(), Vec::new());
    loop {
        let page = site.get(&address).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.text().contains(">Newest reviews<"), !sizes.is_empty());
        sizes.push(page.text().matches("class=\"review\"").count());
        let Some((_, link)) = page.text().split_once("rel=\"next\" href=\"") else { break };
        address = link.split_once('"').unwrap().0.to_owned();
    }
    assert_eq!(sizes, [20, 20, 1]);
}

#[tokio::test]
async fn authors_are_shown_by_kind_and_name() {
    let site = TestSite::over(small().await);
    let page = site.get("/details/1").await;
    page.shows("posted by agent <bdi>Dinner planner</bdi>")
        .shows("posted by person <bdi>Ann Ödman</bdi>")
        .shows(r#"<time datetime="2026-11-23T"#);
    assert_eq!(page.text().matches("posted by").count(), 3, "two reviews and the restaurant");
    site.get("/details/2").await.hides("posted by").shows("Nobody has written about it yet.");
}

#[tokio::test]
async fn what_does_not_exist_is_no_page() {
    let site = TestSite::over(small().await);
    for address in [
        "/details/99",
        "/details/-1",
        "/details/one",
        "/details/1.0",
        "/details/99999999999999999999",
        "/details/%FF",
        "/details/1%00",
        "/details/1/2",
        "/details/",
        "/details",
        "/nothing",
    ] {
        site.get(address).await.is_error_page(404);
    }
    for cursor in ["x", "%3D", "bmFtZToxOmE"] {
        site.get(&format!("/details/1?cursor={cursor}")).await.is_error_page(422);
    }
}
