//! The matrix of small flaws: each a line, with exactly the cases that must go red.

use auth_probe::{Case, Verdict};
use easyauth_emulator::Options;
use futures_util::{StreamExt as _, stream};
use restaurant_tests::{
    app_service::AppService,
    fault_proxy::{Fault, FaultProxy, Lie},
};

use crate::{ids, run};

/// The flaws, each with the cases that must go red, by spaces.
pub(crate) static LIES: &[&[(Lie, &str)]] =
    &[PAGES, ANONYMOUS, METHODS, PATHS, MESSAGES, ORIGINS, SHARED, REFUSALS];

static PAGES: &[(Lie, &str)] = &[
    (Lie::bypass("details of another restaurant", |it| it.same_if(it.path == "/details/2")), "B1"),
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
    (Lie::bypass("a resource", |it| it.same_if(it.rpc() == "resources/read")), "B3"),
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
        "B3",
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
        "D23",
    ),
    (
        Lie::bypass("the protocol without initialize", |it| {
            it.at_endpoint_if(it.header("mcp-protocol-version") == "2026-07-28")
        }),
        "D23",
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
        "D23",
    ),
    (
        Lie::bypass("a health check", |it| {
            it.at_endpoint_if(it.header("user-agent") == "AlwaysOn")
        }),
        "D23",
    ),
    (
        Lie::bypass("this machine", |it| {
            it.at_endpoint_if(it.header("x-forwarded-for").contains("127.0.0.1"))
        }),
        "D23",
    ),
    (Lie::bypass("a cookie", |it| it.at_endpoint_if(!it.header("cookie").is_empty())), "D23"),
    (
        Lie::bypass("a page of its own", |it| it.at_endpoint_if(!it.header("referer").is_empty())),
        "D23",
    ),
    (
        Lie::bypass("a rewritten URL", |it| {
            it.at_endpoint_if(it.header("x-original-url") == "/healthz")
        }),
        "D23",
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

/// Whether a flaw is judged by a case: by its own ones, and by those that need no forged token.
fn concerns(case: &Case, expected: &str) -> bool {
    let number: u32 = case.id[1..].parse().unwrap();
    let is_cheap = match case.group() {
        'B' => !(4..=5).contains(&number),
        'D' => number == 1 || (12..=16).contains(&number) || number >= 21,
        _ => false,
    };
    is_cheap || expected.split(' ').any(|id| id == case.id)
}

/// How many flaws are judged at a time.
const AT_A_TIME: usize = 4;

/// What is not as expected of a flaw.
async fn surprise(app: &AppService, lie: Lie, expected: &str) -> Option<String> {
    let fault = Fault::Lie(lie, app.server().to_owned());
    let proxy = FaultProxy::start(fault, app.origin(), app.cloud()).await.unwrap();
    let mut probe = app.probe_at(proxy.origin()).unwrap();
    probe.cases.retain(|case| concerns(case, expected));
    let report = run(&probe).await;
    let red = ids(&report, Verdict::Failed).join(" ");
    let failed = report.cases.iter().filter(|case| case.verdict == Verdict::Failed);
    let got: Vec<_> = failed.map(|case| format!("{}: {:?}", case.id, case.got)).collect();
    let code = report.exit_code();
    let is_as_expected = red == expected && code == u8::from(!expected.is_empty());
    (!is_as_expected).then(|| format!("{lie:?}: {red} ({code}), and not {expected}: {got:#?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_lie_turns_its_cases_red_and_no_other() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let only = std::env::var("LIE").unwrap_or_default();
    let lies = LIES.iter().copied().flatten().filter(|(lie, _)| lie.name.contains(&only));
    let judged = stream::iter(lies).map(|(lie, expected)| surprise(&app, *lie, expected));
    let surprises: Vec<_> = judged.buffer_unordered(AT_A_TIME).collect().await;
    let surprises: Vec<_> = surprises.into_iter().flatten().collect();
    assert!(surprises.is_empty(), "{surprises:#?}");
}
