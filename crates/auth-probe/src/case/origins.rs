//! Pages of other sites, by what their browsers say of them: `Origin`.

use reqwest::Url;
use serde_json::{Value, json};

use super::{
    everywhere::{
        Attempt, at_other_endpoints, call, empty_form, list_tools, notification, page, page_of_item,
    },
    refusals::unless_refused_anyway,
};
use crate::{
    Target, TokenKind,
    context::{Caller, Context},
    diagnosis::{self, Diagnosis},
    http_client::{Answer, Request},
    mcp,
    outcome::CaseFailure,
    target::is_loopback,
};

const ATTACKER: &str = "https://attacker.example";

/// An extension of a browser.
const EXTENSION: &str = "chrome-extension://abcdefghijklmnopabcdefghijklmnop";

/// Origins of others: one that has nothing of ours, none at all, one that begins as ours does, and one that ends so.
fn foreign(target: &Target) -> [String; 4] {
    let scheme = target.origin.scheme();
    let host = target.origin.authority();
    let name = target.host();
    [
        ATTACKER.to_owned(),
        "null".to_owned(),
        format!("{scheme}://{name}.attacker.example"),
        format!("{scheme}://attacker{host}"),
    ]
}

/// Origins that are less likely to be trusted: below our host, our host with a dot more, and a browser's extension.
fn further(target: &Target) -> [String; 3] {
    let scheme = target.origin.scheme();
    let host = target.origin.authority();
    let port = target.origin.port().map(|port| format!(":{port}")).unwrap_or_default();
    [
        format!("{scheme}://x.{host}"),
        format!("{scheme}://{}.{port}", target.host()),
        EXTENSION.to_owned(),
    ]
}

/// Our host on another port and by the other scheme.
fn of_our_host(target: &Target) -> [String; 2] {
    let scheme = target.origin.scheme();
    let other = if scheme == "https" { "http" } else { "https" };
    let port = if target.origin.port() == Some(OTHER_PORT) { OTHER_PORT + 1 } else { OTHER_PORT };
    [
        format!("{scheme}://{}:{port}", target.host()),
        format!("{other}://{}", target.origin.authority()),
    ]
}

/// A port at which other apps of a host are.
const OTHER_PORT: u16 = 8443;

/// The endpoint and a form refuse requests of foreign pages, whatever they ask.
pub(super) async fn refused(context: &Context<'_>) -> Result<String, CaseFailure> {
    let caller = context.bearer(TokenKind::Good)?;
    let target = context.target();
    let message = |method, params: &Value| context.message(method, params, caller);
    let (call, nothing) = (context.profile().reading(), json!({}));
    let attacked = |request: Request| Attempt::new(request.header("origin", ATTACKER));
    let mut attempts = vec![attacked(message("initialize", &mcp::initialize()))];
    for origin in foreign(target) {
        for (method, params) in [("tools/list", &nothing), ("tools/call", &call)] {
            attempts.push(Attempt::new(message(method, params).header("origin", &origin)));
        }
    }
    // Programs of this machine may trust its pages, whatever their ports.
    let ours = of_our_host(target).into_iter().filter(|_| !is_loopback(target.host()));
    for origin in further(target).into_iter().chain(ours) {
        attempts.push(Attempt::new(message("tools/call", &call).header("origin", &origin)));
    }
    attempts.extend(["ping", "resources/list"].map(|it| attacked(message(it, &nothing))));
    let session = "00000000-0000-4000-8000-000000000000";
    // A stateful server may look for the session first.
    let in_session = message("tools/list", &nothing).header("mcp-session-id", session);
    attempts.push(attacked(in_session).or_absent());
    let bear = |request: Request| match caller {
        Caller::Bearer(token, what) => request.bearer(token, what),
        Caller::Anonymous => request,
    };
    attempts.push(attacked(bear(notification(context))));
    attempts.extend(empty_form(context).map(|form| attacked(bear(form)).or_absent()));
    for attempt in attempts {
        if let Some((line, answer)) = attempt.unless_refused(context, &[403]).await? {
            return Err(CaseFailure::Failed {
                got: format!("{line}: {}", answer.summary()),
                diagnosis: Some(diagnosis::origin_unchecked()),
            });
        }
    }
    unless_refused_anyway(context, "403".to_owned()).await
}

