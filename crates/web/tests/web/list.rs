//! `GET /`: search, order and paging.

use restaurant_domain::Author;

use crate::{
    site::TestSite,
    stores::{empty, restaurant, review, small},
};

/// The names on the page, in order.
fn names(page: &str) -> Vec<&str> {
    page.split("<h2><a").skip(1).map(|card| between(card, "<bdi>", "</bdi>")).collect()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).unwrap().0
}

/// The address of the next page.
fn next(page: &str) -> Option<String> {
    let (_, link) = page.split_once("rel=\"next\" href=\"")?;
    Some(link.split_once('"')?.0.replace("&amp;", "&"))
}

async fn many() -> TestSite {
    let store = empty();
    for number in 1..=45 {
        let name = format!("Café & Bar {number:02}");
        restaurant(&*store, &name, &Author::system()).await;
    }
    restaurant(&*store, "Elsewhere", &Author::system()).await;
    TestSite::over(store)
}

#[tokio::test]
async fn following_the_links_shows_each_restaurant_once() {
    let site = many().await;
    for start in ["/", "/?search=&sort=", "/?sort=newest", "/?search=+caf%C3%A9+%26&sort=reviews"] {
        let (mut address, mut seen, mut pages) = (start.to_owned(), Vec::new(), 0);
        loop {
            let page = site.get(&address).await;
            assert_eq!(page.status, 200);
            assert_eq!(page.text().contains(">First page<"), pages > 0);
            seen.extend(names(page.text()).into_iter().map(str::to_owned));
            pages += 1;
            match next(page.text()) {
                Some(next) => address = next,
                None => break,
            }
        }
        let expected = if start.contains("caf") { 45 } else { 46 };
        assert_eq!((seen.len(), pages), (expected, 2), "{start}");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), expected, "{start}");
    }
}

