//! The requests that a caller without access may try: every method of MCP, both addresses of the endpoint, and pages.

use serde_json::{Value, json};

use super::{messages::stateless, refusals::not_refused};
use crate::{
    context::{Caller, Context},
    http_client::{Answer, Request},
    mcp,
    outcome::CaseFailure,
};

/// The addresses under which the endpoint is known.
pub(super) const ENDPOINTS: [&str; 2] = ["/mcp/mcp", "/mcp"];

/// A request that must be rejected.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) request: Request,
    /// Statuses that reject the caller too: of an address that need not exist, or a message that need not be understood.
    or: &'static [u16],
}

/// The statuses of an address that does not exist.
const ABSENT: &[u16] = &[404, 405];

/// The status of a message that the app does not understand.
const MALFORMED: &[u16] = &[400];

impl Attempt {
    pub(super) fn new(request: Request) -> Self {
        Self { request, or: &[] }
    }

    /// Changes the request.
    pub(super) fn map(self, change: impl FnOnce(Request) -> Request) -> Self {
        Self { request: change(self.request), ..self }
    }
}

/// The attempts at both addresses of the endpoint, without a token. The first one is `initialize`.
pub(super) fn at_mcp(context: &Context<'_>) -> Vec<Attempt> {
    let argument = json!({"name": "name", "value": ""});
    let completion = json!({"ref": {"type": "ref/prompt", "name": "prompt"}, "argument": argument});
    let methods = [
        ("initialize", mcp::initialize()),
        ("tools/list", json!({})),
        ("tools/call", list_restaurants()),
        ("resources/list", json!({})),
        ("prompts/list", json!({})),
        ("completion/complete", completion),
        ("ping", json!({})),
        ("tools/call", json!({"name": "get_details_mcp", "arguments": {"restaurant_id": 1}})),
        ("resources/read", json!({"uri": "restaurant://1"})),
    ];
    let message = |(method, params)| context.message(method, &params, Caller::Anonymous);
    let mut attempts: Vec<_> = methods.into_iter().map(message).map(Attempt::new).collect();
    attempts.push(Attempt::new(notification(context)));
    let target = context.target();
    for path in ENDPOINTS.into_iter().filter(|path| *path != target.mcp.path()) {
        let url = target.url(path);
        let line = format!("POST {url} tools/list");
        let body = mcp::request("tools/list", &json!({}));
        attempts.push(Attempt { request: Request::message(url, &body, line), or: ABSENT });
    }
    let batch = json!([mcp::request("tools/call", &list_restaurants())]);
    let line = format!("POST {} a batch of tools/call", target.mcp);
    let request = Request::message(target.mcp.clone(), &batch, line);
    attempts.push(Attempt { request, or: MALFORMED });
    let request = stateless(context, "tools/call", list_restaurants());
    attempts.push(Attempt { request, or: MALFORMED });
    attempts
}

/// The attempts at the endpoint, at pages, and with a form that is empty.
pub(super) fn everywhere(context: &Context<'_>) -> Vec<Attempt> {
    let mut attempts = at_mcp(context);
    attempts.push(Attempt::new(page(context)));
    let target = context.target();
    let form = Request::of("POST", target.url("/add"));
    let form = form.body("application/x-www-form-urlencoded", "").noted("an empty form");
    let others = [Request::get(target.url("/details/1")), form];
    attempts.extend(others.map(|request| Attempt { request, or: ABSENT }));
    attempts
}

/// A page.
pub(super) fn page(context: &Context<'_>) -> Request {
    Request::get(context.target().url("/"))
}

/// A call of a tool that reads.
pub(super) fn call(context: &Context<'_>) -> Request {
    context.message("tools/call", &list_restaurants(), Caller::Anonymous)
}

/// A list of the tools.
pub(super) fn list_tools(context: &Context<'_>) -> Request {
    context.message("tools/list", &json!({}), Caller::Anonymous)
}

/// The parameters of a call of a tool that reads.
pub(super) fn list_restaurants() -> Value {
    json!({"name": "list_restaurants_mcp", "arguments": {}})
}

fn notification(context: &Context<'_>) -> Request {
    let url = context.target().mcp.clone();
    let body = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let line = format!("POST {url} notifications/initialized");
    Request::message(url, &body, line)
}

/// Makes attempts, each of which must be answered with one of the statuses. Returns the answer to the first one.
pub(super) async fn all_refused(
    context: &Context<'_>,
    attempts: Vec<Attempt>,
    expected: &[u16],
) -> Result<Answer, CaseFailure> {
    let mut first = None;
    for Attempt { request, or } in attempts {
        let line = request.line().to_owned();
        let answer = context.send(request).await?;
        let status = answer.status.as_u16();
        if !expected.contains(&status) && !or.contains(&status) {
            return Err(not_refused(context, &line, &answer, expected));
        }
        first.get_or_insert(answer);
    }
    first.ok_or_else(|| CaseFailure::failed("nothing was sent"))
}
