//! The matrix of small flaws: each a line, with exactly the cases that must go red.

use auth_probe::{Case, Verdict};
use easyauth_emulator::{Options, sample};
use futures_util::{StreamExt as _, stream};
use restaurant_tests::{
    app_service::AppService,
    fault_proxy::{Answered, Asked, Fault, FaultProxy, Lie},
};
use serde_json::{Value, json};

use super::{ids, run};

mod documents;
mod messages;
mod origins;
mod refusals;
mod ways;

/// The flaws, each with the cases that must go red, by spaces.
pub(crate) static LIES: &[&[(Lie, &str)]] = &[
    PAGES,
    ANONYMOUS,
    METHODS,
    PATHS,
    MESSAGES,
    ORIGINS,
    SHARED,
    REFUSALS,
    WRITES,
    METADATA,
    CHALLENGES,
    documents::LIES,
    messages::FORMS,
    messages::MEANINGS,
    origins::LIES,
    origins::SHARED,
    refusals::LIES,
    refusals::WRITES,
    ways::METHODS,
    ways::PAGES,
    ways::PATHS,
];

static PAGES: &[(Lie, &str)] = &[
    (
        Lie::bypass("details of another restaurant", |it| it.same_if(it.path == "/details/2")),
        "B1 D21",
    ),
    (Lie::bypass("the form of a review", |it| it.same_if(it.path == "/review/1")), "B1"),
    (
        Lie::bypass("browsers see the page", |it| {
            it.same_if(it.path == "/" && it.header("accept") == "text/html")
        }),
        "B1",
    ),
    (
        Lie {
            name: "the page is under its refusal",
            bypass: |it| it.same_if(it.is("GET") && it.path == "/"),
            change: |it, answer| {
                if it.is("GET") && it.path == "/" {
                    answer.say(401);
                }
            },
            ..Lie::NONE
        },
        "B1 D22",
    ),
];

static ANONYMOUS: &[(Lie, &str)] = &[
    (Lie::bypass("pings", |it| it.same_if(it.rpc() == "ping")), "B3 D1"),
    (Lie::bypass("resources", |it| it.same_if(it.rpc() == "resources/list")), "B3 D1"),
    (Lie::bypass("a resource", |it| it.same_if(it.rpc() == "resources/read")), "B3 D1"),
    (Lie::bypass("prompts", |it| it.same_if(it.rpc() == "prompts/list")), "B3 D1"),
    (Lie::bypass("completion", |it| it.same_if(it.rpc() == "completion/complete")), "B3 D1"),
    (Lie::bypass("unknown methods", |it| it.same_if(it.rpc() == "no/such/method")), "B3"),
    (
        Lie::bypass("tools at the other address", |it| {
            it.at_endpoint_if(it.path == "/mcp" && it.rpc() == "tools/list")
        }),
        "B3 D1",
    ),
    (
        Lie::bypass("calls at the other address", |it| {
            it.at_endpoint_if(it.path == "/mcp" && it.rpc() == "tools/call")
        }),
        "B3 D26",
    ),
];

static METHODS: &[(Lie, &str)] = &[
    (Lie::bypass("PUT is not checked", |it| it.at_endpoint_if(it.is("PUT"))), "D21"),
    (Lie::bypass("PATCH is not checked", |it| it.at_endpoint_if(it.is("PATCH"))), "D21"),
    (Lie::bypass("DELETE is not checked", |it| it.at_endpoint_if(it.is("DELETE"))), "D21"),
    (Lie::bypass("OPTIONS is not checked", |it| it.at_endpoint_if(it.is("OPTIONS"))), "D21"),
    (Lie::bypass("methods are compared in capitals", |it| it.at_endpoint_if(it.is("post"))), "D21"),
    (
        Lie::bypass("HEAD of a page is not checked", |it| {
            it.same_if(it.is("HEAD") && it.path == "/")
        }),
        "D21",
    ),
    (
        Lie::bypass("a method override is believed", |it| {
            it.at_endpoint_if(it.headers.contains_key("x-http-method-override"))
        }),
        "D21",
    ),
    (
        Lie::change("GET at the endpoint opens a stream", |it, answer| {
            if it.is("GET") && it.path == "/mcp/mcp" {
                answer.say(200);
            }
        }),
        "D21",
    ),
];

