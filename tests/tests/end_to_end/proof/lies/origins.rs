//! Apps that trust the pages of some other sites.

use restaurant_tests::fault_proxy::{Answered, Asked, Lie};

pub(super) static LIES: &[(Lie, &str)] = &[
    (
        Lie::forward("hosts below ours", |it| {
            let host = it.origin.trim_start_matches("http://").to_owned();
            it.without_origin_if(it.header("origin").ends_with(&format!(".{host}")))
        }),
        "D16",
    ),
    (
        Lie::forward("a dot after the host", |it| {
            it.without_origin_if(it.header("origin").starts_with("http://127.0.0.1.:"))
        }),
        "D16",
    ),
    (
        Lie::forward("extensions of browsers", |it| {
            it.without_origin_if(it.header("origin").starts_with("chrome-extension://"))
        }),
        "D16",
    ),
    (
        Lie::forward("resources for other pages", |it| {
            it.without_origin_if(it.rpc().starts_with("resources/"))
        }),
        "D16",
    ),
    (Lie::forward("pings of other pages", |it| it.without_origin_if(it.rpc() == "ping")), "D16"),
    (
        Lie::forward("notifications of other pages", |it| {
            it.without_origin_if(it.rpc().starts_with("notifications/"))
        }),
        "D16",
    ),
    (
        Lie::forward("a session of another page", |it| {
            it.without_origin_if(it.is_foreign() && !it.header("mcp-session-id").is_empty())
        }),
        "D16",
    ),
    (
        Lie::forward("forms of other pages", |it| {
            it.without_origin_if(it.is("POST") && it.path == "/add" && it.is_foreign())
        }),
        "D16",
    ),
];

fn share(it: &Asked, answer: &mut Answered) {
    answer.set("access-control-allow-origin", it.header("origin"));
}

pub(super) static SHARED: &[(Lie, &str)] = &[
    (
        Lie::change("all may read", |_, answer| answer.set("access-control-allow-origin", "*")),
        "D24",
    ),
    (
        Lie::change("all may read what is refused", |_, answer| {
            if answer.is_refusal() {
                answer.set("access-control-allow-origin", "*");
            }
        }),
        "D24",
    ),
    (
        Lie::change("another port may read", |it, answer| {
            if it.header("origin").starts_with("http://127.0.0.1:") {
                share(it, answer);
            }
        }),
        "D24",
    ),
    (
        Lie::change("another scheme may read", |it, answer| {
            if it.header("origin") == it.origin.replace("http:", "https:") {
                share(it, answer);
            }
        }),
        "D24",
    ),
    (
        Lie::change("a page may be read with a token", |it, answer| {
            if it.path == "/" && !it.is_anonymous() {
                share(it, answer);
            }
        }),
        "D24",
    ),
    (
        Lie::change("details may be read", |it, answer| {
            if it.path == "/details/1" {
                share(it, answer);
            }
        }),
        "D24",
    ),
    (
        Lie::change("calls may be read", |it, answer| {
            if it.rpc() == "tools/call" {
                share(it, answer);
            }
        }),
        "D24",
    ),
    (
        Lie::change("the other address may be read", |it, answer| {
            if it.path == "/mcp" {
                share(it, answer);
            }
        }),
        "D24",
    ),
    (
        Lie::change("extensions may read", |it, answer| {
            if it.header("origin").starts_with("chrome-extension://") {
                share(it, answer);
            }
        }),
        "D24",
    ),
    (
        Lie::change("pages of the network may call", |it, answer| {
            if it.is("OPTIONS") {
                answer.set("access-control-allow-private-network", "true");
            }
        }),
        "D24",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trusted_origins_turn_a_case_red() {
    assert_eq!(super::surprises(&[LIES, SHARED], super::concerns).await, [""; 0]);
}
