//! `GET /details/{id}`: a restaurant and the pages of its reviews.

use restaurant_domain::Author;

use crate::{
    site::{Answer, TestSite, encode},
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
async fn the_ratings_are_shown_by_stars_and_by_authors() {
    let site = TestSite::over(small().await);
    let page = site.get("/details/1").await;
    page.shows("4.3 of 5").shows("3 reviews").shows("People 4.0 (1) · Agents 4.0 (1)");
    for (stars, share, count) in [("5 stars", 33, 1), ("4 stars", 66, 2), ("1 star", 0, 0)] {
        let number = &stars[..1];
        page.shows(&format!(
            "<a href=\"/details/1?stars={number}#reviews\">{stars}</a></th><td><svg aria-hidden=\"true\">\
             <rect width=\"{share}%\" height=\"100%\"/></svg></td><td>{count}</td>"
        ));
    }
    page.shows(r#"<a href="/details/1#reviews" aria-current="true">Everyone 3</a>"#)
        .shows(r#"<a href="/details/1?by=people#reviews">People 1</a>"#)
        .shows(r#"<a href="/details/1?by=agents#reviews">Agents 1</a>"#);
    site.get("/details/2").await.hides("<table>").hides("?by=").shows("No reviews yet");
}

#[tokio::test]
async fn a_reader_picks_reviews_by_stars_and_by_authors() {
    let site = TestSite::over(small().await);
    let count = |page: &Answer| page.text().matches("<li class=\"review").count();
    let page = site.get("/details/1?stars=4&by=agents&list=sort%3Dnewest").await;
    assert_eq!(count(&page), 1);
    page.shows("Only reviews with 4 stars by agents")
        .shows(r#"<a href="/details/1?list=sort%3Dnewest#reviews">Show all</a>"#)
        // What is picked leads back; the other choice stays.
        .shows(r#"<a href="/details/1?by=agents&amp;list=sort%3Dnewest#reviews" aria-current="true">4 stars</a>"#)
        .shows(r#"<a href="/details/1?stars=5&amp;by=agents&amp;list=sort%3Dnewest#reviews">5 stars</a>"#)
        .shows(r#"<a href="/details/1?stars=4&amp;list=sort%3Dnewest#reviews">Everyone 3</a>"#);
    let empty_page = site.get("/details/1?stars=1").await;
    assert_eq!(count(&empty_page), 0);
    empty_page.shows("There are no reviews with 1 star.").hides("has written about it yet");
    // A choice that does not exist is none.
    for address in ["/details/1?stars=9", "/details/1?stars=x&by=robots", "/details/1?by=PEOPLE"] {
        let page = site.get(address).await;
        assert_eq!((page.status.as_u16(), count(&page)), (200, 3), "{address}");
        page.hides("Only reviews");
    }
    site.get("/details/1?stars=4&stars=5").await.is_error_page(400);
}

#[tokio::test]
async fn picked_reviews_keep_their_choice_over_pages() {
    let store = empty();
    restaurant(&*store, "Blue Door", &Author::system()).await;
    for number in 0..46 {
        let author = if number % 2 == 0 { Author::agent("a", None) } else { Author::system() };
        review(&*store, 1, number % 4 + 1, &author).await;
    }
    let site = TestSite::over(store);
    let first = site.get("/details/1?by=agents").await;
    let link =
        first.text().split_once("rel=\"next\" href=\"").unwrap().1.split_once('"').unwrap().0;
    let second = site.get(&link.replace("&amp;", "&")).await;
    assert_eq!(second.text().matches("by-agent").count(), 3);
    second
        .shows(r#"<a class="button quiet" href="/details/1?by=agents">Newest reviews</a>"#)
        .hides("rel=\"next\"");
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
        let page = site.get(&format!("/details/1?cursor={cursor}")).await;
        page.is_error_page(422).shows("href=\"&#x2f;details&#x2f;1\">To the first page");
    }
}

#[tokio::test]
async fn the_lines_of_a_long_review_do_not_fill_the_screen() {
    let store = small().await;
    let site = TestSite::over(store);
    let text = (1..=19).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n");
    let fields = [("user_name", "Ann"), ("rating", "4"), ("review_text", &*text)];
    assert_eq!(site.post("/review/2", &fields).await.status, 303);
    let page = site.get("/details/2").await;
    page.shows("line 10</p>\n<details>").shows("line 11\nline 12").shows("line 19</p>\n</details>");
    site.get("/details/1").await.hides("<details>");
}

#[tokio::test]
async fn the_way_back_leads_to_the_list_that_the_reader_came_from() {
    let site = TestSite::over(small().await);
    let list = site.get("/?search=blue+%26+door&sort=rating").await;
    list.hides("/details/1");
    let list = site.get("/?search=blue&sort=rating").await;
    let (_, link) = list.text().split_once("<h2><a href=\"").unwrap();
    let details = site.get(link.split_once('"').unwrap().0).await;
    details.shows("<a href=\"/?search=blue&amp;sort=rating\">“blue”</a>");
    for hostile in ["sort=best", "cursor=x", "search=%FF", "%2F%2Fevil.example", "a=1&a=2"] {
        let page = site.get(&format!("/details/1?list={}", encode(&[("", hostile)]))).await;
        assert_eq!(page.status, 200);
        page.shows("<a href=\"/\">All restaurants</a>").hides("evil");
    }
}

#[tokio::test]
async fn the_same_number_has_the_same_stars() {
    let store = empty();
    // 4.25 and 4.20 were shown as 4.2 with four and a half, and with four stars.
    for (name, ratings) in [("A", [4, 4, 4, 5].repeat(5)), ("B", [4, 4, 4, 4, 5].repeat(4))] {
        restaurant(&*store, name, &Author::system()).await;
        let id = if name == "A" { 1 } else { 2 };
        for stars in ratings {
            review(&*store, id, stars, &Author::anonymous()).await;
        }
    }
    let page = TestSite::over(store).get("/").await;
    page.shows("stars-90\" aria-hidden=\"true\"></span> <span class=\"score\"><span class=\"hidden\">Rated </span>4.3 of 5");
    page.shows("stars-80\" aria-hidden=\"true\"></span> <span class=\"score\"><span class=\"hidden\">Rated </span>4.2 of 5");
}