static PATHS: &[(Lie, &str)] = &[
    (
        Lie::bypass("two slashes at the beginning", |it| it.at_endpoint_if(it.path == "//mcp/mcp")),
        "D22",
    ),
    (
        Lie::bypass("two slashes in the middle", |it| it.at_endpoint_if(it.path == "/mcp//mcp")),
        "D22",
    ),
    (Lie::bypass("a slash at the end", |it| it.at_endpoint_if(it.path == "/mcp/mcp/")), "D22"),
    (Lie::bypass("capitals", |it| it.at_endpoint_if(it.path == "/MCP/MCP")), "D22"),
    (Lie::bypass("an encoded letter", |it| it.at_endpoint_if(it.path == "/%6dcp/mcp")), "D22"),
    (Lie::bypass("an encoded slash", |it| it.at_endpoint_if(it.path == "/mcp%2fmcp")), "D22"),
    (Lie::bypass("a dot segment", |it| it.at_endpoint_if(it.path == "/./mcp/mcp")), "D22"),
    (Lie::bypass("two dots", |it| it.at_endpoint_if(it.path == "/x/../mcp/mcp")), "D22"),
    (
        Lie::bypass("out of an excluded path", |it| {
            it.at_endpoint_if(it.path.starts_with("/healthz/"))
        }),
        "D22",
    ),
    (Lie::bypass("a path parameter", |it| it.at_endpoint_if(it.path.contains(';'))), "D22"),
    (Lie::bypass("a NUL byte", |it| it.at_endpoint_if(it.path.ends_with("%00"))), "D22"),
    (Lie::bypass("a space", |it| it.at_endpoint_if(it.path.ends_with("%20"))), "D22"),
    (Lie::bypass("a backslash", |it| it.at_endpoint_if(it.path.contains('\\'))), "D22"),
    (Lie::bypass("a query", |it| it.at_endpoint_if(it.query.as_deref() == Some("x"))), "D22"),
    (
        Lie::bypass("a form's slash at the end", |it| it.page_if(it.path == "/create/", "/create")),
        "D22",
    ),
    (
        Lie::bypass("a page's slash at the end", |it| {
            it.page_if(it.path == "/details/1/", "/details/1")
        }),
        "D22",
    ),
    (
        Lie::bypass("an encoded digit", |it| it.page_if(it.path == "/details/%31", "/details/1")),
        "D22",
    ),
    (Lie::bypass("a page of two slashes", |it| it.page_if(it.path == "//", "/")), "D22"),
    (Lie::bypass("a page's index", |it| it.page_if(it.path == "/index.html", "/")), "D22"),
];

static MESSAGES: &[(Lie, &str)] = &[
    (
        Lie::bypass("a batch", |it| {
            if it.message.is_array() { it.saying(it.message.as_array()?.last()?) } else { None }
        }),
        "D1 D23 D26",
    ),
    (
        Lie::bypass("the protocol without initialize", |it| {
            it.at_endpoint_if(it.header("mcp-protocol-version") == "2026-07-28")
        }),
        "D1 D23 D26",
    ),
    (Lie::bypass("discovery", |it| it.at_endpoint_if(it.rpc() == "server/discover")), "D23"),
    (
        Lie::bypass("browsers", |it| {
            it.at_endpoint_if(it.path == "/mcp/mcp" && it.header("accept") == "text/html")
        }),
        "D23",
    ),
    (
        Lie::bypass("plain text", |it| {
            it.at_endpoint_if(it.header("content-type") == "text/plain")
        }),
        "D23",
    ),
    (
        Lie::bypass("a session id", |it| {
            it.at_endpoint_if(!it.header("mcp-session-id").is_empty())
        }),
        "D17",
    ),
    (
        Lie::bypass("a health check", |it| {
            it.at_endpoint_if(it.header("user-agent") == "AlwaysOn")
        }),
        "D18",
    ),
    (
        Lie::bypass("this machine", |it| {
            it.at_endpoint_if(it.header("x-forwarded-for").contains("127.0.0.1"))
        }),
        "D18",
    ),
    (Lie::bypass("a cookie", |it| it.at_endpoint_if(!it.header("cookie").is_empty())), "D17"),
    (
        Lie::bypass("a page of its own", |it| it.at_endpoint_if(!it.header("referer").is_empty())),
        "D23",
    ),
    (
        Lie::bypass("a rewritten URL", |it| {
            it.at_endpoint_if(it.header("x-original-url") == "/healthz")
        }),
        "D18",
    ),
];

