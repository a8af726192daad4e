//! Callers without a token in its place: with another credential, with a token in the query, or with a header by which a
//! client describes itself.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    everywhere::{Attempt, all_refused, call, list_tools, page},
    refusals::unless_refused_anyway,
};
use crate::{
    TokenKind,
    context::{Caller, Context},
    http_client::Request,
    mcp,
    outcome::CaseFailure,
};

/// The statuses that reject a request for its credential or its form.
const REFUSED: [u16; 3] = [401, 400, 403];

/// The names under which applications read a token from the query; the first one is that of RFC 6750, section 2.3.
const QUERY_NAMES: [&str; 12] = [
    "access_token",
    "token",
    "code",
    "id_token",
    "api_key",
    "apikey",
    "key",
    "auth",
    "jwt",
    "bearer",
    "oauth_token",
    "authorization",
];

/// `tools/call` with a good token in the query, by every name; and `initialize` and a page by the usual one.
pub(super) async fn token_in_query(context: &Context<'_>) -> Result<String, CaseFailure> {
    let Caller::Bearer(token, what) = context.bearer(TokenKind::Good)? else {
        return Err(super::refusals::unmade("there is no token"));
    };
    let usual = QUERY_NAMES[0];
    let initialize = context.message("initialize", &mcp::initialize(), Caller::Anonymous);
    let mut requests: Vec<_> = std::iter::once(initialize)
        .chain(page(context))
        .map(|it| it.token_in_query(usual, token, what))
        .collect();
    requests.extend(QUERY_NAMES.map(|name| call(context).token_in_query(name, token, what)));
    let attempts = requests.into_iter().map(Attempt::new).collect();
    let answer = all_refused(context, attempts, &[401, 400]).await?;
    unless_refused_anyway(context, answer.status.as_u16().to_string()).await
}

/// `Authorization` without a token that anybody issued.
const AUTHORIZATIONS: [&str; 22] = [
    "",
    "Bearer",
    "Bearer\tgarbage",
    "Bearer  garbage",
    "Bearer:garbage",
    "Bearer g\u{e4}rbage",
    "Bearer a, Bearer b",
    "Bearer a.b.c.d.e",
    "DPoP garbage",
    "HMAC-SHA256 Credential=garbage",
    "Bearer null",
    "Bearer undefined",
    "Bearer garbage",
    "bearer garbage",
    "BEARER garbage",
    "Bearer a.b.c",
    "Bearer e30.e30.",
    "Token garbage",
    "ApiKey garbage",
    "Negotiate Z2FyYmFnZQ==",
    "Digest username=\"admin\"",
    "garbage",
];

/// Other headers and cookies in which applications look for a credential.
const CREDENTIALS: [(&str, &str); 10] = [
    ("x-api-key", "garbage"),
    ("x-auth-token", "garbage"),
    ("x-access-token", "garbage"),
    ("x-functions-key", "garbage"),
    ("x-zumo-auth", "garbage"),
    ("ocp-apim-subscription-key", "garbage"),
    ("cookie", "AppServiceAuthSession=garbage"),
    ("cookie", "session=garbage; token=garbage; access_token=garbage"),
    ("proxy-authorization", "Bearer garbage"),
    ("mcp-session-id", "00000000-0000-4000-8000-000000000000"),
];

/// Headers that other platforms and proxies add for an authenticated caller. One request has them all.
const ASSERTIONS: [(&str, &str); 9] = [
    ("x-forwarded-authorization", "Bearer garbage"),
    ("x-forwarded-access-token", "garbage"),
    ("x-ms-token-aad-access-token", "garbage"),
    ("x-ms-token-aad-id-token", "garbage"),
    ("x-arr-clientcert", "Z2FyYmFnZQ=="),
    ("x-ssl-client-verify", "SUCCESS"),
    ("x-goog-iap-jwt-assertion", "garbage"),
    ("x-amzn-oidc-data", "garbage"),
    ("cookie", "connect.sid=garbage; JSESSIONID=garbage; .AspNetCore.Cookies=garbage"),
];

/// A token that is longer than what guards look at, and not too long for a server. In bytes.
const LONG: usize = 7000;

