//! The matrix of apps that accept some tokens or headers for a wrong reason: each with exactly the cases that must go red.

use auth_probe::{Case, Verdict};
use easyauth_emulator::{Options, sample};
use futures_util::{StreamExt as _, stream};
use restaurant_tests::{
    app_service::AppService,
    fault_proxy::{Credulous, Fault, FaultProxy, Seen},
};

use crate::{ids, run};

/// Apps of a kind, each with the cases that must go red, by spaces.
type Kind = &'static [(&'static str, fn(&Seen<'_>) -> bool, &'static str)];

/// Apps that check tokens at some requests only.
static SOME_REQUESTS: Kind = &[
    (
        "any bearer at tools/call",
        |it| it.rpc() == "tools/call" && it.token().is_some(),
        "B4 B5 D2 D3 D4 D5 D6 D7 D8 D9 D11 D17 D19",
    ),
    (
        "any bearer at tools/list",
        |it| it.rpc() == "tools/list" && it.token().is_some(),
        "B4 B5 D2 D3 D4 D5 D6 D7 D8 D9 D11 D19",
    ),
    (
        "any bearer at resources/list",
        |it| it.rpc() == "resources/list" && it.token().is_some(),
        "B4 B5 D2 D3 D4 D5 D6 D7 D8 D9 D11",
    ),
    (
        "any bearer at prompts/list",
        |it| it.rpc() == "prompts/list" && it.token().is_some(),
        "B4 B5 D2 D3 D4 D5 D6 D7 D8 D9 D11",
    ),
    (
        "any bearer at completion/complete",
        |it| it.rpc() == "completion/complete" && it.token().is_some(),
        "B4 B5 D2 D3 D4 D5 D6 D7 D8 D9 D11",
    ),
    (
        "any bearer at ping",
        |it| it.rpc() == "ping" && it.token().is_some(),
        "B4 B5 D2 D3 D4 D5 D6 D7 D8 D9 D11",
    ),
    (
        "any bearer with a notification",
        |it| it.rpc() == "notifications/initialized" && it.token().is_some(),
        "B4 B5 D2 D3 D4 D5 D6 D7 D8 D9 D11",
    ),
    (
        "any bearer at /mcp",
        |it| it.path == "/mcp" && it.token().is_some(),
        "B4 B5 D2 D3 D4 D5 D6 D7 D8 D9 D11",
    ),
    (
        "any bearer at a page",
        |it| it.is_page() && it.token().is_some(),
        "B4 B5 D3 D4 D5 D6 D7 D8 D9 D17",
    ),
    (
        "unsigned claims at tools/call",
        |it| it.rpc() == "tools/call" && it.claims_access(),
        "B4 D7 D8 D9 D19",
    ),
    (
        "expired tokens at tools/call",
        |it| {
            let claims = it.claims();
            let (from, to) = (claims["nbf"].as_i64(), claims["exp"].as_i64());
            let is_past = from.zip(to).is_some_and(|(from, to)| to < from + 3700 && to < now(it));
            it.rpc() == "tools/call" && it.is_signed() && is_past
        },
        "D4",
    ),
    (
        "an hour's tolerance",
        |it| {
            let expires = it.claims()["exp"].as_i64();
            it.is_signed() && expires.is_some_and(|at| at < now(it) && at > now(it) - 3600)
        },
        "D4",
    ),
    (
        "tokens without the role at tools/call",
        |it| it.rpc() == "tools/call" && it.is_signed() && has_only(it, "roles"),
        "D2 D19",
    ),
    (
        "tokens without the scope at tools/list",
        |it| it.rpc() == "tools/list" && it.is_signed() && it.claims()["scp"] == "Something.Else",
        "D11 D19",
    ),
];

