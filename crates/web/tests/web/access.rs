//! The permissions of actors on the pages.

use restaurant_domain::{Actor, Author, ClientApplication, Permissions, WriteContext};
use restaurant_web::WebConfig;

use crate::{
    site::TestSite,
    stores::{empty, small},
};

async fn site(permissions: Option<Permissions>) -> TestSite {
    let actor = permissions.map(|permissions| Actor::new(Author::anonymous(), permissions));
    TestSite::with(small().await, WebConfig::default(), actor)
}

const ADDRESSES: [(&str, &str); 5] = [
    ("GET", "/"),
    ("GET", "/details/1"),
    ("GET", "/create"),
    ("POST", "/add"),
    ("POST", "/review/1"),
];

async fn status(site: &TestSite, method: &str, address: &str, status: u16) {
    let answer = match method {
        "GET" => site.get(address).await,
        _ => site.post(address, &[]).await,
    };
    assert_eq!(answer.status, status, "{method} {address}");
    if status != 200 && status != 422 {
        answer.is_error_page(status);
    }
}

#[tokio::test]
async fn a_request_without_an_actor_is_refused() {
    let site = site(None).await;
    for (method, address) in ADDRESSES {
        status(&site, method, address, 500).await;
    }
    for address in ["/healthz", "/readyz", "/favicon.ico", "/robots.txt"] {
        assert_eq!(site.get(address).await.status, 200);
    }
}

#[tokio::test]
async fn whoever_signed_in_sees_so_and_may_sign_out() {
    let mut config = WebConfig::default();
    config.sign_out_path = Some("/out?to=%2F".to_owned());
    let ann = Author::person("1", Some("Ann <Lee>"));
    let actor = Actor::new(ann, Permissions::ALL);
    let site = TestSite::with(small().await, config.clone(), Some(actor));
    for address in ["/", "/create", "/details/1"] {
        let page = site.get(address).await;
        page.shows("Signed in as <bdi>Ann &lt;Lee&gt;</bdi>").shows("to=%2F\">Sign out</a>");
    }
    site.get("/details/1").await.shows("value=\"Ann &lt;Lee&gt;\"");
    // Another name is shown beside that of the account; without one, the account's is shown.
    for (typed, shown) in [("", "Ann &lt;Lee&gt;"), ("  ", "Ann &lt;Lee&gt;"), ("Critic", "Critic")]
    {
        let fields = [("user_name", typed), ("rating", "4"), ("review_text", "Good")];
        assert_eq!(site.post("/review/2", &fields).await.status, 303, "{typed:?}");
        let page = site.get("/details/2").await;
        let newest = page.text().split_once("<ol class=\"reviews\">").unwrap().1;
        let newest = newest.split_once("</li>").unwrap().0;
        assert!(newest.contains(&format!("<h3 dir=\"auto\">{shown}</h3>")), "{newest}");
        assert!(newest.contains("posted by person <bdi>Ann &lt;Lee&gt;</bdi>"), "{newest}");
    }

    let agent = Actor::new(Author::agent("1", None), Permissions::ALL);
    let site = TestSite::with(small().await, WebConfig::default(), Some(agent));
    site.get("/details/1").await.shows("Signed in as an agent").hides("Sign out");

    let nobody = TestSite::with(small().await, config, Some(Actor::unauthenticated()));
    nobody.get("/").await.hides("Signed in").hides("Sign out");
}

#[tokio::test]
async fn a_review_says_whether_a_person_or_an_agent_posted_it() {
    let text = [("user_name", "X"), ("rating", "4"), ("review_text", "Good")];
    let store = small().await;
    for (author, shown) in [
        (Author::person("1", Some("Ann")), "posted by person <bdi>Ann</bdi>"),
        (Author::agent("2", Some("Planner")), "posted by agent <bdi>Planner</bdi>"),
        (Author::agent("3", None), "posted by an agent"),
    ] {
        let actor = Actor::new(author, Permissions::ALL);
        let site = TestSite::with(store.clone(), WebConfig::default(), Some(actor));
        assert_eq!(site.post("/review/1", &text).await.status, 303);
        site.get("/details/1").await.shows(shown);
    }
}