fn preflight(url: Url) -> Request {
    Request::of("OPTIONS", url)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization, content-type")
}

/// No response allows a foreign page to read it.
pub(super) async fn not_shared(context: &Context<'_>) -> Result<String, CaseFailure> {
    let target = context.target();
    let good = |request: Request| match context.good() {
        Caller::Bearer(token, what) => Some(request.bearer(token, what)),
        Caller::Anonymous => None,
    };
    let mut requests = Vec::new();
    for origin in foreign(target) {
        let all = [preflight(target.mcp.clone()), list_tools(context)];
        let all = all.into_iter().chain(page(context)).chain(good(list_tools(context)));
        requests.extend(all.map(|request| (request, origin.clone())));
    }
    for origin in further(target).into_iter().chain(of_our_host(target)) {
        let list = good(list_tools(context)).unwrap_or_else(|| list_tools(context));
        requests.extend([preflight(target.mcp.clone()), list].map(|it| (it, origin.clone())));
    }
    let form = context.profile().pages.forms.first();
    let mut others: Vec<_> = form.map(|form| preflight(target.url(form))).into_iter().collect();
    others.extend(page_of_item(context));
    others.extend(at_other_endpoints(context));
    others.extend(page(context).into_iter().chain([call(context)]).filter_map(good));
    requests.extend(others.into_iter().map(|request| (request, ATTACKER.to_owned())));
    let count = requests.len();
    for (request, origin) in requests {
        let request = request.header("origin", &origin);
        let line = request.line().to_owned();
        let answer = context.send(request).await?;
        if let Some(shared) = shared(&answer, &origin) {
            return Err(CaseFailure::Failed {
                got: format!("{line}: {}, {shared}", answer.status.as_u16()),
                diagnosis: Some(Diagnosis::without_fix(
                    "the app allows pages of other sites to read its responses: leave out CORS, or list the origins that may",
                )),
            });
        }
    }
    Ok(format!("{count} responses share nothing with other origins"))
}

/// The headers by which a response is shared with a foreign origin.
fn shared(answer: &Answer, origin: &str) -> Option<String> {
    let is_true = |name: &str| {
        answer.header(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
    };
    let with_credentials = is_true("access-control-allow-credentials");
    let mut allowed = answer.headers.get_all("access-control-allow-origin").iter();
    if is_true("access-control-allow-private-network") {
        return Some("access-control-allow-private-network: true".to_owned());
    }
    let is_shared = |value: &str| value.eq_ignore_ascii_case(origin) || value == "*";
    allowed.find_map(|value| {
        let value = String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
        let names = value.split([',', ' ']).any(is_shared);
        let credentials = if with_credentials { " with credentials" } else { "" };
        names.then(|| format!("access-control-allow-origin: {value}{credentials}"))
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{OTHER_PORT, Target, foreign, further, of_our_host};

    #[test]
    fn no_origin_is_our_own() {
        let at_port = |origin: &str| format!("{origin}:{OTHER_PORT}");
        let origins = ["https://app.example", "http://127.0.0.1"];
        for origin in origins.map(str::to_owned).into_iter().chain(origins.map(at_port)) {
            let target = Target::new(&origin, Uuid::from_u128(1), Uuid::from_u128(2)).unwrap();
            let ours = of_our_host(&target);
            assert!(ours.iter().all(|it| it.contains(target.host())), "{ours:?}");
            let all = foreign(&target).into_iter().chain(further(&target)).chain(ours);
            assert!(all.into_iter().all(|it| it != origin), "{origin}");
        }
    }
}
