//! The matrix of apps that accept some tokens or headers for a wrong reason: each with exactly the cases that must go red.

use auth_probe::{Case, Verdict};
use easyauth_emulator::{Options, sample};
use futures_util::{StreamExt as _, stream};
use restaurant_tests::{
    app_service::AppService,
    fault_proxy::{Credulous, Fault, FaultProxy, Seen},
};

use super::{ids, run};

mod carriers;
mod tokens;

/// Apps of a kind, each with the cases that must go red, by spaces.
type Kind = &'static [(&'static str, fn(&Seen<'_>) -> bool, &'static str)];

/// Apps that check tokens at some requests only.
static SOME_REQUESTS: Kind = &[
    (
        "any bearer at tools/call",
        |it| it.rpc() == "tools/call" && it.token().is_some(),
        "B4 B5 D2 D3 D4 D5 D6 D7 D8 D9 D11 D17 D19 D20",
    ),
    (
        "any bearer at tools/list",
        |it| it.rpc() == "tools/list" && it.token().is_some(),
        "B4 B5 D2 D3 D4 D5 D6 D7 D8 D9 D11 D19 D20",
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
        "B4 B5 D3 D4 D5 D6 D7 D8 D9 D17 D20",
    ),
    (
        "unsigned claims at tools/call",
        |it| it.rpc() == "tools/call" && it.claims_access(),
        "B4 D7 D8 D9 D19 D20",
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
        |it| {
            it.rpc() == "tools/list" && {
                let claims = it.claims();
                let scopes = claims["scp"].as_str().unwrap_or_default();
                it.is_signed() && scopes.contains("Something.Else")
            }
        },
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
        "D17 D19",
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
        |it| is_bare(it) && it.memory.is_after_a_good_request() && it.rpc() == "tools/call",
        "D17",
    ),
    (
        "a page on the connection of a good caller",
        |it| is_bare(it) && it.memory.is_after_a_good_request() && it.is_page(),
        "D17",
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
    ("a role", |it| it.has("x-role"), "D18 D19"),
    ("roles", |it| it.has("x-user-roles"), "D18 D19"),
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
            let is_cached = token.is_some() && it.memory.has_seen(|seen| message(seen) == token);
            // For a moment, so that the order of the cases does not matter.
            is_cached && it.memory.is_after_a_good_request() && it.rpc() == "tools/call"
        },
        "D19",
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

/// Apps that validate a token in part.
static LOOKALIKES: Kind = &[
    ("alg None", |it| it.token_header()["alg"] == "None" && it.claims_access(), "D20"),
    ("alg NONE", |it| it.token_header()["alg"] == "NONE" && it.claims_access(), "D20"),
    ("alg nOnE", |it| it.token_header()["alg"] == "nOnE" && it.claims_access(), "D20"),
    ("no alg", |it| it.token_header()["alg"].is_null() && it.claims_access(), "D20"),
    ("alg rs256", |it| it.token_header()["alg"] == "rs256" && it.claims_access(), "D20"),
    (
        "no signature",
        |it| {
            let is_rs256 = it.token_header()["alg"] == "RS256";
            is_rs256 && it.claims_access() && it.token().is_some_and(|it| it.ends_with('.'))
        },
        "D19 D20",
    ),
    ("ES256", |it| it.token_header()["alg"] == "ES256" && it.claims_access(), "D20"),
    ("no secret", |it| it.is_signed_with(b"") && it.claims_access(), "D20"),
    ("a common secret", |it| it.is_signed_with(b"secret") && it.claims_access(), "D20"),
    (
        "the client id as a secret",
        |it| it.is_signed_with(sample::API.to_string().as_bytes()) && it.claims_access(),
        "D20",
    ),
    (
        "the tenant id as a secret",
        |it| it.is_signed_with(sample::TENANT_ID.to_string().as_bytes()) && it.claims_access(),
        "D20",
    ),
    ("the key in jwk", |it| it.is_signed_by_its_jwk() && it.claims_access(), "D20"),
    ("a key set that cannot be had", |it| it.token_header()["jku"].is_string(), "D20"),
    ("a certificate that cannot be had", |it| it.token_header()["x5u"].is_string(), "D20"),
    ("the certificate in x5c", |it| it.token_header()["x5c"].is_array(), "D20"),
    (
        "a forged token without aud",
        |it| it.claims()["aud"].is_null() && it.claims()["tid"].is_string(),
        "D20",
    ),
    ("an ID token", |it| it.is_signed() && it.claims()["nonce"].is_string(), "D20"),
    ("a token without aud", |it| it.is_signed() && it.claims()["aud"].is_null(), "D20"),
    ("a token without exp", |it| it.is_signed() && it.claims()["exp"].is_null(), "D20"),
    (
        "an audience by its beginning",
        |it| {
            let audience = it.claims()["aud"].as_str().map(str::to_owned).unwrap_or_default();
            let client = sample::API.to_string();
            it.is_signed() && audience.len() > client.len() && audience.starts_with(&client)
        },
        "D20",
    ),
    ("a role in other case", |it| it.is_signed() && it.claims()["roles"][0] == "mcp.access", "D20"),
];

pub(crate) static LIES: [Kind; 10] = [
    SOME_REQUESTS,
    NO_PROPER_TOKEN,
    SAID,
    HALVES,
    LOOKALIKES,
    carriers::NO_PROPER_TOKEN,
    carriers::SAID,
    carriers::HALVES,
    tokens::SOME_REQUESTS,
    tokens::LOOKALIKES,
];

/// Returns whether the only valid token that a request lacks something of has no roles.
fn has_only(seen: &Seen<'_>, name: &str) -> bool {
    let claims = seen.claims();
    claims["appid"] == sample::ROLELESS.to_string() && claims[name].is_null()
}

/// Returns whether a request has nothing that other cases send without a token.
fn is_bare(seen: &Seen<'_>) -> bool {
    let own = ["authorization", "cookie"];
    let says_more = seen.headers.keys().any(|name| name.as_str().starts_with("x-"));
    seen.query.is_empty() && !says_more && !own.iter().any(|name| seen.has(name))
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

/// Cases that judge an app beside its own ones: those that send the requests of callers with another flaw.
const FEW: [&str; 9] = ["B3", "B4", "B6", "D1", "D2", "D4", "D17", "D18", "D19"];

/// Whether an app is judged by a case: by its own ones, and by a few.
fn is_one_of_few(case: &Case, expected: &str) -> bool {
    expected.split(' ').chain(FEW).any(|id| id == case.id)
}

/// What is not as expected of an app.
async fn surprise(app: &AppService, lie: Credulous, expected: &str) -> Option<String> {
    let fault = Fault::Credulous(lie, app.server().to_owned());
    let proxy = FaultProxy::start(fault, app.origin(), app.cloud()).await.unwrap();
    let mut probe = app.probe_at(proxy.origin()).unwrap();
    probe.cases.retain(|case| is_one_of_few(case, expected));
    let report = run(&probe).await;
    let red = ids(&report, Verdict::Failed).join(" ");
    let failed = report.cases.iter().filter(|case| case.verdict == Verdict::Failed);
    let got: Vec<_> = failed.map(|case| format!("{}: {:?}", case.id, case.got)).collect();
    (red != expected).then(|| format!("{lie:?}: {red}, and not {expected}: {got:#?}"))
}

/// Judges apps, or those whose names contain the variable `LIE`. Returns what is not as expected.
async fn surprises(kinds: &[Kind]) -> Vec<String> {
    let app = AppService::on_sqlite(Options::default()).await.unwrap();
    let only = std::env::var("LIE").unwrap_or_default();
    let lies = kinds.iter().copied().flatten().filter(|(name, ..)| name.contains(&only));
    let judged = lies.map(|(name, accepts, expected)| {
        surprise(&app, Credulous { name, accepts: *accepts }, expected)
    });
    let judged = stream::iter(judged).buffer_unordered(4);
    judged.filter_map(std::future::ready).collect().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_credulous_app_turns_its_cases_red_and_no_other() {
    assert_eq!(surprises(&LIES[..5]).await, [""; 0]);
}
