//! `GET /create`, `POST /add` and `POST /review/{id}`: what is written, and what is refused.

use std::sync::Arc;

use restaurant_domain::{Actor, Author, Permissions, testing::InMemoryStore};
use restaurant_web::WebConfig;

use crate::{
    site::{Answer, TestSite, encode, form},
    stores::{empty, recent, small},
};

const RESTAURANT: [(&str, &str); 3] = [
    ("restaurant_name", "Blue Door"),
    ("street_address", "1 Harbour Road"),
    ("description", "Fish.\r\nAnd a view."),
];
const REVIEW: [(&str, &str); 3] =
    [("user_name", "Ann"), ("rating", "4"), ("review_text", "Good.\r\nVery good.")];

/// Follows a 303 as a browser does.
async fn follow(site: &TestSite, answer: &Answer) -> Answer {
    assert_eq!(answer.status, 303, "{}", answer.text());
    site.get(answer.header("location")).await
}

#[tokio::test]
async fn a_restaurant_is_added_and_confirmed() {
    let site = TestSite::over(Arc::new(InMemoryStore::default()));
    let answer = site.post("/add", &RESTAURANT).await;
    assert_eq!(answer.header("location"), "/details/1?created=restaurant");
    let page = follow(&site, &answer).await;
    page.shows(r#"role="status">The restaurant was added."#)
        .shows("<h1><bdi>Blue Door</bdi></h1>")
        .shows("Fish.\nAnd a view.");
    site.get("/details/1").await.hides("role=\"status\"");
}

#[tokio::test]
async fn a_review_is_posted_and_counted() {
    let site = TestSite::over(recent().await);
    let answer = site.post("/review/2", &REVIEW).await;
    assert_eq!(answer.header("location"), "/details/2?created=review");
    let page = follow(&site, &answer).await;
    page.shows(r#"role="status">Thank you! Your review was posted."#)
        .shows("4 of 5 – good")
        .shows("Good.\nVery good.")
        .shows("4.0 of 5")
        .shows("1 review<");
}

#[tokio::test]
async fn only_the_author_sees_the_confirmation_and_for_a_while() {
    let old = TestSite::over(small().await);
    for address in ["/details/1?created=restaurant", "/details/1?created=review"] {
        old.get(address).await.hides("role=\"status\"").hides("review by-agent new");
    }
    let store = recent().await;
    let site = |author| {
        let actor = Actor::new(author, Permissions::ALL);
        TestSite::with(store.clone(), WebConfig::default(), Some(actor))
    };
    let planner = site(Author::agent("2", Some("Dinner planner")));
    let page = planner.get("/details/1?created=review").await;
    page.shows("Your review was posted.").shows("class=\"review by-agent new\"");
    assert_eq!(page.text().matches(" new\"").count(), 1);
    planner.get("/details/1?created=restaurant").await.hides("role=\"status\"");
    let ann = site(Author::person("1", None));
    ann.get("/details/1?created=restaurant").await.shows("The restaurant was added.");
    ann.get("/details/1?created=review").await.hides("role=\"status\"");
    ann.get("/details/2?created=review").await.hides("role=\"status\"");
    TestSite::over(store.clone()).get("/details/1?created=review").await.hides("role=\"status\"");
}

#[tokio::test]
async fn only_known_words_are_confirmed() {
    let site = TestSite::over(small().await);
    for word in ["", "other", "%3Cb%3Ehello"] {
        let page = site.get(&format!("/details/1?created={word}")).await;
        assert_eq!(page.status, 200);
        page.hides("role=\"status\"").hides("hello");
    }
}

#[tokio::test]
async fn a_review_leads_back_to_the_list_that_its_reader_came_from() {
    let site = TestSite::over(small().await);
    let form = site.get("/details/2?list=search%3Dnoodle").await;
    form.shows(r#"<input type="hidden" name="list" value="search=noodle">"#);
    let sent = [&REVIEW[..], &[("list", "search=noodle")]].concat();
    let answer = site.post("/review/2", &sent).await;
    assert_eq!(answer.header("location"), "/details/2?created=review&list=search%3Dnoodle");
    follow(&site, &answer).await.shows(r#"<a href="/?search=noodle">“noodle”</a>"#);
    let refused = [("user_name", ""), ("list", "search=noodle")];
    site.post("/review/2", &refused).await.shows(r#"<a href="/?search=noodle">“noodle”</a>"#);
}

#[tokio::test]
async fn what_may_be_here_already_is_asked_about_once() {
    let site = TestSite::over(small().await);
    let fields = |key, distinct| {
        [
            ("restaurant_name", "the blue-DOOR"),
            ("street_address", "1, Harbour Road"),
            ("description", "Fish <3"),
            ("idempotency_key", key),
            ("distinct", distinct),
        ]
    };
    // Two are at that address; one has the name.
    let page = site.post("/add", &fields("k1", "")).await;
    assert_eq!(page.status, 422);
    crate::markup::check(page.text());
    page.shows("<title>Add a restaurant")
        .shows("Is it already here?")
        .shows(r#"<a href="/details/1"><bdi>Blue Door</bdi></a>, <bdi>1 Harbour Road</bdi>"#)
        .hides("Noodle Yard")
        .shows("value=\"the blue-DOOR\"")
        .shows("Fish &lt;3")
        .shows(r#"<input type="hidden" name="distinct" value="yes">"#)
        .shows("Add it anyway");
    assert_eq!(site.get("/details/3").await.status, 404, "nothing is added yet");
    assert_eq!(site.post("/add", &fields("k2", "yes")).await.status, 303);
    // What was added is not asked about when the form is sent again.
    let again = site.post("/add", &fields("k2", "yes")).await;
    assert!(again.header("location").starts_with("/details/3?"));
    let mut other = fields("k3", "");
    other[0].1 = "Red Door";
    assert_eq!(site.post("/add", &other).await.status, 303);
}

#[tokio::test]
async fn a_refused_restaurant_keeps_what_was_typed() {
    let site = TestSite::over(empty());
    let long = "é".repeat(51);
    let fields =
        [("restaurant_name", " "), ("street_address", &long), ("description", "\r\nFine <3")];
    let page = site.post("/add", &fields).await;
    assert_eq!(page.status, 422);
    page.shows("<title>Error: Add a restaurant")
        .shows(r##"<a href="#restaurant_name">Name is blank: write 1 to 50 characters</a>"##)
        .shows(r#"aria-describedby="restaurant_name-hint restaurant_name-error" aria-invalid="true""#)
        .shows(r#"<p class="message" id="street_address-error">Street address is 51 characters long: shorten it to at most 50</p>"#)
        .shows(&format!(r#"value="{long}""#))
        // A browser drops the first line break in the element; the second is the one that was typed.
        .shows("aria-describedby=\"description-hint\">\n\r\nFine &lt;3</textarea>")
        .hides("description-error");
    assert_eq!(site.get("/details/1").await.status, 404);
}

#[tokio::test]
async fn a_refused_review_keeps_what_was_typed() {
    let site = TestSite::over(small().await);
    let fields = [("user_name", "Ann"), ("rating", "4"), ("review_text", "a\u{1}b")];
    let page = site.post("/review/1", &fields).await;
    assert_eq!(page.status, 422);
    page.shows("<title>Error: Blue Door")
        .shows(r#"name="user_name" value="Ann""#)
        .shows(r#"value="4" required checked"#)
        .shows("Review holds the control character U+0001: remove it")
        .shows("3 reviews");
}

#[tokio::test]
async fn a_rating_is_judged_and_explained() {
    let site = TestSite::over(small().await);
    for (rating, message) in [
        ("", "Rating is missing: choose one"),
        ("0", "Rating is 0: give a whole number from 1 to 5"),
        ("99", "Rating is 99:"),
        ("-5", "Rating is -5:"),
        ("true", "Rating is &quot;true&quot;:"),
        ("4.5", "Rating is &quot;4.5&quot;:"),
    ] {
        let fields = [("user_name", "Ann"), ("rating", rating), ("review_text", "Good")];
        let page = site.post("/review/1", &fields).await;
        assert_eq!(page.status, 422, "{rating}");
        page.shows(&format!(r##"<a href="#rating-5">{message}"##)).hides("checked");
    }
    site.get("/details/1").await.shows("3 reviews");
}

#[tokio::test]
async fn missing_fields_count_as_empty() {
    let site = TestSite::over(small().await);
    let page = site.post("/add", &[]).await;
    assert_eq!(page.status, 422);
    page.shows("Name is blank").shows("Street address is blank").shows("Description is blank");
    let page = site.post("/review/1", &[("unknown", "x")]).await;
    assert_eq!(page.status, 422);
    page.shows("Your name is blank").shows("Rating is missing").shows("Review is blank");
}

#[tokio::test]
async fn a_review_of_an_unknown_restaurant_is_no_page() {
    let site = TestSite::over(small().await);
    site.post("/review/99", &REVIEW).await.is_error_page(404);
    site.post("/review/99", &[]).await.is_error_page(404);
    site.post("/review/one", &REVIEW).await.is_error_page(404);
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let site = TestSite::over(small().await);
    let whole = encode(&RESTAURANT);
    for body in [format!("{whole}&restaurant_name=Other"), format!("{whole}&x=%FF")] {
        site.send(form("/add", &body)).await.is_error_page(400);
    }
    for content_type in [None, Some("application/json"), Some("multipart/form-data; boundary=x")] {
        let mut request = form("/add", &whole);
        request.headers_mut().remove("content-type");
        if let Some(content_type) = content_type {
            request.headers_mut().insert("content-type", content_type.parse().unwrap());
        }
        site.send(request).await.is_error_page(415);
    }
    let mut request = form("/add", &whole);
    let spelled = "Application/X-WWW-Form-Urlencoded; charset=UTF-8";
    request.headers_mut().insert("content-type", spelled.parse().unwrap());
    assert_eq!(site.send(request).await.status, 303);
}

#[tokio::test]
async fn hostile_texts_are_shown_as_texts() {
    let attack = "\"'><script>x()</script>&amp;{{777*777}}";
    let escaped = "&quot;&#x27;&gt;&lt;script&gt;x()&lt;&#x2f;script&gt;&amp;amp;{{777*777}}";
    let site = TestSite::over(empty());
    let fields = [("restaurant_name", attack), ("street_address", attack), ("description", attack)];
    assert_eq!(site.post("/add", &fields).await.status, 303);
    let fields = [("user_name", attack), ("rating", "5"), ("review_text", attack)];
    assert_eq!(site.post("/review/1", &fields).await.status, 303);
    let refused = [("user_name", attack), ("rating", attack), ("review_text", attack)];
    let long = format!("{attack}{}", "x".repeat(500));
    let too_long = [("restaurant_name", &*long), ("street_address", &long), ("description", &long)];
    let search = encode(&[("search", attack)]);
    for (page, times) in [
        (site.get("/").await, 3),
        (site.get("/details/1").await, 5),
        (site.get(&format!("/?{search}")).await, 1),
        (site.get(&format!("/?{search}zzz")).await, 2),
        (site.post("/review/1", &refused).await, 8),
        (site.post("/add", &too_long).await, 3),
    ] {
        page.hides("<script").hides("x()</").hides("603729");
        assert!(page.text().matches(escaped).count() >= times, "{}", page.text());
    }
}

/// The key in the form of a page.
fn key(page: &Answer) -> String {
    let (_, after) = page.text().split_once("name=\"idempotency_key\" value=\"").unwrap();
    after.split_once('"').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_written_once() {
    let site = TestSite::over(recent().await);
    let (create, details) = (site.get("/create").await, site.get("/details/2").await);
    assert_ne!(key(&create), key(&site.get("/create").await), "each form has its own");
    let (restaurant_key, review_key) = (key(&create), key(&details));
    let mut restaurant = [&RESTAURANT[..], &[("idempotency_key", &restaurant_key)]].concat();
    restaurant[0].1 = "Sea View";
    let review = [&REVIEW[..], &[("idempotency_key", &review_key)]].concat();
    for _ in 0..2 {
        let answer = site.post("/add", &restaurant).await;
        assert_eq!(answer.header("location"), "/details/3?created=restaurant");
        let answer = site.post("/review/2", &review).await;
        assert_eq!(answer.header("location"), "/details/2?created=review");
    }
    site.get("/details/2").await.shows("1 review<");
    site.get("/").await.shows("3 restaurants");
}

#[tokio::test]
async fn another_text_under_the_same_key_is_asked_about() {
    let site = TestSite::over(small().await);
    let sent = key(&site.get("/details/2").await);
    let mut review = [&REVIEW[..], &[("idempotency_key", &*sent)]].concat();
    assert_eq!(site.post("/review/2", &review).await.status, 303);
    review[2].1 = "Another text";
    let asked = site.post("/review/2", &review).await;
    assert_eq!(asked.status, 422);
    asked.shows("You sent this form before, with another text").shows("Another text</textarea>");
    let new = key(&asked);
    review[3].1 = &new;
    assert_eq!(site.post("/review/2", &review).await.status, 303);
    site.get("/details/2").await.shows("2 reviews<");

    let sent = key(&site.get("/create").await);
    let mut restaurant = [&RESTAURANT[..], &[("idempotency_key", &*sent)]].concat();
    restaurant[0].1 = "Sea View";
    assert_eq!(site.post("/add", &restaurant).await.status, 303);
    restaurant[0].1 = "Red Door";
    let asked = site.post("/add", &restaurant).await;
    assert_eq!(asked.status, 422);
    asked.shows("You sent this form before").shows("value=\"Red Door\"");
    restaurant[3].1 = "k\u{1}";
    site.post("/add", &restaurant).await.is_error_page(400);
}