/// Apps that take something else for a credential.
static NO_PROPER_TOKEN: Kind = &[
    ("the scheme in lower case", |it| it.header("authorization").starts_with("bearer "), "D17"),
    ("the scheme in capitals", |it| it.header("authorization").starts_with("BEARER "), "D17"),
    ("an empty token", |it| it.header("authorization") == "Bearer", "D17"),
    ("null", |it| it.header("authorization") == "Bearer null", "D17"),
    ("undefined", |it| it.header("authorization") == "Bearer undefined", "D17"),
    ("three parts", |it| it.header("authorization") == "Bearer a.b.c", "D17"),
    ("a token of no claims", |it| it.token() == Some("e30.e30."), "D17"),
    ("Basic", |it| it.header("authorization").starts_with("Basic "), "D17"),
    ("another scheme", |it| it.header("authorization").starts_with("Negotiate "), "D17"),
    ("no scheme", |it| it.header("authorization") == "garbage", "D17"),
    (
        "two Authorization headers",
        |it| it.headers.get_all("authorization").iter().count() == 2,
        "D17",
    ),
    (
        "the last Authorization header",
        |it| {
            let last = it.headers.get_all("authorization").iter().next_back();
            let last = last.and_then(|it| it.to_str().ok()?.strip_prefix("Bearer "));
            it.headers.get_all("authorization").iter().count() == 2
                && last.is_some_and(|token| it.is_good(token))
        },
        "D17",
    ),
    ("any session cookie", |it| it.header("cookie").contains("AppServiceAuthSession="), "D17"),
    ("a cookie called session", |it| it.header("cookie").contains("session=garbage"), "D17"),
    ("any API key", |it| it.has("x-api-key"), "D17"),
    ("any X-Auth-Token", |it| it.has("x-auth-token"), "D17"),
    ("any session id", |it| it.has("mcp-session-id"), "D17"),
    ("any token in the query", |it| it.query.contains("code=garbage"), "D17"),
    (
        "the connection of a good caller",
        |it| it.is_anonymous() && it.memory.is_after_a_good_request() && it.rpc() == "tools/call",
        "D17",
    ),
    (
        "a page on the connection of a good caller",
        |it| it.is_anonymous() && it.memory.has_seen(|_| true) && it.is_page(),
        "D1 D15 D17 D18",
    ),
    ("the query's token", |it| in_query(it, "token"), "D15"),
    ("the query's id_token", |it| in_query(it, "id_token"), "D15"),
    ("the query's api_key", |it| in_query(it, "api_key"), "D15"),
    ("a page's token in the query", |it| it.is_page() && in_query(it, "access_token"), "D15"),
];

/// Apps that believe what clients say of themselves.
static SAID: Kind = &[
    ("this machine", |it| it.header("x-forwarded-for") == "127.0.0.1", "D18"),
    ("a real address", |it| it.header("x-real-ip") == "127.0.0.1", "D18"),
    ("another path", |it| it.header("x-original-url") == "/healthz", "D18"),
    ("a rewritten path", |it| it.header("x-rewrite-url") == "/healthz", "D18"),
    ("another method", |it| it.has("x-http-method-override"), "D18"),
    ("the platform's probe", |it| it.header("user-agent") == "AlwaysOn", "D18"),
    ("a health check", |it| it.header("user-agent").starts_with("HealthCheck/"), "D18"),
    ("a load balancer", |it| it.header("user-agent").starts_with("ELB-"), "D18"),
    ("localhost", |it| it.is_anonymous() && it.header("host") == "localhost", "D18"),
    ("a role", |it| it.has("x-role"), "D18"),
    ("roles", |it| it.has("x-user-roles"), "D18"),
    ("a user", |it| it.has("x-forwarded-user"), "D18"),
    (
        "this machine, at a page",
        |it| it.is_page() && it.header("x-forwarded-for") == "127.0.0.1",
        "D18",
    ),
    (
        "the platform's headers at a page",
        |it| it.is_page() && it.has("x-ms-client-principal"),
        "D1",
    ),
    (
        "the platform's headers at tools/call",
        |it| it.rpc() == "tools/call" && it.is_anonymous() && it.has("x-ms-client-principal"),
        "D1",
    ),
    (
        "the caller's id without its claims",
        |it| it.has("x-ms-client-principal-id") && !it.has("x-ms-client-principal"),
        "D1",
    ),
];

