//! Ways to the endpoint and the pages without a token: the usual ones, another method, another spelling of the path.

use serde_json::json;

use super::{
    everywhere::{list_tools, page_of_item},
    guarded::{Guarded, ONLY_ERRORS, Refusal, refuse_all},
    refusals::refused,
};
use crate::{
    context::{Caller, Context},
    http_client::Request,
    mcp,
    outcome::CaseFailure,
};

/// The answer to `OPTIONS` may be empty.
const PREFLIGHT: Refusal = Refusal { empty: true, redirect: false };

/// A path that is spelled in another way may be answered by a redirect.
const RESPELLED: Refusal = Refusal { empty: false, redirect: true };

/// What an address may answer somebody without a token that need not be there at all: a path that is excluded from
/// authentication leaves the rest of the app shut.
const REFUSED_OR_ABSENT: &[u16] = &[401, 403, 404, 405];

/// Interfaces of programs that go with pages, a search, and an address at which nothing is.
const BESIDE_PAGES: [&str; 5] =
    ["/?search=a", "/api/restaurants", "/openapi.json", "/metrics", "/no-such-page"];

/// Sends requests, each of which must have one of its statuses and contain no guarded data.
async fn refuse_each(
    context: &Context<'_>,
    requests: Vec<(Request, &[u16])>,
) -> Result<String, CaseFailure> {
    let guarded = Guarded::of(context).await;
    let count = requests.len();
    for (request, expected) in requests {
        let line = request.line().to_owned();
        let answer = context.send(request).await?;
        refused(context, &answer, expected).map_err(|failure| at(&line, failure))?;
        if let Some(found) = guarded.found(&answer) {
            let got = format!("{line}: {} (it contains {found})", answer.summary());
            return Err(CaseFailure::failed(got));
        }
    }
    Ok(format!("{count} requests are refused"))
}

/// A failure with the request that it is of.
fn at(line: &str, failure: CaseFailure) -> CaseFailure {
    match failure {
        CaseFailure::Failed { got, diagnosis } => {
            CaseFailure::Failed { got: format!("{line}: {got}"), diagnosis }
        }
        CaseFailure::Inconclusive(diagnosis) => CaseFailure::Inconclusive(diagnosis),
    }
}

/// The pages without a token; the first one exists. The forms are empty, and some not even forms: they write nothing.
pub(super) async fn pages(context: &Context<'_>) -> Result<String, CaseFailure> {
    let target = context.target();
    let page = |path: &str| Request::get(target.url("/")).target(path);
    let pages = &context.profile().pages;
    let mut requests = Vec::new();
    for first in pages.paths.iter().take(1) {
        let browser =
            page(first).header("accept", "text/html").header("sec-fetch-mode", "navigate");
        requests.extend([(page(first), &[401][..]), (browser, &[401][..])]);
        let parts = [("hx-request", "true"), ("range", "bytes=0-")];
        let parts = parts.map(|(name, value)| page(first).header(name, value));
        requests.extend(parts.map(|it| (it, REFUSED_OR_ABSENT)));
    }
    for path in pages.paths.iter().skip(1).map(String::as_str).chain(BESIDE_PAGES) {
        requests.push((page(path), REFUSED_OR_ABSENT));
    }
    let item = page_of_item(context).map(|it| it.header("accept", "application/json"));
    requests.extend(item.map(|it| (it, REFUSED_OR_ABSENT)));
    for path in &pages.forms {
        let line = format!("POST {} without a form", target.url(path));
        requests.push((Request::message(target.url(path), &json!({}), line), REFUSED_OR_ABSENT));
        let form = Request::of("POST", target.url(path));
        let form = form.body("application/x-www-form-urlencoded", String::new());
        requests.push((form.noted("an empty form"), REFUSED_OR_ABSENT));
    }
    refuse_each(context, requests).await
}

