//! The author of what is written, by token and by the platform's header: with claims that are absent, forged or repeated.

use std::collections::HashMap;

use easyauth_emulator::sample;
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};

use super::{
    attack::{self, Lines, bearer},
    forge::Forge,
    protected_server::{Deployment, ProtectedServer},
    writers,
};

/// A caller, and the author that readers see.
struct Case {
    name: &'static str,
    lines: Lines,
    posted_by: Value,
}

const BLUEPRINT: &str = "30cf4c22-0000-4000-8000-000000000001";

/// A token with these claims in place of its own.
fn token(forge: Forge<'_>, changes: &[(&str, Value)]) -> Lines {
    let forge = forge.claim("app_displayname", Value::Null);
    let forge = changes.iter().fold(forge, |forge, (name, value)| forge.claim(name, value.clone()));
    bearer(forge.sign())
}

/// Ada through a client application, with further fields.
fn ada(more: &Value) -> Value {
    let mut ada = json!({"kind": "agent_for_person", "name": "Ada Sample", "client": {"id": sample::INTERACTIVE}});
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            ada.as_object_mut().unwrap().remove(name);
        } else {
            ada[name] = value.clone();
        }
    }
    ada
}

fn tokens(protected: &ProtectedServer) -> Vec<Case> {
    let person = |changes: &[(&str, Value)]| token(Forge::person(protected.cloud()), changes);
    let agent = |changes: &[(&str, Value)]| token(Forge::agent(protected.cloud()), changes);
    let case = |name, lines, posted_by| Case { name, lines, posted_by };
    let named = |name: &str| json!({"id": sample::INTERACTIVE, "name": name});
    let facet = |claim, facet: &str| (claim, json!(facet));
    let blueprint = || ("xms_par_app_azp", json!(BLUEPRINT));
    vec![
        case("a person through a client", person(&[]), ada(&json!({}))),
        case(
            "the client's name",
            person(&[("app_displayname", json!("VS Code"))]),
            ada(&json!({"client": named("VS Code")})),
        ),
        case(
            "no name",
            person(
                &["name", "preferred_username", "upn", "unique_name"]
                    .map(|name| (name, Value::Null)),
            ),
            ada(&json!({"name": null})),
        ),
        case("an agent", agent(&[]), json!({"kind": "agent", "client": {"id": sample::AGENT}})),
        case(
            "an agent's user account",
            person(&[facet("xms_sub_fct", "9 13 3")]),
            ada(&json!({"kind": "agent"})),
        ),
        case(
            "an agent identity for a person",
            person(&[facet("xms_act_fct", "3 9 11"), blueprint()]),
            ada(&json!({"blueprint": BLUEPRINT})),
        ),
        case(
            "an agent identity alone",
            agent(&[facet("xms_sub_fct", "11"), facet("xms_act_fct", "11"), blueprint()]),
            json!({"kind": "agent", "client": {"id": sample::AGENT}, "blueprint": BLUEPRINT}),
        ),
        case(
            "an agent identity without a blueprint",
            person(&[facet("xms_act_fct", "11")]),
            ada(&json!({})),
        ),
    ]
}

/// Claims that are forged (not an agent's, or that look like an agent's) or there twice, and headers of the platform's.
fn forged_and_repeated(protected: &ProtectedServer) -> Vec<Case> {
    let person = |changes: &[(&str, Value)]| token(Forge::person(protected.cloud()), changes);
    let case = |name, lines, posted_by| Case { name, lines, posted_by };
    let facet = |claim, facet: &str| (claim, json!(facet));
    let blueprint = || ("xms_par_app_azp", json!(BLUEPRINT));
    let platforms = vec![
        ("x-ms-client-principal-name".to_owned(), "Mallory".to_owned()),
        ("x-ms-client-principal-id".to_owned(), "0e15".to_owned()),
        ("x-ms-client-principal-idp".to_owned(), "aad".to_owned()),
    ];
    vec![
        case("a blueprint without a facet", person(&[blueprint()]), ada(&json!({}))),
        case(
            "facets that look like the agent's",
            person(&[
                facet("xms_sub_fct", "113 1 3,13"),
                facet("xms_act_fct", "111 1.1"),
                blueprint(),
            ]),
            ada(&json!({})),
        ),
        case("headers of the platform's", [person(&[]), platforms].concat(), ada(&json!({}))),
        case(
            "a name that turns the text around it",
            person(&[("name", json!("Eve \u{202e}nimda\u{1b}[2J"))]),
            ada(&json!({"name": "Eve nimda[2J"})),
        ),
        case("a blank name", person(&[("name", json!(" \u{200b} "))]), ada(&json!({"name": null}))),
        case(
            "two blueprints",
            person(&[facet("xms_act_fct", "11"), ("xms_par_app_azp", json!([BLUEPRINT, "other"]))]),
            ada(&json!({})),
        ),
        case(
            "facets in a list",
            person(&[("xms_sub_fct", json!(["9", "13"]))]),
            ada(&json!({"kind": "agent"})),
        ),
    ]
}

