//! `/welcome`, which needs no caller, and `/connect`.

use restaurant_domain::{Actor, Author, Permissions};
use restaurant_web::{Connection, WebConfig};

use crate::{
    markup,
    site::{TestSite, and_header, request},
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
