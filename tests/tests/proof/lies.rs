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
pub(crate) static LIES: &[&[(Lie, &str)]] = &[METHODS, PATHS, MESSAGES];

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
    (Lie::bypass("browsers", |it| it.at_endpoint_if(it.header("accept") == "text/html")), "D23"),
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
