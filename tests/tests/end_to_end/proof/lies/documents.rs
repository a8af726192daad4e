//! Apps whose metadata and challenges lead astray in some cases.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use restaurant_tests::fault_proxy::{Answered, Asked, Lie};
use serde_json::{Value, json};

const FOREIGN: &str = "https://attacker.example";

fn edit(it: &Asked, answer: &mut Answered, name: &str, value: Value) {
    if it.metadata().is_some() {
        answer.edit(|document| document[name] = value);
    }
}

/// A document of another party, at an address at which the app has no document.
fn serve(answer: &mut Answered, document: &Value) {
    answer.say(200);
    answer.set("content-type", "application/json");
    answer.body = document.to_string();
}

/// Takes the app's host from a header.
fn name(answer: &mut Answered, it: &Asked, host: &str) {
    let origin = format!("http://{host}");
    answer.body = answer.body.replace(&it.origin, &origin);
    let challenge = answer.headers.get("www-authenticate").and_then(|it| it.to_str().ok());
    if let Some(challenge) = challenge.map(|text| text.replace(&it.origin, &origin)) {
        answer.set("www-authenticate", &challenge);
    }
}

fn rewrite(answer: &mut Answered, from: &str, to: &str) {
    let challenge = answer.headers.get("www-authenticate").and_then(|it| it.to_str().ok());
    if let Some(challenge) = challenge.map(|it| it.replace(from, to)) {
        answer.set("www-authenticate", &challenge);
    }
}