#[tokio::test]
async fn without_rights_every_page_is_forbidden() {
    for permissions in [Permissions::default(), Permissions { read: false, write: true }] {
        let site = site(Some(permissions)).await;
        for (method, address) in ADDRESSES {
            status(&site, method, address, 403).await;
        }
    }
}

#[tokio::test]
async fn a_reader_sees_no_form_and_sends_none() {
    let site = site(Some(Permissions::READ)).await;
    for (method, address) in &ADDRESSES[..2] {
        status(&site, method, address, 200).await;
        site.get(address).await.hides("/create").hides("/review/").hides("Write a review");
    }
    for (method, address) in &ADDRESSES[2..] {
        status(&site, method, address, 403).await;
    }
    let actor = Actor::new(Author::anonymous(), Permissions::READ);
    let empty = TestSite::with(empty(), WebConfig::default(), Some(actor));
    empty.get("/").await.shows("no restaurants yet").hides("/create");
    let all = TestSite::over(small().await);
    all.get("/").await.shows("/create");
    all.get("/details/1").await.shows("action=\"/review/1\"");
}

#[tokio::test]
async fn writes_carry_their_author() {
    let store = small().await;
    let actor = Actor::new(Author::agent("7", Some("Robo")), Permissions::ALL);
    let site = TestSite::with(store, WebConfig::default(), Some(actor));
    let fields = [("restaurant_name", "A"), ("street_address", "B"), ("description", "C")];
    let added = site.post("/add", &fields).await;
    site.get(added.header("location")).await.shows("posted by agent <bdi>Robo</bdi>");
}

#[tokio::test]
async fn a_review_by_an_agent_for_a_person_names_both() {
    let text = [("user_name", "X"), ("rating", "4"), ("review_text", "Good")];
    let store = small().await;
    let client = |name| ClientApplication::new("4", name);
    for (author, shown) in [
        (
            Author::agent_for_person("1", Some("Ann")).with_client(client(Some("<Code>"))),
            "posted by an agent (<bdi>&lt;Code&gt;</bdi>) for person <bdi>Ann</bdi>",
        ),
        (
            Author::agent_for_person("1", None).with_client(client(None)),
            "posted by an agent for a person",
        ),
    ] {
        let actor = Actor::new(author, Permissions::ALL);
        let site = TestSite::with(store.clone(), WebConfig::default(), Some(actor));
        assert_eq!(site.post("/review/1", &text).await.status, 303);
        site.get("/details/1").await.shows(shown);
    }
}

#[tokio::test]
async fn a_form_beyond_the_budget_is_a_429_that_says_when_it_frees() {
    let text = [("user_name", "X"), ("rating", "4"), ("review_text", "Good")];
    let budget = "1/hour, 9/day".parse().unwrap();
    let context = WriteContext { budget, ..WriteContext::default() };
    let actor = Actor::new(Author::person("1", None), Permissions::ALL).with_context(context);
    let site = TestSite::with(small().await, WebConfig::default(), Some(actor));
    assert_eq!(site.post("/review/2", &text).await.status, 303);
    let refused = site.post("/review/2", &text).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), "3600");
    refused.shows("1 restaurants and reviews per hour").shows("You may write again on");
    site.get("/details/2").await.shows("1 review<");
}

#[tokio::test]
async fn a_403_names_the_account_and_the_missing_role() {
    let mut config = WebConfig::default();
    config.roles.write = Some("MCP.Write".to_owned());
    config.roles.moderate = Some("Reviews.Moderate".to_owned());
    let ann = Author::person("1", Some("Ann <Lee>"));
    let reader = Actor::new(ann.clone(), Permissions::READ);
    let site = TestSite::with(small().await, config.clone(), Some(reader.clone()));
    let page = site.get("/create").await;
    page.is_error_page(403).shows("You may not do this").shows(
        "Your account, Ann &lt;Lee&gt;, does not have the right to write here; it may read. Ask the operator of this site for the app role MCP.Write.",
    );
    let writer =
        TestSite::with(small().await, config.clone(), Some(Actor::new(ann, Permissions::ALL)));
    writer.post("/hide/1", &[]).await.is_error_page(403).shows("the app role Reviews.Moderate.");
    config.read_only = true;
    let site = TestSite::with(small().await, config, Some(reader));
    site.get("/create").await.is_error_page(403).shows("This site is read-only").hides("app role");
}
