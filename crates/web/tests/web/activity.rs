//! `GET /activity`: the activity record.

use restaurant_domain::{
    AuditChannel, Author, ClientApplication, NewReview, Post, Repository, RestaurantId,
    WriteContext,
};

use crate::{
    site::TestSite,
    stores::{empty, restaurant, review, small},
};

#[tokio::test]
async fn each_write_is_a_row_with_its_author_and_interface() {
    let store = small().await;
    let context = WriteContext { request_id: Some("req-7".to_owned()), ..WriteContext::default() };
    let author = Author::agent_for_person("3", Some("Ada <i>"))
        .with_client(ClientApplication::new("vs", Some("VS Code")))
        .with_context(context)
        .through(AuditChannel::Mcp, Some("create_review_mcp"));
    let new = NewReview::draft().user_name("Ada").rating(5).text("Good").parse().unwrap();
    store.create_review(RestaurantId(2), new, &author, None).await.unwrap();
    let site = TestSite::over(store);
    let page = site.get("/activity").await;
    page.shows("posted by an agent (<bdi>VS Code</bdi>) for person <bdi>Ada &lt;i&gt;</bdi>")
        .shows("Reviewed <a href=\"/details/2\"><bdi>Noodle Yard</bdi></a>")
        .shows("<code>create_review_mcp</code>")
        .shows("<code>req-7</code>")
        .shows("Added <a href=\"/details/1\"><bdi>Blue Door</bdi></a>")
        .shows("Not signed in")
        .shows("<a href=\"/activity\" aria-current=\"page\">");
    assert_eq!(page.text().matches("<td role=\"cell\"><time").count(), 6);
}

#[tokio::test]
async fn people_and_agents_can_be_listed_apart() {
    let site = TestSite::over(small().await);
    let people = site.get("/activity?by=people").await;
    people.shows("Ann Ödman").hides("Dinner planner").hides("Not signed in");
    people.shows("<a href=\"/activity?by=people\" aria-current=\"true\">");
    site.get("/activity?by=agents").await.shows("Dinner planner").hides("Ann Ödman");
    site.get("/activity?by=cats").await.shows("Dinner planner").shows("Ann Ödman");
}

#[tokio::test]
async fn following_the_links_shows_each_entry_once() {
    let store = empty();
    restaurant(&*store, "Blue Door", &Author::system()).await;
    for _ in 0..44 {
        review(&*store, 1, 4, &Author::agent("2", None)).await;
    }
    let site = TestSite::over(store);
    let (mut address, mut sizes) = ("/activity?by=agents".to_owned(), Vec::new());
    loop {
        let page = site.get(&address).await;
        assert_eq!(page.status, 200);
        sizes.push(page.text().matches("Reviewed <a").count());
        assert_eq!(page.text().contains(">Newest entries<"), sizes.len() > 1);
        let Some((_, link)) = page.text().split_once("rel=\"next\" href=\"") else { break };
        address = link.split_once('"').unwrap().0.replace("&amp;", "&");
    }
    assert_eq!(sizes, [20, 20, 4]);
    site.get("/activity?cursor=x").await.is_error_page(422);
}

#[tokio::test]
async fn what_readers_do_not_see_any_more_keeps_its_row_without_a_name() {
    let store = small().await;
    let moderator = Author::person("9", None).through(AuditChannel::Page, None);
    assert!(store.hide(Post::Restaurant(RestaurantId(1)), &moderator).await.unwrap());
    let page = TestSite::over(store).get("/activity").await;
    page.hides("Blue Door").shows("Hid restaurant 1, which is not shown any more");
    page.shows("web page");
}