/// What a client may send first: without a token each of it is refused, at the endpoint and at its other address.
pub(super) async fn anonymous(context: &Context<'_>) -> Result<String, CaseFailure> {
    let target = context.target();
    let resource = context.profile().mcp.resource.as_deref().unwrap_or("file:///1");
    let name = json!({"name": "id", "value": ""});
    let reference = json!({"type": "ref/resource", "uri": resource});
    let mut old = mcp::initialize();
    old["protocolVersion"] = json!("2024-11-05");
    let messages = [
        ("initialize", mcp::initialize()),
        ("tools/list", json!({})),
        ("tools/call", context.profile().reading()),
        ("ping", json!({})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({ "uri": resource })),
        ("resources/subscribe", json!({ "uri": resource })),
        ("prompts/list", json!({})),
        ("prompts/get", json!({"name": "prompt"})),
        ("completion/complete", json!({"ref": reference, "argument": name})),
        ("logging/setLevel", json!({"level": "debug"})),
        ("no/such/method", json!({})),
        ("initialize", old),
        ("tools/call", json!({"name": "no_such_tool", "arguments": {}})),
        ("tasks/list", json!({})),
    ];
    let details = context.profile().details().map(|call| ("tools/call", call));
    let at_endpoint = messages.iter().chain(&details);
    let at_endpoint =
        at_endpoint.map(|(method, it)| context.message(method, it, Caller::Anonymous));
    let mut requests: Vec<_> = at_endpoint.map(|it| (it, &[401][..])).collect();
    for path in target.other_endpoints() {
        for (method, params) in &messages[..4] {
            let url = target.url(path);
            let (body, line) = (mcp::request(method, params), format!("POST {url} {method}"));
            requests.push((Request::message(url, &body, line), REFUSED_OR_ABSENT));
        }
    }
    refuse_each(context, requests).await
}

/// Every method but `POST` at the endpoint, with the message that `POST` would have; and the pages by other methods.
pub(super) async fn methods(context: &Context<'_>) -> Result<String, CaseFailure> {
    let target = context.target();
    let bodies = ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "PROPFIND", "ANY", "post"];
    let mut requests: Vec<_> =
        bodies.into_iter().map(|it| list_tools(context).method(it)).collect();
    for method in ["GET", "HEAD"] {
        requests
            .push(Request::of(method, target.mcp.clone()).header("accept", "text/event-stream"));
    }
    for path in target.other_endpoints() {
        requests.push(Request::get(target.url(path)).header("accept", "text/event-stream"));
    }
    requests.push(Request::of("TRACE", target.mcp.clone()));
    let preflight = list_tools(context).method("OPTIONS");
    requests.push(
        preflight.header("origin", target.origin()).header("access-control-request-method", "POST"),
    );
    let names = ["x-http-method-override", "x-http-method", "x-method-override"];
    requests.extend(names.map(|name| list_tools(context).header(name, "OPTIONS")));
    requests.push(list_tools(context).method("GET").header(names[0], "POST"));
    requests.push(list_tools(context).query("_method=OPTIONS"));
    requests.extend(methods_of_pages(context));
    let refusal = |request: &Request| if request.is("OPTIONS") { PREFLIGHT } else { ONLY_ERRORS };
    refuse_all(context, requests.into_iter().map(|it| (it.clone(), refusal(&it))).collect()).await
}

/// The pages and the paths of forms, by other methods than their own.
fn methods_of_pages<'a>(context: &'a Context<'_>) -> impl Iterator<Item = Request> + 'a {
    let pages = &context.profile().pages;
    let first = pages.paths.iter().take(1).map(|path| (path, &["HEAD", "OPTIONS", "POST"][..]));
    let others = pages.paths.iter().skip(1).map(|path| (path, &["HEAD", "DELETE"][..]));
    let forms = pages.forms.iter().take(1).map(|path| (path, &["PUT", "GET"][..]));
    let all = first.chain(others).chain(forms);
    all.flat_map(|(path, methods)| {
        methods.iter().map(|method| Request::of(method, context.target().url(path)))
    })
}

/// The length of a query that is longer than what is logged or looked at, and not too long for a server. In bytes.
const LONG_QUERY: usize = 5000;

/// A path with a capital in its first segment.
fn capital(path: &str) -> String {
    let first = path.get(1..2).unwrap_or_default().to_uppercase();
    format!("/{first}{}", path.get(2..).unwrap_or_default())
}

/// Addresses under which frameworks and older transports put an endpoint.
const OTHER_ENDPOINTS: [&str; 3] = ["/api/mcp", "/v1/mcp", "/messages"];

