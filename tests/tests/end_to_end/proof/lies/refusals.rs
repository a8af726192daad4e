//! Apps whose refusals disclose data, or do not refuse.

use restaurant_tests::fault_proxy::{Answered, Asked, Lie};

/// Whether nothing can be read of a message.
fn is_malformed(it: &Asked) -> bool {
    it.is("POST") && it.path == "/mcp/mcp" && it.message.is_null()
}

fn break_down(answer: &mut Answered, text: &str) {
    if answer.status.as_u16() >= 400 {
        text.clone_into(&mut answer.body);
    }
}

pub(super) static LIES: &[(Lie, &str)] = &[
    (
        Lie::change("a trace of a malformed token", |it, answer| {
            if it.header("authorization") == "Bearer a.b.c" {
                answer.refuse_with("Traceback (most recent call last):");
            }
        }),
        "D25",
    ),
    (
        Lie::change("a trace of a malformed message", |it, answer| {
            if is_malformed(it) && it.is_anonymous() {
                break_down(answer, "thread 'main' panicked at src/json.rs:1:2");
            }
        }),
        "D25",
    ),
    (
        Lie::change("a trace of an accepted caller's malformed message", |it, answer| {
            if is_malformed(it) && !it.is_anonymous() {
                break_down(answer, "thread 'main' panicked at src/json.rs:1:2");
            }
        }),
        "D25",
    ),
    (
        Lie::change("a trace of .NET", |_, it| {
            it.refuse_with("   at App.Auth.Check() in C:\\app\\Auth.cs:line 12");
        }),
        "D25",
    ),
    (
        Lie::change("a trace of Java", |_, it| {
            it.refuse_with(
                "io.jsonwebtoken.security.SignatureException\\n\\tat io.App.main(App.java:12)",
            );
        }),
        "D25",
    ),
    (Lie::change("a trace of Go", |_, it| it.refuse_with("goroutine 1 [running]:")), "D25"),
    (
        Lie::change("a trace of PHP", |_, it| {
            it.refuse_with("Fatal error: Uncaught Error in /var/www/auth.php on line 12");
        }),
        "D25",
    ),
    (
        Lie::change("a trace in JSON", |_, it| {
            it.refuse_with(r#"{"detail": "File \"/app/auth.py\", line 12, in check"}"#);
        }),
        "D25",
    ),
    (
        Lie::change("an error of the database", |_, it| {
            it.refuse_with("SQLSTATE[28000]: postgres://app:secret@db/app");
        }),
        "D25",
    ),
    (Lie::change("a setting", |_, it| it.refuse_with("AZURE_CLIENT_SECRET=abc")), "D25"),
    (
        Lie::change("the tools, escaped", |_, it| {
            it.refuse_with(r#"{"try": "list\u005frestaurants\u005fmcp"}"#);
        }),
        "B1 B3 D21 D22 D23 D25",
    ),
    (
        Lie::change("a password spelled out", |it, answer| {
            if let Some(secret) = it.header("authorization").strip_prefix("Basic ") {
                let spelled: Vec<_> = secret.chars().map(String::from).collect();
                answer.refuse_with(&spelled.join(" "));
            }
        }),
        "D25",
    ),
    (
        Lie::change("a password backwards", |it, answer| {
            if let Some(secret) = it.header("authorization").strip_prefix("Basic ") {
                answer.refuse_with(&secret.chars().rev().collect::<String>());
            }
        }),
        "D25",
    ),
    (
        Lie::change("the data under a 403", |it, answer| {
            if answer.status == 403 && !it.is_foreign() {
                r#"{"jsonrpc": "2.0", "id": 1, "result": {}}"#.clone_into(&mut answer.body);
            }
        }),
        "D25",
    ),
];

pub(super) static WRITES: &[(Lie, &str)] = &[
    (
        Lie {
            name: "a review without the role is written and refused",
            bypass: |it| {
                let is_refused = it.tool() == "create_review_mcp" && it.is_roleless();
                it.past_if(is_refused)
            },
            change: |it, answer| {
                if it.tool() == "create_review_mcp" && it.is_roleless() {
                    answer.say(403);
                    answer.body.clear();
                }
            },
            ..Lie::NONE
        },
        "D26",
    ),
    (
        Lie::bypass("reviews need no role", |it| {
            it.past_if(it.tool() == "create_review_mcp" && it.is_roleless())
        }),
        "D26",
    ),
    (
        Lie::bypass("reviews need any token", |it| {
            it.past_if(it.tool() == "create_review_mcp" && !it.is_anonymous() && !it.is_foreign())
        }),
        "D26",
    ),
    (
        Lie::bypass("restaurants need any token", |it| {
            it.past_if(it.tool() == "create_restaurant_mcp" && !it.is_anonymous())
        }),
        "D26",
    ),
    (
        Lie::bypass("writes in a batch", |it| {
            let message = it.message.as_array()?.first()?;
            let is_write = message["params"]["name"] == "create_review_mcp";
            if is_write { it.saying(message) } else { None }
        }),
        "D26",
    ),
    (
        Lie::bypass("writes at the other address", |it| {
            it.at_endpoint_if(it.path == "/mcp" && it.tool() == "create_review_mcp")
        }),
        "D26",
    ),
    (
        Lie::bypass("writes without initialize", |it| {
            let is_stateless = it.header("mcp-protocol-version") == "2026-07-28";
            it.at_endpoint_if(is_stateless && it.tool() == "create_review_mcp")
        }),
        "D26",
    ),
    (
        Lie {
            name: "a form in the address is written and refused",
            bypass: |it| {
                let mut form = it.clone();
                let query = it.query.clone().filter(|it| it.contains("restaurant_name="))?;
                form.method = "POST".parse().ok()?;
                form.query = None;
                form.body = query.into();
                form.headers
                    .insert("content-type", "application/x-www-form-urlencoded".parse().ok()?);
                form.same_if(it.is("GET") && it.path == "/add")
            },
            change: |it, answer| {
                if it.is("GET") && it.path == "/add" {
                    answer.say(401);
                    answer.body.clear();
                }
            },
            ..Lie::NONE
        },
        "D26",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_that_are_none_turn_a_case_red() {
    assert_eq!(super::surprises(&[LIES, WRITES], super::concerns).await, [""; 0]);
}
