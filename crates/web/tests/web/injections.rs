//! Texts that try to be more than data: a page shows each as it is, and has the same elements as with a harmless one.

use restaurant_domain::{
    Actor, Author, ClientApplication, Permissions, RestaurantName, StreetAddress, UserName,
    testing::INJECTIONS,
};
use restaurant_web::WebConfig;

use crate::{
    markup,
    site::{Answer, TestSite},
    stores::empty,
};

/// The text, or a harmless one where the field does not accept it.
fn or_harmless<T, E>(text: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> &str {
    if parse(text).is_ok() { text } else { "Harmless" }
}

/// Every page that shows a text of a user, the forms with errors among them.
async fn pages(text: &str) -> Vec<Answer> {
    let client = ClientApplication::new("app", Some(text));
    let author = Author::agent_for_person("1", Some(text)).with_client(client);
    let actor = Actor::new(author, Permissions::ALL);
    let site = TestSite::with(empty(), WebConfig::default(), Some(actor));
    let (name, street) =
        (or_harmless(text, RestaurantName::parse), or_harmless(text, StreetAddress::parse));
    let restaurant = [("restaurant_name", name), ("street_address", street), ("description", text)];
    let review = |rating| {
        let user_name = or_harmless(text, UserName::parse);
        [("user_name", user_name), ("rating", rating), ("review_text", text)]
    };
    assert_eq!(site.post("/add", &restaurant).await.status, 303);
    assert_eq!(site.post("/review/1", &review("5")).await.status, 303);
    let too_long = "x".repeat(60);
    let refused =
        [("restaurant_name", &*too_long), ("street_address", street), ("description", text)];
    vec![
        site.get("/").await,
        site.get("/details/1").await,
        site.get("/details/1?created=review").await,
        site.post("/add", &refused).await,
        site.post("/review/1", &review("9")).await,
    ]
}

/// What HTML makes of a text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
        .replace('/', "&#x2f;")
}

#[tokio::test]
async fn no_text_of_a_user_is_an_element_of_a_page() {
    for injection in INJECTIONS.iter().filter(|injection| injection.is_accepted) {
        let (what, text) = (injection.name, injection.text.trim());
        let harmless: String = text.chars().map(|c| if c == '\n' { c } else { 'x' }).collect();
        let pages = pages(text).await.into_iter().zip(self::pages(&harmless).await);
        for (page, harmless) in pages {
            assert_eq!(page.status, harmless.status, "{what}");
            let (elements, expected) =
                (markup::skeleton(page.text()), markup::skeleton(harmless.text()));
            assert_eq!(elements, expected, "{what}");
            assert!(page.text().contains(&escaped(text)), "{what}: {}", page.text());
        }
    }
}

#[tokio::test]
async fn a_text_that_hides_something_is_not_posted() {
    let site = TestSite::over(empty());
    for injection in INJECTIONS.iter().filter(|injection| !injection.is_accepted) {
        let (what, text) = (injection.name, injection.text);
        let restaurant = [("restaurant_name", "x"), ("street_address", "x"), ("description", text)];
        assert_eq!(site.post("/add", &restaurant).await.status, 422, "{what}");
    }
}