/// Other spellings of a path that a router, a proxy or a file system may take for it. The last segment is `last`, the
/// rest `parent`, which may be empty.
fn spellings(path: &str) -> Vec<String> {
    let (parent, last) = path.rsplit_once('/').unwrap_or_default();
    let first = path.trim_start_matches('/');
    let encoded =
        first.chars().next().map(|c| format!("%{:02x}", u32::from(c))).unwrap_or_default();
    let rest = first.get(1..).unwrap_or_default();
    let mut spellings = vec![
        format!("/{path}"),
        format!("{path}/"),
        format!("{parent}//{last}"),
        path.to_uppercase(),
        format!("/{encoded}{rest}"),
        format!("/.{path}"),
        format!("/x/..{path}"),
        format!("/%2e{path}"),
        format!("{path};x=1"),
        format!("{path}/."),
        format!("{path}%00"),
        format!("{path}%20"),
        format!("{path}?x"),
        format!("/healthz/..{path}"),
        format!("/static/..{path}"),
        format!("/.well-known/..{path}"),
        format!("/x/%2e%2e{path}"),
        format!("/x/..;{path}"),
        format!("{path}/x"),
        format!("{path}.json"),
        format!("{path}/x.css"),
        format!("{path}%0a"),
        format!("{path}%3f"),
        format!("{path}?x.css"),
        format!("{path}?next=/healthz"),
        format!("{path}?x={}", "x".repeat(LONG_QUERY)),
    ];
    if !parent.is_empty() {
        spellings.push(format!("{parent}%2f{last}"));
        spellings.push(format!("{parent}%252f{last}"));
        spellings.push(capital(parent) + "/" + last);
        spellings.push(format!("{parent}\\{last}"));
        spellings.push(format!("{parent};x/{last}"));
    }
    spellings
}

/// Other spellings of a page's path, also as one behind a path that is open to everybody.
fn page_spellings(path: &str, open: &[String]) -> Vec<String> {
    if path == "/" {
        return ["//", "/?x", "/./", "/index.html"].map(str::to_owned).into();
    }
    let mut spellings = vec![
        format!("{path}/"),
        path.to_uppercase(),
        format!("/{path}"),
        format!("{path};x=1"),
        format!("{path}.json"),
        format!("{path}/x.css"),
    ];
    // Letters and digits: others may have a meaning of their own.
    if let Some((at, last)) =
        path.char_indices().next_back().filter(|(_, c)| c.is_ascii_alphanumeric())
    {
        spellings.push(format!("{}%{:02x}", &path[..at], u32::from(last)));
        if last.is_ascii_digit() {
            spellings.push(format!("{}0{last}", &path[..at]));
        }
    }
    spellings.extend(open.iter().map(|open| format!("{open}/..{path}")));
    // A path without letters is the same in capitals.
    spellings.retain(|spelling| spelling != path);
    spellings
}

/// The endpoint and the pages under other spellings of their paths.
pub(super) async fn paths(context: &Context<'_>) -> Result<String, CaseFailure> {
    let target = context.target();
    let at_endpoint = spellings(target.mcp.path());
    let mut requests = Vec::new();
    let others = OTHER_ENDPOINTS.map(str::to_owned);
    // The whole address, as it is sent to a proxy.
    let whole = target.mcp.to_string();
    for path in at_endpoint.into_iter().chain(others).chain([whole]) {
        requests.push((list_tools(context).target(&path), RESPELLED));
    }
    requests.push((Request::get(target.url("/sse")), RESPELLED));
    let pages = &context.profile().pages;
    for path in pages.paths.iter().filter(|path| !path.contains('?')) {
        for spelling in page_spellings(path, &pages.open) {
            requests.push((Request::get(target.url(path)).target(&spelling), RESPELLED));
        }
    }
    refuse_all(context, requests).await
}

#[cfg(test)]
mod tests {
    use super::spellings;

    #[test]
    fn a_path_has_other_spellings_and_none_twice() {
        let mut spellings = spellings("/mcp/mcp");
        for spelling in ["//mcp/mcp", "/mcp//mcp", "/%6dcp/mcp", "/mcp%2fmcp", "/mcp\\mcp"] {
            assert!(spellings.iter().any(|it| it == spelling), "{spelling}: {spellings:?}");
        }
        assert!(!spellings.iter().any(|it| it == "/mcp/mcp"));
        let all = spellings.len();
        spellings.sort();
        spellings.dedup();
        assert_eq!(spellings.len(), all);
    }
}
