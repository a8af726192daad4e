//! Ways to the endpoint and the pages without a token: the usual ones, another method, another spelling of the path,
//! another message.

use serde_json::{Value, json};

use super::{
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

/// The version of the protocol that needs no `initialize`.
const STATELESS: &str = "2026-07-28";

fn list_tools(context: &Context<'_>) -> Request {
    context.message("tools/list", &json!({}), Caller::Anonymous)
}

/// What an address may answer somebody without a token that need not be there at all: a path that is excluded from
/// authentication leaves the rest of the app shut.
const REFUSED_OR_ABSENT: &[u16] = &[401, 403, 404, 405];

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
    let page = |path: &str| Request::get(target.url(path));
    let pages = &context.profile().pages;
    let mut requests = Vec::new();
    for first in pages.paths.iter().take(1) {
        let browser =
            page(first).header("accept", "text/html").header("sec-fetch-mode", "navigate");
        requests.extend([(page(first), &[401][..]), (browser, &[401][..])]);
    }
    for path in pages.paths.iter().skip(1) {
        requests.push((page(path), REFUSED_OR_ABSENT));
    }
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
    let messages = [
        ("initialize", mcp::initialize()),
        ("tools/list", json!({})),
        ("tools/call", context.profile().reading()),
        ("ping", json!({})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({"uri": resource})),
        ("prompts/list", json!({})),
        ("completion/complete", json!({"ref": reference, "argument": name})),
        ("logging/setLevel", json!({"level": "debug"})),
        ("no/such/method", json!({})),
    ];
    let at_endpoint = messages.iter();
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
    let bodies = ["PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "post"];
    let mut requests: Vec<_> =
        bodies.into_iter().map(|it| list_tools(context).method(it)).collect();
    for method in ["GET", "HEAD"] {
        requests
            .push(Request::of(method, target.mcp.clone()).header("accept", "text/event-stream"));
    }
    let preflight = list_tools(context).method("OPTIONS");
    requests.push(
        preflight.header("origin", target.origin()).header("access-control-request-method", "POST"),
    );
    for (name, method) in [("x-http-method-override", "OPTIONS"), ("x-http-method", "HEAD")] {
        requests.push(list_tools(context).header(name, method));
    }
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
    ];
    if !parent.is_empty() {
        spellings.push(format!("{parent}%2f{last}"));
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
    let mut spellings =
        vec![format!("{path}/"), path.to_uppercase(), format!("/{path}"), format!("{path};x=1")];
    // Letters and digits: others may have a meaning of their own.
    if let Some((at, last)) =
        path.char_indices().next_back().filter(|(_, c)| c.is_ascii_alphanumeric())
    {
        spellings.push(format!("{}%{:02x}", &path[..at], u32::from(last)));
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
    for path in at_endpoint {
        requests.push((list_tools(context).target(&path), RESPELLED));
    }
    let pages = &context.profile().pages;
    for path in pages.paths.iter().filter(|path| !path.contains('?')) {
        for spelling in page_spellings(path, &pages.open) {
            requests.push((Request::get(target.url(path)).target(&spelling), RESPELLED));
        }
    }
    refuse_all(context, requests).await
}

/// Messages other than a client's first ones: a batch, the protocol without `initialize`, notifications, other types
/// of content; and headers by which a server may take the caller for another one.
pub(super) async fn messages(context: &Context<'_>) -> Result<String, CaseFailure> {
    let url = &context.target().mcp;
    let call = mcp::request("tools/call", &context.profile().reading());
    let text = call.to_string();
    let post = |body: &Value, what: &str| {
        Request::message(url.clone(), body, format!("POST {url} {what}"))
    };
    let initialize = mcp::request("initialize", &mcp::initialize());
    let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let calling = |name, value: &str| post(&call, "tools/call").header(name, value);
    let accepting = |kind: &str| post(&call, "tools/call").replace("accept", kind);
    let typed = |kind| post(&call, "tools/call").body(kind, text.clone()).noted(kind);
    let requests = vec![
        post(&json!([call]), "a batch of tools/call"),
        post(&json!([initialize, call]), "a batch of initialize and tools/call"),
        stateless(context, "server/discover", json!({})),
        stateless(context, "tools/list", json!({})),
        stateless(context, "tools/call", context.profile().reading()),
        post(&initialized, "notifications/initialized"),
        post(&json!({"jsonrpc": "2.0", "id": 1, "result": {}}), "a response"),
        accepting("text/html"),
        accepting("*/*"),
        typed("text/plain"),
        typed("application/x-www-form-urlencoded"),
        typed("application/json; charset=utf-8"),
        calling("mcp-session-id", "00000000-0000-4000-8000-000000000000"),
        calling("mcp-protocol-version", "2024-11-05"),
        calling("x-forwarded-for", "127.0.0.1"),
        calling("x-original-url", "/healthz"),
        calling("x-rewrite-url", "/healthz"),
        calling("origin", context.target().origin()),
        calling("referer", context.target().origin()),
        calling("x-requested-with", "XMLHttpRequest"),
        calling("user-agent", "AlwaysOn"),
        calling("sec-fetch-mode", "navigate"),
        calling("cookie", "AppServiceAuthSession=AQAB"),
    ];
    refuse_all(context, requests.into_iter().map(|it| (it, ONLY_ERRORS)).collect()).await
}

/// A request of the protocol that needs no `initialize`.
fn stateless(context: &Context<'_>, method: &'static str, mut params: Value) -> Request {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": STATELESS,
        "io.modelcontextprotocol/clientInfo": {"name": "auth-probe", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let request = context.message(method, &params, Caller::Anonymous);
    let request = request.header("mcp-protocol-version", STATELESS).header("mcp-method", method);
    match params["name"].as_str() {
        Some(tool) => request.header("mcp-name", tool),
        None => request,
    }
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