/// What readers see of each review, by its text.
async fn seen(protected: &ProtectedServer) -> HashMap<String, Value> {
    let reader = bearer(Forge::agent(protected.cloud()).sign());
    let arguments = json!({"restaurant_id": 1, "reviews_limit": 100});
    let params = json!({"name": "get_details_mcp", "arguments": arguments});
    let answer = attack::send(protected, &reader, "tools/call", params).await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let reviews = answer["result"]["structuredContent"]["reviews"].as_array().unwrap().clone();
    let by_text = |review: Value| (review["review_text"].as_str().unwrap().to_owned(), review);
    reviews.into_iter().map(by_text).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_is_attributed_by_its_token() {
    for deployment in [Deployment::Entra, Deployment::Platform] {
        let protected = ProtectedServer::start(deployment).await;
        let mut cases = tokens(&protected);
        cases.extend(forged_and_repeated(&protected));
        for Case { name, lines, .. } in &cases {
            let answer = attack::write(&protected, lines, name).await.unwrap();
            let answer: Value = answer.json().await.unwrap();
            assert_eq!(answer["result"]["isError"], false, "{deployment:?}, {name}: {answer}");
        }
        let seen = seen(&protected).await;
        let mut wrong = Vec::new();
        for Case { name, posted_by, .. } in &cases {
            let review = &seen[*name];
            if review["posted_by"] != *posted_by {
                wrong.push(format!("{name}: {}, and not {posted_by}", review["posted_by"]));
            }
            let via = json!({"channel": "mcp", "tool": "create_review_mcp"});
            assert_eq!(review["posted_via"], via, "{deployment:?}, {name}");
        }
        assert!(wrong.is_empty(), "{deployment:?}:\n{}", wrong.join("\n"));
    }
}

/// A name, the changed claims, and the author that readers see.
type HeaderCase<'a> = (&'a str, Vec<(&'a str, &'a str)>, Value);

/// The platform's own header, as the server behind it gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_is_attributed_by_the_platforms_header() {
    let protected = ProtectedServer::start(Deployment::Platform).await;
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let app = sample::API.to_string();
    let interactive = sample::INTERACTIVE.to_string();
    let scope = ("scp", "user_impersonation");
    let ann = json!({"kind": "person", "name": "Ann"});
    let through =
        |client: &str| json!({"kind": "agent_for_person", "name": "Ann", "client": {"id": client}});
    let cases: Vec<HeaderCase<'_>> = vec![
        ("a person at a browser", vec![], ann.clone()),
        ("a person whose session names the app", vec![("azp", &app)], ann.clone()),
        (
            "a person without a name",
            vec![("name", ""), ("preferred_username", "")],
            json!({"kind": "person"}),
        ),
        ("a person through a client", vec![scope, ("azp", &interactive)], through(&interactive)),
        (
            "a person through a client, by version 1.0",
            vec![scope, ("appid", &interactive)],
            through(&interactive),
        ),
        (
            "two names of the client",
            vec![
                scope,
                ("azp", &interactive),
                ("app_displayname", "VS Code"),
                ("app_displayname", "Other"),
            ],
            through(&interactive),
        ),
        (
            "two blueprints",
            vec![
                scope,
                ("azp", &interactive),
                ("xms_act_fct", "11"),
                ("xms_par_app_azp", BLUEPRINT),
                ("xms_par_app_azp", "other"),
            ],
            through(&interactive),
        ),
        ("a facet", vec![("xms_sub_fct", "13")], json!({"kind": "agent", "name": "Ann"})),
        ("a facet that looks like it", vec![("xms_sub_fct", "131")], ann),
    ];
    for (name, changes, _) in &cases {
        let form = [("user_name", "Mallory"), ("rating", "1"), ("review_text", name)];
        let request = client.post(protected.server.url("/review/1")).form(&form);
        let request = request.header("x-ms-client-principal", writers::session(changes));
        assert_eq!(request.send().await.unwrap().status(), 303, "{name}");
    }
    let seen = seen(&protected).await;
    for (name, _, posted_by) in &cases {
        assert_eq!(seen[*name]["posted_by"], *posted_by, "{name}");
        assert_eq!(seen[*name]["posted_via"], json!({"channel": "page"}), "{name}");
    }
}
