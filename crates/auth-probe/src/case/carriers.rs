//! Callers without a token in its place: with another credential, with a token in the query, or with a header by which a
//! client describes itself.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    everywhere::{Attempt, all_refused, call, page},
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
const QUERY_NAMES: [&str; 10] = [
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
const AUTHORIZATIONS: [&str; 13] = [
    "Bearer",
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
    requests.push(call(context).query("access_token=garbage&token=garbage&code=garbage"));
    requests.extend(page(context).map(|page| page.header("authorization", "Bearer garbage")));
    let attempts = requests.into_iter().map(Attempt::new).collect();
    let answer = all_refused(context, attempts, &REFUSED).await?;
    let got = answer.status.as_u16().to_string();
    match context.token(TokenKind::Good) {
        None => Ok(format!("{got}; not after a good request, for want of a good token")),
        Some(_) => after_a_good_request(context, got).await,
    }
}

fn twice(request: Request) -> Request {
    request.header("authorization", "Bearer garbage")
}

/// Requests without a proper token on the connection on which one with a good token was answered.
async fn after_a_good_request(context: &Context<'_>, got: String) -> Result<String, CaseFailure> {
    let Caller::Bearer(token, what) = context.bearer(TokenKind::Good)? else {
        return Ok(got);
    };
    let good = Caller::Bearer(token, what);
    let answer = context.initialize(good).await?;
    let session = answer.header("mcp-session-id");
    let mut requests = vec![call(context)];
    requests.extend(page(context));
    requests.extend(
        session
            .map(|id| call(context).described_header("mcp-session-id", id, "[of a good caller]")),
    );
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
    let page = page(context).into_iter();
    requests.extend(
        page.flat_map(|page| SAID_TO_PAGES.map(|(name, value)| page.clone().header(name, value))),
    );
    let attempts = requests.into_iter().map(Attempt::new).collect();
    let answer = all_refused(context, attempts, &[401, 403]).await?;
    // Another host is rejected for itself too.
    let hosts = ["localhost", "127.0.0.1"].into_iter();
    let hosts = hosts.map(|host| Attempt::new(call(context).header("host", host))).collect();
    all_refused(context, hosts, &[401, 403, 400, 404, 421]).await?;
    Ok(answer.status.as_u16().to_string())
}
