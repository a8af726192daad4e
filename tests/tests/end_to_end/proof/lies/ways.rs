//! Apps with other ways to the endpoint and the pages.

use restaurant_tests::fault_proxy::Lie;

pub(super) static METHODS: &[(Lie, &str)] = &[
    (
        Lie::change("TRACE is answered", |it, answer| {
            if it.is("TRACE") {
                answer.say(200);
                answer.body.clear();
            }
        }),
        "D21",
    ),
    (Lie::bypass("PROPFIND is not checked", |it| it.at_endpoint_if(it.is("PROPFIND"))), "D21"),
    (
        Lie::bypass("made-up methods are not checked", |it| {
            let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];
            let others = ["QUERY", "PROPFIND", "post"];
            it.at_endpoint_if(!known.into_iter().chain(others).any(|known| it.is(known)))
        }),
        "D21",
    ),
    (
        Lie::bypass("GET with a message", |it| {
            it.at_endpoint_if(it.is("GET") && it.rpc() == "tools/list")
        }),
        "D21",
    ),
    (
        Lie::bypass("GET becomes POST", |it| {
            let is_post = it.header("x-http-method-override") == "POST";
            it.at_endpoint_if(it.is("GET") && is_post)
        }),
        "D21",
    ),
    (
        Lie::bypass("the method in another header", |it| {
            it.at_endpoint_if(it.headers.contains_key("x-method-override"))
        }),
        "D21",
    ),
    (
        Lie::bypass("the method in the query", |it| {
            it.at_endpoint_if(it.query.as_deref().is_some_and(|it| it.starts_with("_method=")))
        }),
        "D21",
    ),
    (
        Lie::change("a stream at the other address", |it, answer| {
            if it.is("GET") && it.path == "/mcp" {
                answer.say(200);
            }
        }),
        "D21",
    ),
    (Lie::bypass("HEAD of a form", |it| it.same_if(it.is("HEAD") && it.path == "/create")), "D21"),
];