#[tokio::test]
async fn a_later_page_leads_back_to_the_first_of_the_same_search() {
    let site = many().await;
    let first = site.get("/?search=caf%C3%A9+%26&sort=newest").await;
    first.shows("1–24 of 45 restaurants for “<bdi>café &amp;</bdi>”");
    let second = site.get(&next(first.text()).unwrap()).await;
    second.shows("25–45 of 45 restaurants").shows("<title>“café &amp;” · Restaurants, page 2");
    second.shows(r#"href="/?search=caf%C3%A9%20%26&amp;sort=newest">First page"#);
    second.shows(r#"value="café &amp; ""#.trim_end_matches([' ', '"']));
    second.shows(r#"&amp;sort=newest" aria-current="true">Newest</a>"#);
}

#[tokio::test]
async fn the_links_lead_back_page_by_page() {
    let store = empty();
    for number in 1..=80 {
        restaurant(&*store, &format!("Café {number:02}"), &Author::system()).await;
    }
    let site = TestSite::over(store);
    let link = |page: &str, rel: &str| {
        let (_, link) = page.split_once(&format!("rel=\"{rel}\" href=\""))?;
        Some(link.split_once('"')?.0.replace("&amp;", "&"))
    };
    let (mut address, mut shown) = ("/?search=caf%C3%A9&sort=newest".to_owned(), Vec::new());
    loop {
        let page = site.get(&address).await;
        shown.push((page.text().to_owned(), address));
        let Some(next) = link(page.text(), "next") else { break };
        address = next;
    }
    assert_eq!(shown.len(), 4);
    for (number, (page, _)) in shown.iter().enumerate() {
        assert_eq!(
            link(page, "prev").is_some(),
            number > 1,
            "the page before the second is the first"
        );
    }
    for (page, before) in [(3, 2), (2, 1)] {
        let back = site.get(&link(&shown[page].0, "prev").unwrap()).await;
        assert_eq!(names(back.text()), names(&shown[before].0));
        back.shows(&format!("<title>“café” · Restaurants, page {}", before + 1)).shows(&format!(
            "{}–{} of 80 restaurants",
            before * 24 + 1,
            before * 24 + 24
        ));
        assert_eq!(link(back.text(), "prev").is_some(), before > 1);
        assert!(link(back.text(), "next").is_some());
        // The way back from a restaurant leads to this page.
        let (_, list) = back.text().split_once("?list=").unwrap();
        let list = list.split_once('"').unwrap().0;
        site.get(&format!("/details/1?list={list}"))
            .await
            .shows(&format!("“café”, page {}", before + 1))
            .shows("&amp;before=");
    }
    // Where less than a page is left before, the first page is shown.
    let cursor = link(&shown[0].0, "next").unwrap().replace("cursor=", "before=");
    let first = site.get(&cursor.replace("page=2", "page=7")).await;
    assert_eq!(names(first.text()), names(&shown[0].0));
    first.shows("1–24 of 80 restaurants").hides("page 7");
    let bad = site.get("/?before=x").await;
    bad.shows("<a href=\"#first\">This page of the list does not exist in this order")
        .shows("id=\"first\" href=\"/\">First page")
        .shows("1–24 of 80 restaurants");
}

#[tokio::test]
async fn what_another_process_writes_is_seen_at_once() {
    let store = small().await;
    let site = TestSite::over(store.clone());
    for reviews in 3..6 {
        site.get("/").await.shows(&format!("· {reviews} reviews</span>"));
        let page = site.get("/details/1").await;
        assert_eq!(page.text().matches("<li class=\"review").count(), reviews);
        review(&*store, 1, 1, &Author::anonymous()).await;
    }
}

#[tokio::test]
async fn every_order_is_shown() {
    let store = small().await;
    restaurant(&*store, "amber", &Author::system()).await;
    for _ in 0..4 {
        review(&*store, 2, 3, &Author::anonymous()).await;
    }
    let site = TestSite::over(store);
    for (sort, expected) in [
        ("name", ["amber", "Blue Door", "Noodle Yard"]),
        ("rating", ["Blue Door", "Noodle Yard", "amber"]),
        ("reviews", ["Noodle Yard", "Blue Door", "amber"]),
        ("newest", ["amber", "Noodle Yard", "Blue Door"]),
    ] {
        let page = site.get(&format!("/?sort={sort}")).await;
        assert_eq!(names(page.text()), expected, "{sort}");
    }
}

#[tokio::test]
async fn a_bad_question_keeps_its_good_parts() {
    let site = TestSite::over(small().await);
    let long = "x".repeat(101);
    let page = site.get(&format!("/?search={long}&sort=newest&cursor=%3F")).await;
    assert_eq!(page.status, 422);
    page.shows(&format!("value=\"{long}\""))
        .shows(r#"<input type="hidden" name="sort" value="newest">"#)
        .shows(r#"<a href="/?sort=newest" aria-current="true">Newest</a>"#)
        .shows(
            r##"<a href="#search">Search is 101 characters long: shorten it to at most 100</a>"##,
        )
        .shows("This page of the list does not exist in this order")
        .shows(r#"href="/?sort=newest">First page<"#)
        .hides("next_cursor")
        .hides("Blue Door");
    let page = site.get("/?search=fish&sort=%3Cbest%3E").await;
    assert_eq!(page.status, 422);
    page.shows("value=\"fish\"")
        .shows(r##"<a href="#sort">Order is &quot;&lt;best&gt;&quot;: choose"##);
}

#[tokio::test]
async fn the_orders_are_links_that_keep_the_search() {
    let site = many().await;
    let next = next(site.get("/?search=fish&sort=rating").await.text()).unwrap();
    site.get(&next)
        .await
        .shows(r#"<a href="/?search=fish&amp;sort=rating" aria-current="true">Best rated</a>"#)
        .shows(r#"<a href="/?search=fish&amp;sort=reviews">Most reviewed</a>"#)
        .shows(r#"<a href="/?search=fish&amp;sort=newest">Newest</a>"#)
        .shows(r#"<a href="/?search=fish">Name</a>"#);
    site.get("/")
        .await
        .shows(r#"<a href="/" aria-current="true">Name</a>"#)
        .hides(r#"name="sort""#);
}

#[tokio::test]
async fn a_cursor_of_another_order_is_refused() {
    let site = many().await;
    let next = next(site.get("/").await.text()).unwrap();
    assert_eq!(site.get(&format!("{next}&sort=rating")).await.status, 422);
}