static ORIGINS: &[(Lie, &str)] = &[
    (
        Lie::forward("only initialize is checked", |it| {
            it.without_origin_if(it.rpc().starts_with("tools/"))
        }),
        "D16",
    ),
    (Lie::forward("null", |it| it.without_origin_if(it.header("origin") == "null")), "D16"),
    (
        Lie::forward("the beginning of an origin", |it| {
            it.without_origin_if(it.header("origin").starts_with("http://127.0.0.1"))
        }),
        "D16",
    ),
    (
        Lie::forward("the end of an origin", |it| {
            let host = it.origin.trim_start_matches("http://").to_owned();
            it.without_origin_if(it.header("origin").ends_with(&host))
        }),
        "D16",
    ),
];

static SHARED: &[(Lie, &str)] = &[
    (
        Lie::change("every origin may read", |it, answer| {
            if it.is_foreign() {
                answer.set("access-control-allow-origin", it.header("origin"));
            }
        }),
        "D24",
    ),
    (
        Lie::change("a page of no origin may read", |it, answer| {
            if it.header("origin") == "null" {
                answer.set("access-control-allow-origin", "null");
            }
        }),
        "D24",
    ),
    (
        Lie::change("preflights allow all with credentials", |it, answer| {
            if it.is("OPTIONS") {
                answer.say(204);
                answer.body.clear();
                answer.set("access-control-allow-origin", "*");
                answer.set("access-control-allow-credentials", "true");
            }
        }),
        "D24",
    ),
    (
        Lie::change("origins that begin as ours do may read", |it, answer| {
            if it.header("origin").starts_with("http://127.0.0.1.") {
                answer.set("access-control-allow-origin", it.header("origin"));
            }
        }),
        "D24",
    ),
    (
        Lie::change("origins that end as ours does may read", |it, answer| {
            if it.header("origin").starts_with("http://attacker") && it.is("POST") {
                answer.set("access-control-allow-origin", it.header("origin"));
            }
        }),
        "D24",
    ),
];