/// Adds headers to a request.
pub(super) fn with_all(request: Request, headers: &[(&'static str, &str)]) -> Request {
    headers.iter().fold(request, |request, (name, value)| request.header(name, value))
}

/// `tools/call` with an invented credential; and what a good caller leaves behind: its connection, its address and
/// its MCP session.
pub(super) async fn improper(context: &Context<'_>) -> Result<String, CaseFailure> {
    let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    let client = context.target().client_id;
    let authorizations = AUTHORIZATIONS.map(str::to_owned).into_iter();
    let authorizations =
        authorizations.chain([basic("admin:admin"), basic(&format!("{client}:garbage"))]);
    let mut requests: Vec<_> =
        authorizations.map(|value| call(context).header("authorization", &value)).collect();
    requests.push(twice(call(context).header("authorization", "Bearer garbage")));
    requests.extend(CREDENTIALS.map(|(name, value)| call(context).header(name, value)));
    requests.push(with_all(call(context), &ASSERTIONS));
    requests.push(call(context).query("access_token=garbage&token=garbage&code=garbage"));
    requests.extend(page(context).map(|page| page.header("authorization", "Bearer garbage")));
    let attempts = requests.into_iter().map(Attempt::new).collect();
    let answer = all_refused(context, attempts, &REFUSED).await?;
    let long = format!("Bearer {}", "x".repeat(LONG));
    let long = call(context).described_header("authorization", &long, "Bearer [long garbage]");
    all_refused(context, vec![Attempt::new(long)], &[401, 400, 403, 431]).await?;
    after_a_refusal(context).await?;
    let got = answer.status.as_u16().to_string();
    match context.token(TokenKind::Good) {
        None => Ok(format!("{got}; not after a good request, for want of a good token")),
        Some(_) => after_a_good_request(context, got).await,
    }
}

fn twice(request: Request) -> Request {
    request.header("authorization", "Bearer garbage")
}

/// What a refusal hands out gives no access: its cookies and its MCP session.
async fn after_a_refusal(context: &Context<'_>) -> Result<(), CaseFailure> {
    let answer = context.send(call(context)).await?;
    let cookies = answer.headers.get_all("set-cookie").iter();
    let cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
    let cookies = cookies.collect::<Vec<_>>().join("; ");
    let session = answer.header("mcp-session-id");
    let given = [("cookie", Some(cookies.as_str())), ("mcp-session-id", session)];
    let given = given.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let requests = given.filter(|(_, value)| !value.is_empty()).map(|(name, value)| {
        Attempt::new(call(context).described_header(name, value, "[of the refusal]"))
    });
    let attempts: Vec<_> = requests.collect();
    if attempts.is_empty() {
        return Ok(());
    }
    all_refused(context, attempts, &REFUSED).await.map(drop)
}

/// Requests without a proper token on the connection on which one with a good token was answered.
async fn after_a_good_request(context: &Context<'_>, got: String) -> Result<String, CaseFailure> {
    let Caller::Bearer(token, what) = context.bearer(TokenKind::Good)? else {
        return Ok(got);
    };
    let good = Caller::Bearer(token, what);
    let answer = context.initialize(good).await?;
    let session = answer.header("mcp-session-id");
    // The same request first with a good token: an answer may be cached.
    for request in [call(context), list_tools(context)].into_iter().chain(page(context)) {
        context.send(request.clone().bearer(token, what)).await?;
        all_refused(context, vec![Attempt::new(request)], &REFUSED).await?;
    }
    let in_session =
        |id| call(context).described_header("mcp-session-id", id, "[of a good caller]");
    let mut requests: Vec<_> = session.map(in_session).into_iter().collect();
    let garbled = requests.iter().map(|it| it.clone().header("authorization", "Bearer garbage"));
    requests.extend(garbled.collect::<Vec<_>>());
    let second = call(context).header("authorization", "Bearer garbage");
    requests.push(second.second_bearer(token, what));
    let mut status = answer.status.as_u16();
    for request in requests {
        context.initialize(good).await?;
        let answer = all_refused(context, vec![Attempt::new(request)], &REFUSED).await?;
        status = answer.status.as_u16();
    }
    let got = format!("{got}; {status} after a good request");
    unless_refused_anyway(context, got).await
}

/// What clients say of where they come from, what they are, and what they may do.
const SAID: [(&str, &str); 21] = [
    ("x-forwarded-for", "127.0.0.1"),
    ("x-real-ip", "127.0.0.1"),
    ("client-ip", "127.0.0.1"),
    ("x-azure-clientip", "127.0.0.1"),
    ("forwarded", "for=127.0.0.1;host=localhost;proto=https"),
    ("x-original-url", "/healthz"),
    ("x-rewrite-url", "/healthz"),
    ("x-forwarded-host", "localhost"),
    ("x-http-method-override", "OPTIONS"),
    ("user-agent", "AlwaysOn"),
    ("user-agent", "HealthCheck/1.0"),
    ("user-agent", "ReadyForRequest/1.0 (AppInit)"),
    ("user-agent", "ELB-HealthChecker/2.0"),
    ("user-agent", "kube-probe/1.30"),
    ("x-role", "admin"),
    ("x-user-roles", "MCP.Access"),
    ("x-roles", "MCP.Access"),
    ("x-user-id", "admin"),
    ("x-forwarded-user", "admin"),
    ("remote-user", "admin"),
    ("x-internal", "true"),
];

/// Further addresses of this kind, which are sent in one request.
const ADDRESSES: [(&str, &str); 12] = [
    ("true-client-ip", "127.0.0.1"),
    ("cf-connecting-ip", "127.0.0.1"),
    ("x-client-ip", "127.0.0.1"),
    ("x-cluster-client-ip", "127.0.0.1"),
    ("x-originating-ip", "127.0.0.1"),
    ("x-azure-socketip", "127.0.0.1"),
    ("x-azure-fdid", "00000000-0000-4000-8000-000000000000"),
    ("x-envoy-internal", "true"),
    ("x-original-host", "localhost"),
    ("disguised-host", "localhost"),
    ("x-forwarded-proto", "https"),
    ("via", "1.1 localhost"),
];

/// Further users and roles, which are sent in one request.
const USERS: [(&str, &str); 10] = [
    ("x-forwarded-email", "admin@localhost"),
    ("x-forwarded-groups", "admin"),
    ("x-auth-request-user", "admin"),
    ("x-webauth-user", "admin"),
    ("x-groups", "admin"),
    ("x-scopes", "user_impersonation"),
    ("x-admin", "true"),
    ("x-debug", "true"),
    ("x-test", "true"),
    ("x-bypass-auth", "true"),
];

/// Addresses of private networks, of the platform, and of version 6.
const PRIVATE: [&str; 3] = ["10.0.0.4", "168.63.129.16", "::1"];

/// The user agent of a browser, with the names of crawlers and probes.
const CRAWLER: &str =
    "Mozilla/5.0 (compatible; Googlebot/2.1; Edge Health Probe; GoogleHC/1.0; Prometheus/3.0)";

/// What of it a page is asked with.
const SAID_TO_PAGES: [(&str, &str); 4] = [
    ("x-forwarded-for", "127.0.0.1"),
    ("x-original-url", "/healthz"),
    ("user-agent", "AlwaysOn"),
    ("x-forwarded-user", "admin"),
];

/// `tools/call` and a page without a token, with headers that any client can write.
pub(super) async fn said(context: &Context<'_>) -> Result<String, CaseFailure> {
    let mut requests: Vec<_> =
        SAID.into_iter().map(|(name, value)| call(context).header(name, value)).collect();
    requests.extend(PRIVATE.map(|address| call(context).header("x-forwarded-for", address)));
    requests.push(with_all(call(context), &ADDRESSES));
    requests.push(with_all(call(context), &USERS));
    requests.push(call(context).header("user-agent", CRAWLER));
    let own = context.target().origin();
    let own = [("origin", own), ("referer", own), ("x-requested-with", "XMLHttpRequest")];
    requests.extend(page(context).into_iter().flat_map(|page| {
        let said = SAID_TO_PAGES.map(|(name, value)| page.clone().header(name, value));
        said.into_iter().chain([with_all(page, &own)]).collect::<Vec<_>>()
    }));
    let attempts = requests.into_iter().map(Attempt::new).collect();
    let answer = all_refused(context, attempts, &[401, 403]).await?;
    // Another host is rejected for itself too.
    let url = &context.target().origin;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let with_dot = format!("{}.{port}", context.target().host());
    let hosts = ["localhost", "127.0.0.1", &with_dot].into_iter();
    let hosts = hosts.map(|host| Attempt::new(call(context).header("host", host))).collect();
    all_refused(context, hosts, &[401, 403, 400, 404, 421]).await?;
    Ok(answer.status.as_u16().to_string())
}
