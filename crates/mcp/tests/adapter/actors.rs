//! The permissions of actors.

use std::sync::Arc;

use axum::Extension;
use restaurant_domain::{
    Actor, Author, ClientApplication, Permissions, Repository, RestaurantId, ReviewQuery,
    WriteContext, testing::InMemoryStore,
};
use restaurant_mcp::{McpAdapter, Operation};
use serde_json::{Value, json};

use crate::{log::Log, server::Server};

const ALL: [&str; 4] =
    ["list_restaurants_mcp", "get_details_mcp", "create_review_mcp", "create_restaurant_mcp"];

fn adapter() -> McpAdapter {
    McpAdapter::new(Arc::new(InMemoryStore::default()))
}

fn names(tools: &[Value]) -> Vec<&str> {
    tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_reader_sees_and_uses_the_reading_tools_alone() {
    let reader = Actor::new(Author::person("1", None), Permissions::READ);
    let server = Server::with_actor(adapter(), reader).await;
    assert_eq!(names(&server.tools().await), ALL[..2]);
    server.ok("list_restaurants_mcp", json!({})).await;
    for tool in &ALL[2..] {
        let error = server.error(tool, json!({})).await;
        assert_eq!(error["code"], "forbidden", "before the arguments are looked at");
        assert_eq!(error["message"], "you may not add restaurants or reviews");
        assert_eq!(error["retryable"], false);
    }
}

#[tokio::test]
async fn a_writer_without_the_right_to_read_sees_the_creates_alone() {
    let permissions = Permissions { read: false, write: true };
    let writer = Actor::new(Author::agent("1", None), permissions);
    let server = Server::with_actor(adapter(), writer).await;
    assert_eq!(names(&server.tools().await), ALL[2..]);
    assert_eq!(server.error("list_restaurants_mcp", json!({})).await["code"], "forbidden");
    server.add_restaurant("Anchor").await;
}

#[tokio::test]
async fn without_an_actor_nothing_is_allowed_and_the_log_says_why() {
    let log = Log::start();
    let server = Server::serve(adapter().router(&["/mcp"])).await;
    assert_eq!(server.tools().await, Vec::<Value>::new());
    assert_eq!(log.with("McpAdapter::default_actor").len(), 1);
    for tool in ALL {
        assert_eq!(server.error(tool, json!({})).await["code"], "forbidden");
    }
}

#[tokio::test]
async fn the_default_actor_stands_in_for_a_missing_one_only() {
    let reader = Actor::new(Author::anonymous(), Permissions::READ);
    let server = Server::serve(adapter().default_actor(reader.clone()).router(&["/mcp"])).await;
    assert_eq!(names(&server.tools().await), ALL[..2]);

    let nobody = Actor::new(Author::anonymous(), Permissions::default());
    let server = Server::with_actor(adapter().default_actor(reader), nobody).await;
    assert_eq!(server.tools().await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_is_written_is_kept_in_the_callers_name() {
    let store = Arc::new(InMemoryStore::default());
    let author = Author::agent("a1b2", Some("Concierge"));
    let actor = Actor::new(author.clone(), Permissions::ALL);
    let server = Server::with_actor(McpAdapter::new(store.clone()), actor).await;
    let id = server.add_restaurant("Anchor").await;
    server.add_review(id, 5).await;
    let details = store.restaurant_details(RestaurantId(id), ReviewQuery::default()).await;
    let details = details.unwrap().unwrap();
    assert_eq!(details.restaurant.created_by, author);
    assert_eq!(details.reviews[0].created_by, author);
}

#[tokio::test]
async fn a_read_only_server_lets_nobody_write() {
    let server = Server::of(adapter().read_only()).await;
    assert_eq!(names(&server.tools().await), ALL[..2]);
    server.ok("list_restaurants_mcp", json!({})).await;
    for tool in &ALL[2..] {
        let error = server.error(tool, json!({})).await;
        assert_eq!(error["code"], "forbidden");
        assert!(error["message"].as_str().unwrap().contains("read-only"), "{error}");
    }
    let prompts = server.request("prompts/list", json!({})).await["result"]["prompts"].clone();
    assert_eq!(names(prompts.as_array().unwrap()), ["compare_restaurants"]);
}

#[tokio::test]
async fn a_policy_narrows_what_a_caller_may_do_and_never_widens_it() {
    let no_new_restaurants = |_: &Actor, operation| operation != Operation::CreateRestaurant;
    let server = Server::of(adapter().permission_policy(no_new_restaurants)).await;
    assert_eq!(names(&server.tools().await), ALL[..3]);
    assert_eq!(server.error("create_restaurant_mcp", json!({})).await["code"], "forbidden");

    let reader = Actor::new(Author::person("1", None), Permissions::READ);
    let server = Server::with_actor(adapter().permission_policy(|_, _| true), reader).await;
    assert_eq!(names(&server.tools().await), ALL[..2]);
    assert_eq!(server.error("create_review_mcp", json!({})).await["code"], "forbidden");
}

#[tokio::test]
async fn the_host_says_where_the_actor_is_found() {
    #[derive(Clone)]
    struct Session(&'static str);
    let store = Arc::new(InMemoryStore::default());
    let adapter = McpAdapter::new(store.clone()).actor_from(|extensions| {
        let Session(user) = extensions.get()?;
        Some(Actor::new(Author::person(user, None), Permissions::ALL))
    });
    let server = Server::serve(adapter.router(&["/mcp"]).layer(Extension(Session("ann")))).await;
    let id = server.add_restaurant("Anchor").await;
    let details = store.restaurant_details(RestaurantId(id), ReviewQuery::default()).await;
    assert_eq!(details.unwrap().unwrap().restaurant.created_by, Author::person("ann", None));

    // What the default looks for means nothing then.
    let adapter = self::adapter().actor_from(|_| None);
    let server = Server::with_actor(adapter, Actor::unauthenticated()).await;
    assert_eq!(server.tools().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_hosts_rule_that_panics_denies() {
    let log = Log::start();
    let adapter = || self::adapter().default_actor(Actor::unauthenticated());
    let server = Server::of(adapter().actor_from(|_| panic!("no session"))).await;
    assert_eq!(server.tools().await, Vec::<Value>::new(), "not even what the default actor may");
    assert_eq!(server.error("list_restaurants_mcp", json!({})).await["code"], "forbidden");
    assert_eq!(log.with("actor_from panicked").len(), 2);

    let server = Server::of(adapter().permission_policy(|_, _| panic!("no rule"))).await;
    assert_eq!(server.tools().await, Vec::<Value>::new());
    assert_eq!(server.error("list_restaurants_mcp", json!({})).await["code"], "forbidden");
    assert_eq!(log.with("permission_policy panicked").len(), 4 + 1);
}

#[tokio::test]
async fn a_review_says_who_posted_it_but_not_their_id() {
    let store = Arc::new(InMemoryStore::default());
    let id = Server::of(McpAdapter::new(store.clone())).await.add_restaurant("Anchor").await;
    for (author, posted_by) in [
        (Author::person("secret-id", Some("Ann")), json!({"kind": "person", "name": "Ann"})),
        (Author::agent("secret-id", Some("Planner")), json!({"kind": "agent", "name": "Planner"})),
        (Author::agent("secret-id", None), json!({"kind": "agent"})),
        (Author::anonymous(), Value::Null),
    ] {
        let actor = Actor::new(author, Permissions::ALL);
        let server = Server::with_actor(McpAdapter::new(store.clone()), actor).await;
        server.add_review(id, 5).await;
        let details = server.ok("get_details_mcp", json!({"restaurant_id": id})).await;
        assert_eq!(details["reviews"][0]["posted_by"], posted_by);
        assert!(!details.to_string().contains("secret-id"), "{details}");
    }
}

#[tokio::test]
async fn a_post_says_through_which_client_and_tool_it_came() {
    let client = |name| ClientApplication::new("client", name);
    for (author, posted_by) in [
        (
            Author::agent_for_person("secret-id", Some("Ada")).with_client(client(Some("VS Code"))),
            json!({"kind": "agent_for_person", "name": "Ada", "client": {"id": "client", "name": "VS Code"}}),
        ),
        (
            Author::agent("secret-id", None).with_client(client(None)).with_blueprint(Some("b")),
            json!({"kind": "agent", "client": {"id": "client"}, "blueprint": "b"}),
        ),
    ] {
        let actor = Actor::new(author, Permissions::ALL);
        let server = Server::with_actor(adapter(), actor).await;
        let id = server.add_restaurant("Anchor").await;
        server.add_review(id, 5).await;
        let details = server.ok("get_details_mcp", json!({"restaurant_id": id})).await;
        for (post, tool) in [
            (&details["restaurant"], "create_restaurant_mcp"),
            (&details["reviews"][0], "create_review_mcp"),
        ] {
            assert_eq!(post["posted_by"], posted_by);
            assert_eq!(post["posted_via"], json!({"channel": "mcp", "tool": tool}));
        }
        assert!(!details.to_string().contains("secret-id"), "{details}");
    }
}

#[tokio::test]
async fn a_create_beyond_the_budget_is_told_the_limit_and_when_it_frees() {
    let budget = "2/hour".parse().unwrap();
    let context = WriteContext { budget, ..WriteContext::default() };
    let actor = Actor::new(Author::agent("1", None), Permissions::ALL).with_context(context);
    let server = Server::with_actor(adapter(), actor).await;
    let id = server.add_restaurant("Anchor").await;
    server.add_review(id, 5).await;
    let arguments =
        json!({"restaurant_id": id, "user_name": "Ann", "rating": 5, "review_text": "Good"});
    let error = server.error("create_review_mcp", arguments).await;
    assert_eq!((&error["code"], &error["retryable"]), (&"budget_exhausted".into(), &true.into()));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("2 times per hour") && message.contains("again at 2"), "{message}");
    assert!((1..=3600).contains(&error["retry_after_seconds"].as_u64().unwrap()));
    let details = server.ok("get_details_mcp", json!({"restaurant_id": id})).await;
    assert_eq!(details["restaurant"]["review_count"], 1);
}
