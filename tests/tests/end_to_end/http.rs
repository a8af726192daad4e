//! Every route and every error of the pages, over HTTP, on both databases.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

use reqwest::{Client, Method, Response, StatusCode, redirect::Policy};
use restaurant_tests::{on_both_databases, product::Product};
use serde_json::{Value, json};

on_both_databases! {
    a_restaurant_and_a_review_go_in_and_come_out
    the_list_searches_sorts_and_pages
    bad_input_gets_422_and_keeps_what_was_typed
    what_is_not_there_is_404
    a_wrong_method_is_405_and_says_the_right_ones
    a_body_too_large_is_413
    a_post_from_elsewhere_is_refused
    a_host_that_is_not_ours_is_refused
    every_answer_carries_the_security_headers_and_an_id
    health_and_readiness_answer
    head_answers_like_get
    a_slash_too_many_does_not_matter
    what_others_add_to_an_address_is_ignored
}

fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

async fn get(product: &Product, path: &str) -> Response {
    client().get(product.url(path)).send().await.unwrap()
}

async fn post(product: &Product, path: &str, form: &[(&str, &str)]) -> Response {
    client().post(product.url(path)).form(form).send().await.unwrap()
}

async fn page(product: &Product, path: &str) -> String {
    let response = get(product, path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.text().await.unwrap()
}

fn location(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()["location"].to_str().unwrap().to_owned()
}

/// Adds a restaurant and gives the path of its page.
async fn add(product: &Product, name: &str) -> String {
    let form =
        [("restaurant_name", name), ("street_address", "1 Test Street"), ("description", "Words")];
    let location = location(&post(product, "/add", &form).await);
    location.split('?').next().unwrap().to_owned()
}

async fn review(product: &Product, details: &str, rating: &str, text: &str) -> Response {
    let form = [("user_name", "Ann"), ("rating", rating), ("review_text", text)];
    post(product, &details.replace("details", "review"), &form).await
}

async fn a_restaurant_and_a_review_go_in_and_come_out(product: Product) {
    let form = [
        ("restaurant_name", "Chez <b>Zoë</b> & Co"),
        ("street_address", "1 O'Hara Street"),
        ("description", "Line one\r\nline two \u{1F35C}"),
    ];
    let location = location(&post(&product, "/add", &form).await);
    assert!(location.starts_with("/details/"), "{location}");
    let shown = page(&product, &location).await;
    assert!(shown.contains("Chez &lt;b&gt;Zoë&lt;") && !shown.contains("<b>Zoë"), "{shown}");
    assert!(shown.contains("line two \u{1F35C}") && shown.contains(r#"role="status""#));

    let details = location.split('?').next().unwrap();
    let reviewed =
        self::location(&review(&product, details, "4", "<script>alert(1)</script>").await);
    assert!(reviewed.starts_with(details), "{reviewed}");
    let shown = page(&product, details).await;
    assert!(
        shown.contains("&lt;script&gt;alert(1)") && !shown.contains("<script>alert"),
        "{shown}"
    );
    assert!(shown.contains("<time datetime=\"20"));
    assert!(!shown.contains(r#"role="status""#), "the confirmation is for the one who wrote");
}

async fn the_list_searches_sorts_and_pages(product: Product) {
    let mut best = String::new();
    for number in 0..27 {
        best = add(&product, &format!("Needle% {number:02}")).await;
    }
    add(&product, "Needle without the sign").await;
    location(&review(&product, &best, "5", "Best").await);
    let first = page(&product, "/?search=needle%25&sort=rating").await;
    let place = |text: &str| first.find(text).unwrap_or_else(|| panic!("no {text} in {first}"));
    assert!(place("Needle% 26") < place("Needle% 00"));
    assert!(!first.contains("without the sign") && first.contains("27"));
    let next = first.split("href=\"").find(|link| link.contains("cursor=")).expect("a next page");
    let next = next
        .split('"')
        .next()
        .unwrap()
        .replace("&amp;", "&")
        .replace("&#x3d;", "=")
        .replace("&#x2f;", "/");
    let second = page(&product, &format!("/{}", next.trim_start_matches('/'))).await;
    assert!(second.contains("Needle% 25") && !second.contains("Needle% 00"), "{second}");
    assert!(page(&product, "/?search=nothing-like-it").await.contains("nothing-like-it"));
    for bad in
        ["/?sort=size", "/?cursor=%00", "/?cursor=bmFtZQ", &format!("/?search={}", "x".repeat(101))]
    {
        assert_eq!(get(&product, bad).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
}

async fn bad_input_gets_422_and_keeps_what_was_typed(product: Product) {
    let long = "n".repeat(51);
    let form = [
        ("restaurant_name", long.as_str()),
        ("street_address", " "),
        ("description", "Kept \"words\""),
    ];
    let response = post(&product, "/add", &form).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let shown = response.text().await.unwrap();
    assert!(shown.contains(&long) && shown.contains("Kept &quot;words&quot;"), "{shown}");
    assert!(shown.contains("51") && shown.contains("50") && shown.contains("aria-invalid"));

    let details = add(&product, "Strict").await;
    for rating in ["", "0", "6", "-5", "99", "true", "4.5", "99999999999999999999"] {
        let response = review(&product, &details, rating, "Kept text").await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "rating {rating:?}");
        assert!(response.text().await.unwrap().contains("Kept text"));
    }
    for text in ["", " \r\n ", "nul\0", &"x".repeat(501)] {
        let response = review(&product, &details, "3", text).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "text {text:?}");
    }
    assert_eq!(post(&product, "/add", &[]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page(&product, "/?search=nnnnn").await.contains("No restaurant"),
        "nothing was written"
    );
    assert!(!page(&product, &details).await.contains("Kept text"), "nothing was written");
}

async fn what_is_not_there_is_404(product: Product) {
    for path in [
        "/nothing",
        "/details/999999",
        "/details/0",
        "/details/-1",
        "/details/abc",
        "/details/99999999999999999999",
        "/static/nothing.css",
    ] {
        let response = get(&product, path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        if !path.starts_with("/static") {
            assert_error_page(response).await;
        }
    }
    let response = review(&product, "/details/999999", "3", "Text").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_error_page(response).await;
}

/// An error page is a page: one heading, a way back, and the id that the log has too.
async fn assert_error_page(response: Response) {
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let text = response.text().await.unwrap();
    assert_eq!(text.matches("<h1").count(), 1, "{text}");
    assert!(text.contains(&id) && text.contains("href=\"/\""), "{text}");
}

async fn a_wrong_method_is_405_and_says_the_right_ones(product: Product) {
    for (method, path, allowed) in [
        (Method::DELETE, "/", "GET"),
        (Method::GET, "/add", "POST"),
        (Method::PUT, "/details/1", "GET"),
    ] {
        let response = client().request(method, product.url(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert!(response.headers()["allow"].to_str().unwrap().contains(allowed), "{path}");
        assert_error_page(response).await;
    }
}

async fn a_body_too_large_is_413(product: Product) {
    let details = add(&product, "Limits").await;
    let response = review(&product, &details, "3", &"x".repeat(1_000_000)).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_error_page(response).await;
}

async fn a_post_from_elsewhere_is_refused(product: Product) {
    let form =
        [("restaurant_name", "Forged"), ("street_address", "1 Street"), ("description", "Words")];
    for (header, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let response = client()
            .post(product.url("/add"))
            .header(header, value)
            .form(&form)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{header}: {value}");
        assert_error_page(response).await;
    }
    assert!(page(&product, "/?search=forged").await.contains("No restaurant"));
    let own = product.url("");
    let response =
        client().post(product.url("/add")).header("origin", own).form(&form).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
}

async fn a_host_that_is_not_ours_is_refused(product: Product) {
    for path in ["/", "/mcp", "/create"] {
        let response =
            client().get(product.url(path)).header("host", "rebound.example").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST, "{path}");
        assert!(response.text().await.unwrap().contains("ALLOWED_HOSTS"));
    }
    let response =
        client().get(product.url("/healthz")).header("host", "10.0.0.1").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "platforms probe by address");
}

async fn every_answer_carries_the_security_headers_and_an_id(product: Product) {
    for path in ["/", "/create", "/nothing", "/?sort=x"] {
        let sent = "forged-id\" onload=alert(1)";
        let response =
            client().get(product.url(path)).header("x-request-id", sent).send().await.unwrap();
        let headers = response.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["x-frame-options"], "DENY");
        assert!(headers.contains_key("referrer-policy"));
        assert_ne!(headers["x-request-id"], sent);
    }
}

async fn health_and_readiness_answer(product: Product) {
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(&product, path).await.status(), StatusCode::OK, "{path}");
    }
}

async fn head_answers_like_get(product: Product) {
    for path in ["/", "/create", "/healthz"] {
        let response = client().head(product.url(path)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.bytes().await.unwrap().len(), 0);
    }
}

async fn a_slash_too_many_does_not_matter(product: Product) {
    let details = add(&product, "Slashed").await;
    for (path, target) in [
        ("/create/".to_owned(), "/create".to_owned()),
        (format!("{details}/"), details.clone()),
        (format!("{details}/?utm_source=a&cursor="), format!("{details}?utm_source=a&cursor=")),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answer = client().request(method, product.url(&path)).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::PERMANENT_REDIRECT, "{path}");
            assert_eq!(answer.headers()["location"], target, "{path}");
        }
    }
    // A form is sent again, to the address without the slash.
    let following = Client::builder().redirect(Policy::limited(3)).build().unwrap();
    let form = [("user_name", "Ann"), ("rating", "4"), ("review_text", "Sent once")];
    let address = product.url(&format!("{}/", details.replace("details", "review")));
    let shown = following.post(address).form(&form).send().await.unwrap();
    assert_eq!(shown.status(), StatusCode::OK);
    assert_eq!(shown.text().await.unwrap().matches("Sent once").count(), 1);
    for elsewhere in ["//evil.example/", "//evil.example/create/", "/nothing/"] {
        assert_eq!(get(&product, elsewhere).await.status(), StatusCode::NOT_FOUND, "{elsewhere}");
    }
    for path in ["/mcp/", "/mcp/mcp/", "/mcp/?x=y"] {
        let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
        let answer = client().post(product.url(path)).json(&ping).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.json::<Value>().await.unwrap()["id"], 1, "{path}");
        assert_eq!(get(&product, path).await.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

async fn what_others_add_to_an_address_is_ignored(product: Product) {
    let details = add(&product, "Advertised").await;
    for query in ["utm_source=a&utm_source=b", "utm=%ff", "%ff=1&%ff=2"] {
        for path in ["/", "/create", &details, "/healthz"] {
            page(&product, &format!("{path}?{query}")).await;
        }
    }
    for (query, field) in [("search=a&search=b", "search"), ("utm=1&cursor=%ff", "cursor")] {
        let answer = get(&product, &format!("/?{query}")).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.text().await.unwrap().contains(field), "{query}");
    }
}