/// Apps that put two halves together.
static HALVES: Kind = &[
    (
        "the token's caller with the header's roles",
        |it| it.is_signed() && has_only(it, "roles") && it.has("x-ms-client-principal"),
        "D19",
    ),
    (
        "the header's identity beside garbage",
        |it| it.token() == Some("garbage") && it.has("x-ms-client-principal"),
        "D19",
    ),
    (
        "a cache by what was signed",
        |it| {
            let message = |token: &str| token.rsplit_once('.').map(|(it, _)| it.to_owned());
            let token = it.token().and_then(message);
            token.is_some() && it.memory.has_seen(|seen| message(seen) == token)
        },
        "B4 D19",
    ),
    (
        "a cache by the signature",
        |it| {
            let signature = |token: &str| token.rsplit_once('.').map(|(_, it)| it.to_owned());
            let token = it.token().and_then(signature).filter(|it| !it.is_empty());
            token.is_some() && it.memory.has_seen(|seen| signature(seen) == token)
        },
        "D19",
    ),
    (
        "roles that were written into a token",
        |it| !it.is_signed() && it.claims()["appid"] == sample::ROLELESS.to_string(),
        "D19",
    ),
];

pub(crate) static LIES: [Kind; 4] = [SOME_REQUESTS, NO_PROPER_TOKEN, SAID, HALVES];

/// Returns whether the only valid token that a request lacks something of has no roles.
fn has_only(seen: &Seen<'_>, name: &str) -> bool {
    let claims = seen.claims();
    claims["appid"] == sample::ROLELESS.to_string() && claims[name].is_null()
}

fn in_query(seen: &Seen<'_>, name: &str) -> bool {
    let token = seen.query.strip_prefix(name).and_then(|it| it.strip_prefix('='));
    token.is_some_and(|token| seen.is_good(token))
}

/// Seconds since 1970 by the issuer's clock.
fn now(seen: &Seen<'_>) -> i64 {
    let claims = seen.cloud.app_claims(sample::AGENT, sample::API).unwrap();
    claims["iat"].as_i64().unwrap()
}

/// The cases of tokens and headers; group C and the cases of functions and metadata are judged by the other matrix.
fn concerns(case: &Case) -> bool {
    let number: u32 = case.id[1..].parse().unwrap();
    match case.group() {
        'B' => (3..=6).contains(&number),
        'D' => (1..=11).contains(&number) || (15..=20).contains(&number),
        _ => false,
    }
}

/// What is not as expected of an app.
async fn surprise(app: &AppService, lie: Credulous, expected: &str) -> Option<String> {
    let fault = Fault::Credulous(lie, app.server().to_owned());
    let proxy = FaultProxy::start(fault, app.origin(), app.cloud()).await.unwrap();
    let mut probe = app.probe_at(proxy.origin()).unwrap();
    probe.cases.retain(|case| concerns(case));
    let report = run(&probe).await;
    let red = ids(&report, Verdict::Failed).join(" ");
    let failed = report.cases.iter().filter(|case| case.verdict == Verdict::Failed);
    let got: Vec<_> = failed.map(|case| format!("{}: {:?}", case.id, case.got)).collect();
    (red != expected).then(|| format!("{lie:?}: {red}, and not {expected}: {got:#?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_credulous_app_turns_its_cases_red_and_no_other() {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let lies = LIES.iter().copied().flatten();
    let judged = lies.map(|(name, accepts, expected)| {
        surprise(&app, Credulous { name, accepts: *accepts }, expected)
    });
    let surprises: Vec<_> = stream::iter(judged).buffer_unordered(4).collect().await;
    let surprises: Vec<_> = surprises.into_iter().flatten().collect();
    assert!(surprises.is_empty(), "{surprises:#?}");
}