pub(super) static LIES: &[(Lie, &str)] = &[
    (
        Lie::change("tokens in queries are advertised", |it, answer| {
            edit(it, answer, "bearer_methods_supported", json!(["header", "query"]));
        }),
        "D27",
    ),
    (
        Lie::change("unsigned responses are advertised", |it, answer| {
            edit(it, answer, "resource_signing_alg_values_supported", json!(["none"]));
        }),
        "D27",
    ),
    (
        Lie::change("signed metadata say otherwise", |it, answer| {
            let claims = json!({"authorization_servers": ["urn:elsewhere"]}).to_string();
            let claims = URL_SAFE_NO_PAD.encode(claims);
            edit(it, answer, "signed_metadata", json!(format!("e30.{claims}.AQAB")));
        }),
        "D27",
    ),
    (
        Lie::change("a member twice", |it, answer| {
            if it.metadata().is_some() && answer.body.starts_with('{') {
                let twice = format!(r#"{{"authorization_servers":["{FOREIGN}"],"#);
                answer.body.replace_range(..1, &twice);
            }
        }),
        "D27",
    ),
    (
        Lie::change("metadata name the forwarded host", |it, answer| {
            let host = it.header("x-forwarded-host").to_owned();
            if it.metadata().is_some() && !host.is_empty() {
                name(answer, it, &host);
            }
        }),
        "D27",
    ),
    (
        Lie::change("challenges name the forwarded host", |it, answer| {
            let host = it.header("x-forwarded-host").to_owned();
            if it.metadata().is_none() && !host.is_empty() {
                name(answer, it, &host);
            }
        }),
        "D27",
    ),
    (
        Lie::change("metadata name the original host", |it, answer| {
            let host = it.header("x-original-host").to_owned();
            if it.metadata().is_some() && !host.is_empty() {
                name(answer, it, &host);
            }
        }),
        "D27",
    ),
    (
        Lie::change("browsers get other metadata", |it, answer| {
            if it.header("user-agent").starts_with("Mozilla/") {
                edit(it, answer, "authorization_servers", json!([FOREIGN]));
            }
        }),
        "D27",
    ),
    (
        Lie::change("metadata below the endpoint", |it, answer| {
            if it.path == "/mcp/mcp/.well-known/oauth-protected-resource" {
                serve(answer, &json!({"resource": it.origin, "authorization_servers": [FOREIGN]}));
            }
        }),
        "D27",
    ),
    (
        Lie::change("metadata of the other address", |it, answer| {
            if it.metadata() == Some("/mcp") {
                serve(answer, &json!({"resource": it.origin, "authorization_servers": [FOREIGN]}));
            }
        }),
        "D27",
    ),
    (
        Lie::change("an authorization server below the endpoint", |it, answer| {
            if it.path == "/mcp/mcp/.well-known/openid-configuration" {
                serve(answer, &json!({"issuer": it.origin, "token_endpoint": FOREIGN}));
            }
        }),
        "D27",
    ),
    (
        Lie::change("tokens are inspected elsewhere", |it, answer| {
            if it.path == "/.well-known/oauth-authorization-server" {
                serve(answer, &json!({"issuer": it.origin, "introspection_endpoint": FOREIGN}));
            }
        }),
        "D27",
    ),
    (
        Lie::change("aliases of endpoints are elsewhere", |it, answer| {
            if it.path == "/.well-known/oauth-authorization-server" {
                let aliases = json!({"token_endpoint": format!("{FOREIGN}/token")});
                serve(answer, &json!({"issuer": it.origin, "mtls_endpoint_aliases": aliases}));
            }
        }),
        "D27",
    ),
    (
        Lie::change("people are sent elsewhere to sign in", |it, answer| {
            if it.path == "/authorize" {
                answer.say(302);
                answer.set("location", "https://attacker.example/authorize");
            }
        }),
        "D27",
    ),
    (
        Lie::change("the challenge of a wrong token leads elsewhere", |it, answer| {
            if !it.is_anonymous() && answer.status == 401 {
                rewrite(answer, "resource_metadata=\"http://", "resource_metadata=\"http://x.");
            }
        }),
        "D27",
    ),
    (
        Lie::change("the challenge of a missing role leads elsewhere", |it, answer| {
            if !it.is_anonymous() && answer.status == 403 {
                let challenge = "Bearer error=\"insufficient_scope\", scope=\"api://other/All\"";
                answer.set("www-authenticate", challenge);
            }
        }),
        "D27",
    ),
    (
        Lie::change("passwords are asked for", |_, answer| {
            if answer.status == 401 {
                answer.headers.append("www-authenticate", "Basic realm=\"app\"".parse().unwrap());
            }
        }),
        "D27",
    ),
    (
        Lie {
            name: "a refusal's cookie lets in",
            bypass: |it| it.at_endpoint_if(it.header("cookie").contains("visit=1")),
            change: |_, answer| {
                if answer.status == 401 {
                    answer.set("set-cookie", "visit=1; Path=/; HttpOnly");
                }
            },
            ..Lie::NONE
        },
        "D17",
    ),
    (
        Lie {
            name: "a refusal's session lets in",
            bypass: |it| it.at_endpoint_if(it.header("mcp-session-id") == "visit-1"),
            change: |_, answer| {
                if answer.status == 401 {
                    answer.set("mcp-session-id", "visit-1");
                }
            },
            ..Lie::NONE
        },
        "D17",
    ),
    (
        Lie {
            name: "an accepted caller's session and garbage",
            bypass: |it| {
                let is_one = it.header("mcp-session-id") == "session-1";
                it.past_if(is_one && it.header("authorization") == "Bearer garbage")
            },
            change: |it, answer| {
                if it.rpc() == "initialize" && answer.status == 200 {
                    answer.set("mcp-session-id", "session-1");
                }
            },
            ..Lie::NONE
        },
        "D17",
    ),
    (
        Lie {
            name: "an accepted caller's session without the role",
            bypass: |it| {
                let is_one = it.header("mcp-session-id") == "session-1";
                it.past_if(is_one && it.is_roleless())
            },
            change: |it, answer| {
                if it.rpc() == "initialize" && answer.status == 200 {
                    answer.set("mcp-session-id", "session-1");
                }
            },
            ..Lie::NONE
        },
        "D19",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_lead_astray_turn_a_case_red() {
    assert_eq!(super::surprises(&[LIES], super::concerns).await, [""; 0]);
}
