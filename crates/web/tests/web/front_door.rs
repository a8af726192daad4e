//! `/welcome`, which needs no caller, and `/connect`.

use axum::Router;
use http::StatusCode;
use restaurant_domain::{Actor, Author, Permissions};
use restaurant_web::{Connection, WebConfig, with_sign_in_page};

use crate::{
    markup,
    site::{TestSite, and_header, form, request},
    stores::{empty, small},
};

fn deployed() -> WebConfig {
    let mut config = WebConfig::default();
    config.sign_in_path = Some("/in?to=".to_owned());
    config.connection = Connection {
        address: Some("https://reviews.example/mcp".to_owned()),
        tools: vec![("list_mcp".to_owned(), "Lists <all>.".to_owned())],
        role: Some("MCP.Access".to_owned()),
        scope: Some("user_impersonation".to_owned()),
    };
    config
}

#[tokio::test]
async fn a_visitor_without_an_identity_is_welcome() {
    let site = TestSite::with(empty(), deployed(), None);
    let page = site.get("/welcome").await;
    assert_eq!(page.status, 200);
    markup::check(page.text());
    page.shows("href=\"&#x2f;in?to=%2F\">Sign in</a>")
        .shows("href=\"&#x2f;in?to=%2Fconnect\">Connect an agent</a>");
    // The caller changes nothing.
    let ann = Actor::new(Author::person("1", Some("Ann")), Permissions::ALL);
    let signed_in = TestSite::with(empty(), deployed(), Some(ann));
    assert_eq!(signed_in.get("/welcome").await.text(), page.text());
}

#[tokio::test]
async fn without_a_sign_in_the_welcome_leads_to_the_pages() {
    let page = TestSite::over(empty()).get("/welcome").await;
    page.shows("href=\"&#x2f;\">See the restaurants</a>")
        .shows("href=\"&#x2f;connect\">Connect an agent</a>");
}

#[tokio::test]
async fn connecting_an_agent_is_explained_with_the_address_and_the_rights() {
    let reader = Actor::new(Author::person("1", Some("Ann")), Permissions::READ);
    let site = TestSite::with(empty(), deployed(), Some(reader));
    let page = site.get("/connect").await;
    markup::check(page.text());
    page.shows("claude mcp add --transport http restaurant-reviews https:&#x2f;&#x2f;reviews.example&#x2f;mcp")
        .shows("<code>list_mcp</code>")
        .shows("Lists &lt;all&gt;.")
        .shows("app role <code>MCP.Access</code>")
        .shows("scope <code>user_impersonation</code>");
    let stranger = Actor::new(Author::anonymous(), Permissions::default());
    TestSite::with(empty(), deployed(), Some(stranger)).get("/connect").await.is_error_page(403);
}

#[tokio::test]
async fn on_a_laptop_the_address_is_that_of_the_page() {
    let request = and_header(request("GET", "/connect"), "host", "laptop.local");
    let page = TestSite::over(small().await).send(request).await;
    page.shows("http:&#x2f;&#x2f;laptop.local&#x2f;mcp").shows("No sign-in is set up");
}

#[tokio::test]
async fn the_header_says_who_may_write() {
    TestSite::over(empty()).get("/").await.shows("No authentication: </span>everyone may write");
    let mut config = WebConfig::default();
    config.read_only = true;
    let reader = Actor::new(Author::anonymous(), Permissions::READ);
    let site = TestSite::with(empty(), config, Some(reader));
    site.get("/").await.shows("Read only</p>").hides("everyone may write");
    let ann = Actor::new(Author::person("1", Some("Ann")), Permissions::READ);
    let site = TestSite::with(empty(), WebConfig::default(), Some(ann));
    let refused = site.get("/create").await;
    assert_eq!(refused.status, 403);
    refused.shows("Signed in as <bdi>Ann</bdi>").shows("href=\"/activity\"");
}

/// A site at which no caller is signed in.
fn signed_out(config: &WebConfig) -> TestSite {
    let refuse = async || {
        (StatusCode::UNAUTHORIZED, [("www-authenticate", "Bearer")], "{\"error\":\"unauthorized\"}")
    };
    TestSite::of(with_sign_in_page(Router::new().fallback(refuse), config).unwrap())
}

const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

#[tokio::test]
async fn a_browser_that_is_not_signed_in_gets_a_page() {
    let site = signed_out(&deployed());
    let get = |address: &str| and_header(request("GET", address), "accept", BROWSER);
    let page = site.send(get("/details/7?stars=5")).await;
    assert_eq!((page.status.as_u16(), page.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    markup::check(page.text());
    page.shows("Sign in to see this page")
        .shows("href=\"&#x2f;in?to=%2Fdetails%2F7%3Fstars%3D5\">Sign in</a>");
    // The sign-in leads back to this site alone.
    for address in ["//evil.example/", "/\\evil.example/"] {
        let Ok(uri) = address.parse::<http::Uri>() else { continue };
        let mut request = get("/");
        *request.uri_mut() = uri;
        site.send(request).await.hides("evil").shows("in?to=%2F\">Sign in</a>");
    }
}

#[tokio::test]
async fn a_form_after_the_end_of_a_session_is_not_lost() {
    let site = signed_out(&deployed());
    let form = and_header(form("/review/7", "user_name=Ann&review_text=Long"), "accept", BROWSER);
    let page = site.send(form).await;
    assert_eq!(page.status, 401);
    markup::check(page.text());
    page.shows("Your session has ended")
        .shows("your text is not lost")
        .shows("href=\"&#x2f;in?to=%2F\" target=\"_blank\">Sign in in a new tab</a>");
}

#[tokio::test]
async fn other_clients_get_the_refusal_as_it_is() {
    let ask = |accept: &str| and_header(request("POST", "/mcp"), "accept", accept);
    let site = signed_out(&deployed());
    for accept in ["application/json, text/event-stream", "*/*", "text/htmlx", ""] {
        let answer = site.send(ask(accept)).await;
        assert_eq!(answer.text(), "{\"error\":\"unauthorized\"}", "{accept}");
    }
    // Where there is no sign-in for browsers, there is no page either.
    let answer = signed_out(&WebConfig::default()).send(ask(BROWSER)).await;
    assert_eq!(answer.text(), "{\"error\":\"unauthorized\"}");
}