pub(super) static PATHS: &[(Lie, &str)] = &[
    (Lie::bypass("a segment more", |it| it.at_endpoint_if(it.path == "/mcp/mcp/x")), "D22"),
    (Lie::bypass("a file of JSON", |it| it.at_endpoint_if(it.path.ends_with("/mcp.json"))), "D22"),
    (Lie::bypass("a style sheet", |it| it.at_endpoint_if(it.path.ends_with("/x.css"))), "D22"),
    (
        Lie::bypass("two dots and a parameter", |it| it.at_endpoint_if(it.path.contains("..;"))),
        "D22",
    ),
    (
        Lie::bypass("an encoded percent sign", |it| it.at_endpoint_if(it.path.contains("%25"))),
        "D22",
    ),
    (Lie::bypass("a line break", |it| it.at_endpoint_if(it.path.ends_with("%0a"))), "D22"),
    (Lie::bypass("a question mark", |it| it.at_endpoint_if(it.path.ends_with("%3f"))), "D22"),
    (Lie::bypass("encoded dots", |it| it.at_endpoint_if(it.path.contains("/%2e%2e/"))), "D22"),
    (Lie::bypass("one capital", |it| it.at_endpoint_if(it.path == "/Mcp/mcp")), "D22"),
    (
        Lie::bypass("well-known in the path", |it| {
            it.at_endpoint_if(it.path.contains("/.well-known/") && it.rpc() == "tools/list")
        }),
        "D22",
    ),
    (
        Lie::bypass("an open path in the query", |it| {
            it.at_endpoint_if(it.query.as_deref().is_some_and(|it| it.contains("/healthz")))
        }),
        "D22",
    ),
    (
        Lie::bypass("a file in the query", |it| {
            it.at_endpoint_if(it.query.as_deref().is_some_and(|it| it.ends_with("x.css")))
        }),
        "D22",
    ),
    (
        Lie::bypass("a long query", |it| {
            it.at_endpoint_if(it.query.as_deref().is_some_and(|it| it.len() > 4000))
        }),
        "D22",
    ),
    (
        Lie::bypass("out of the static files", |it| {
            it.at_endpoint_if(it.path == "/static/../mcp/mcp")
        }),
        "D22",
    ),
    (Lie::bypass("a whole URL", |it| it.at_endpoint_if(it.is_absolute)), "D22"),
    (Lie::bypass("the endpoint below /api", |it| it.at_endpoint_if(it.path == "/api/mcp")), "D22"),
    (Lie::bypass("the endpoint of a version", |it| it.at_endpoint_if(it.path == "/v1/mcp")), "D22"),
    (
        Lie::change("the old transport", |it, answer| {
            if it.is("GET") && it.path == "/sse" {
                answer.say(200);
                answer.set("content-type", "text/event-stream");
                "event: endpoint\ndata: /messages?session_id=1\n\n".clone_into(&mut answer.body);
            }
        }),
        "D22",
    ),
    (
        Lie::bypass("messages of the old transport", |it| {
            it.at_endpoint_if(it.path == "/messages")
        }),
        "D22",
    ),
    (
        Lie {
            name: "a redirect with a ticket",
            bypass: |it| it.at_endpoint_if(it.query.as_deref() == Some("ticket=1")),
            change: |it, answer| {
                if it.path == "/mcp/mcp/" {
                    answer.say(307);
                    answer.set("location", "/mcp/mcp?ticket=1");
                }
            },
            ..Lie::NONE
        },
        "D22",
    ),
    (
        Lie::bypass("details as a file", |it| {
            it.page_if(it.path == "/details/1.json", "/details/1")
        }),
        "D22",
    ),
    (
        Lie::bypass("details by a padded number", |it| {
            it.page_if(it.path == "/details/01", "/details/1")
        }),
        "D22",
    ),
    (
        Lie::bypass("details as a style sheet", |it| {
            it.page_if(it.path == "/details/1/x.css", "/details/1")
        }),
        "D22",
    ),
];

pub(super) static PAGES: &[(Lie, &str)] = &[
    (
        Lie::change("the API is described", |it, answer| {
            if it.path == "/openapi.json" {
                answer.say(200);
                r#"{"paths": {"/": {}}}"#.clone_into(&mut answer.body);
            }
        }),
        "B1",
    ),
    (
        Lie::change("metrics", |it, answer| {
            if it.path == "/metrics" {
                answer.say(200);
                "requests_total 7".clone_into(&mut answer.body);
            }
        }),
        "B1",
    ),
    (
        Lie::bypass("an API behind the pages", |it| it.page_if(it.path == "/api/restaurants", "/")),
        "B1",
    ),
    (
        Lie::bypass("details as JSON", |it| {
            it.same_if(it.path == "/details/1" && it.header("accept") == "application/json")
        }),
        "B1",
    ),
    (
        Lie::change("an unknown page tells the tools", |it, answer| {
            if it.is("GET") && it.path == "/no-such-page" {
                answer.say(404);
                "Try list_restaurants_mcp.".clone_into(&mut answer.body);
            }
        }),
        "B1",
    ),
    (
        Lie::bypass("a part of a page", |it| {
            it.same_if(it.path == "/" && it.header("hx-request") == "true")
        }),
        "B1",
    ),
    (
        Lie::bypass("a search", |it| {
            it.same_if(it.query.as_deref().is_some_and(|it| it.starts_with("search=")))
        }),
        "B1",
    ),
    (
        Lie::bypass("a part of a file", |it| {
            it.same_if(it.path == "/" && it.headers.contains_key("range"))
        }),
        "B1",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_ways_to_the_app_turn_a_case_red() {
    assert_eq!(super::surprises(&[METHODS, PAGES, PATHS], super::is_of_ways).await, [""; 0]);
}