static REFUSALS: &[(Lie, &str)] = &[
    (
        Lie::change("refusals name the tools", |_, it| {
            it.refuse_with(r#"{"available": ["list_restaurants_mcp"]}"#);
        }),
        "B1 B3 D21 D22 D23 D25",
    ),
    (
        Lie::change("refusals of tokens name the tools", |it, answer| {
            if !it.is_anonymous() {
                answer.refuse_with(r#"{"available": ["list_restaurants_mcp"]}"#);
            }
        }),
        "D25",
    ),
    (
        Lie::change("a result under 401", |it, answer| {
            if it.rpc() == "tools/call" && !it.is_anonymous() {
                answer.refuse_with(r#"{"jsonrpc": "2.0", "id": 1, "result": {}}"#);
            }
        }),
        "D25",
    ),
    (
        Lie::change("a panic", |it, answer| {
            if !it.is_anonymous() {
                answer.refuse_with("thread 'main' panicked at src/token.rs:12:7");
            }
        }),
        "D25",
    ),
    (
        Lie::change("a traceback", |_, it| it.refuse_with("Traceback (most recent call last):")),
        "D25",
    ),
    (
        Lie::change("a stack trace", |_, it| {
            it.refuse_with("Error: no\n    at verify (/app/auth.js:3:1)");
        }),
        "D25",
    ),
    (
        Lie::change("the credential in the body", |it, answer| {
            answer.refuse_with(&format!("invalid: {}", it.header("authorization")));
        }),
        "D25 D30",
    ),
    (
        Lie::change("the end of the credential in a header", |it, answer| {
            if let Some((at, _)) = it.header("authorization").char_indices().nth_back(19)
                && answer.is_refusal()
            {
                answer.set("x-rejected", &it.header("authorization")[at..]);
            }
        }),
        "D25 D30",
    ),
    (
        Lie::change("the credential the other way round", |it, answer| {
            let reversed: String = it.header("authorization").chars().rev().collect();
            answer.refuse_with(&reversed);
        }),
        "D25 D30",
    ),
    (
        Lie::change("the token in a header of what is let in", |it, answer| {
            let token = it.header("authorization");
            if answer.status == 200 && token.len() > 60 {
                answer.set("x-debug", &token[40..60]);
            }
        }),
        "D30",
    ),
    (
        Lie::change("a sign-in page for forged tokens", |it, answer| {
            if it.rpc() == "tools/call" && !it.is_anonymous() && answer.status == 401 {
                answer.say(302);
                answer.set("location", "/.auth/login/aad");
            }
        }),
        "D25",
    ),
];

static WRITES: &[(Lie, &str)] = &[
    (
        Lie {
            name: "a review is written before the caller is known",
            bypass: |it| it.same_if(it.tool() == "create_review_mcp"),
            change: |it, answer| {
                if it.tool() == "create_review_mcp" && it.is_anonymous() {
                    answer.say(401);
                    answer.body.clear();
                }
            },
            ..Lie::NONE
        },
        "D26",
    ),
    (
        Lie {
            name: "a restaurant is written before the caller is known",
            bypass: |it| it.same_if(it.tool() == "create_restaurant_mcp"),
            change: |it, answer| {
                if it.tool() == "create_restaurant_mcp" && it.is_anonymous() {
                    answer.say(403);
                    answer.body.clear();
                }
            },
            ..Lie::NONE
        },
        "D26",
    ),
    (
        Lie {
            name: "a form of a review is written before the caller is known",
            bypass: |it| it.same_if(it.path.starts_with("/review/") && !it.body.is_empty()),
            change: |it, answer| {
                if it.path.starts_with("/review/") {
                    answer.say(401);
                    answer.body.clear();
                }
            },
            ..Lie::NONE
        },
        "D26",
    ),
    (
        Lie {
            name: "a form of a restaurant is written before the caller is known",
            bypass: |it| it.same_if(it.path == "/add" && !it.body.is_empty()),
            change: |it, answer| {
                if it.path == "/add" && it.is_anonymous() {
                    answer.say(401);
                    answer.body.clear();
                }
            },
            ..Lie::NONE
        },
        "D26",
    ),
    (
        Lie::bypass("reviews need no token", |it| it.same_if(it.tool() == "create_review_mcp")),
        "D26",
    ),
    (
        Lie {
            name: "a review of a foreign page is written and refused",
            forward: |it| {
                let is_review = it.tool() == "create_review_mcp";
                it.without_origin_if(is_review && it.is_foreign())
            },
            change: |it, answer| {
                if it.tool() == "create_review_mcp" && it.is_foreign() {
                    answer.say(403);
                }
            },
            ..Lie::NONE
        },
        "D26",
    ),
];

/// Changes a member of metadata: of those at the origin, and of those of the endpoint.
fn edit(it: &Asked, answer: &mut Answered, name: &str, value: impl Fn(&str) -> Value) {
    if it.metadata().is_some() {
        answer.edit(|document| document[name] = value(document["resource"].as_str().unwrap()));
    }
}

/// The tenant's issuer with something after it.
fn issuer_and(it: &Answered, rest: &str) -> Value {
    let document: Value = serde_json::from_str(&it.body).unwrap_or_default();
    let issuer = document["authorization_servers"][0].as_str().unwrap_or_default();
    json!([format!("{issuer}{rest}")])
}

static METADATA: &[(Lie, &str)] = &[
    (
        Lie::change("the app's resource is another", |it, answer| {
            if it.metadata() == Some("") {
                edit(it, answer, "resource", |_| json!("https://elsewhere.example"));
            }
        }),
        "B2 D27",
    ),
    (
        Lie::change("the app's resource begins as ours", |it, answer| {
            if it.metadata() == Some("") {
                edit(it, answer, "resource", |own| json!(format!("{own}.attacker.example")));
            }
        }),
        "B2 D27",
    ),
    (
        Lie::change("the app's resource climbs", |it, answer| {
            if it.metadata() == Some("") {
                edit(it, answer, "resource", |own| json!(format!("{own}/../x")));
            }
        }),
        "B2 D27",
    ),
    (
        Lie::change("the issuer climbs", |it, answer| {
            let climbing = issuer_and(answer, "/../../common/v2.0");
            edit(it, answer, "authorization_servers", |_| climbing.clone());
        }),
        "B2 D12 D13 D14 D27",
    ),
    (
        Lie::change("another tenant beside ours", |it, answer| {
            let own = issuer_and(answer, "");
            let other = "https://login.microsoftonline.com/common/v2.0";
            edit(it, answer, "authorization_servers", |_| json!([own[0], other]));
        }),
        "B2 D12 D13 D14 D27",
    ),
    (
        Lie::change("the app's scope is another's", |it, answer| {
            if it.metadata() == Some("") {
                edit(it, answer, "scopes_supported", |_| json!(["api://other/Everything"]));
            }
        }),
        "D27",
    ),
    (
        Lie::change("a scope of no API", |it, answer| {
            if it.metadata() == Some("") {
                edit(it, answer, "scopes_supported", |_| json!(["User.Read"]));
            }
        }),
        "D27",
    ),
    (
        Lie::change("the two documents differ", |it, answer| {
            if it.metadata() == Some("") {
                let other = json!([format!("api://{}/Other", sample::API)]);
                edit(it, answer, "scopes_supported", |_| other.clone());
            }
        }),
        "D27",
    ),
    (
        Lie::change("the keys are another's", |it, answer| {
            edit(it, answer, "jwks_uri", |_| json!("https://attacker.example/keys"));
        }),
        "D27",
    ),
    (
        Lie::change("an authorization server of another party", |it, answer| {
            if it.path == "/.well-known/oauth-authorization-server" {
                answer.say(200);
                let token = "https://attacker.example/token";
                answer.body = json!({"issuer": it.origin, "token_endpoint": token}).to_string();
            }
        }),
        "D27",
    ),
    (
        Lie::change("an OpenID provider of another party", |it, answer| {
            if it.path == "/.well-known/openid-configuration/mcp/mcp" {
                answer.say(200);
                answer.body = json!({"issuer": "https://attacker.example"}).to_string();
            }
        }),
        "D27",
    ),
];

/// Replaces a part of the challenge.
fn rewrite(answer: &mut Answered, from: &str, to: &str) {
    let challenge = answer.headers.get("www-authenticate").and_then(|it| it.to_str().ok());
    if let Some(challenge) = challenge.map(|it| it.replace(from, to)) {
        answer.set("www-authenticate", &challenge);
    }
}

static CHALLENGES: &[(Lie, &str)] = &[
    (
        Lie::change("the challenge leads to another tenant", |_, answer| {
            rewrite(answer, &sample::TENANT_ID.to_string(), "common");
        }),
        "D27",
    ),
    (
        Lie::change("the challenge leads to another party", |_, answer| {
            rewrite(answer, "authorization_uri=\"http://", "authorization_uri=\"http://x@");
        }),
        "D27",
    ),
    (
        Lie::change("the challenge asks for another scope", |_, answer| {
            rewrite(answer, "user_impersonation", "user_impersonation api://other/All");
        }),
        "D27",
    ),
    (
        Lie::change("the challenge is another app's", |_, answer| {
            rewrite(answer, "resource_id=\"", "resource_id=\"x");
        }),
        "D27",
    ),
    (
        Lie::change("the challenge names metadata of another origin", |_, answer| {
            rewrite(answer, "resource_metadata=\"http://", "resource_metadata=\"http://x.");
        }),
        "D12 D27",
    ),
    (
        Lie::change("a second challenge names metadata of another origin", |_, answer| {
            if answer.status == 401 {
                let other = "Bearer resource_metadata=\"https://attacker.example/\"";
                answer.headers.append("www-authenticate", other.parse().unwrap());
            }
        }),
        "D12 D27",
    ),
];

/// Whether a flaw is judged by a case: by its own ones, and by those that make few requests and forge no token. A flaw of
/// one way to the endpoint is judged by the others too.
fn concerns(case: &Case, expected: &str) -> bool {
    let is_in = |ids: &[&str]| ids.contains(&case.id);
    let ways = ["B1", "B3", "D21", "D22", "D23"];
    let few =
        ["B2", "B6", "B7", "D1", "D12", "D13", "D14", "D16", "D24", "D25", "D26", "D27", "D30"];
    let mut own = expected.split(' ');
    let is_of_ways = expected.split(' ').any(|id| ways.contains(&id)) && is_in(&ways);
    own.any(|id| id == case.id) || is_in(&few) || is_of_ways
}

/// Whether a flaw of one way to the app is judged by a case: by its own ones, and by those of the other ways.
fn is_of_ways(case: &Case, expected: &str) -> bool {
    expected.split(' ').chain(["B1", "B3", "B6", "D21", "D22", "D23"]).any(|id| id == case.id)
}

/// How many flaws are judged at a time.
const AT_A_TIME: usize = 4;

/// What is not as expected of a flaw.
async fn surprise(
    app: &AppService,
    lie: Lie,
    expected: &str,
    concerns: fn(&Case, &str) -> bool,
) -> Option<String> {
    let fault = Fault::Lie(lie, app.server().to_owned());
    let proxy = FaultProxy::start(fault, app.origin(), app.cloud()).await.unwrap();
    let mut probe = app.probe_at(proxy.origin()).unwrap();
    probe.cases.retain(|case| concerns(case, expected));
    let report = run(&probe).await;
    let red = ids(&report, Verdict::Failed).join(" ");
    let failed = report.cases.iter().filter(|case| case.verdict == Verdict::Failed);
    let got: Vec<_> = failed.map(|case| format!("{}: {:?}", case.id, case.got)).collect();
    let code = report.exit_code();
    let got: Vec<_> = got.iter().map(|it| it.chars().take(200).collect::<String>()).collect();
    let is_as_expected = red == expected && code == u8::from(!expected.is_empty());
    (!is_as_expected).then(|| format!("{lie:?}: {red} ({code}), and not {expected}: {got:#?}"))
}

/// Judges flaws, or those whose names contain the variable `LIE`. Returns what is not as expected.
async fn surprises(lies: &[&[(Lie, &str)]], concerns: fn(&Case, &str) -> bool) -> Vec<String> {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let only = std::env::var("LIE").unwrap_or_default();
    let lies = lies.iter().copied().flatten().filter(|(lie, _)| lie.name.contains(&only));
    let judged = stream::iter(lies).map(|(lie, expected)| surprise(&app, *lie, expected, concerns));
    judged.buffer_unordered(AT_A_TIME).filter_map(std::future::ready).collect().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_lie_turns_its_cases_red_and_no_other() {
    assert_eq!(surprises(&LIES[..11], concerns).await, [""; 0]);
}
