//! The requests that a caller without access may try: every method of MCP, both addresses of the endpoint, and a page.

use serde_json::json;

use super::refusals::not_refused;
use crate::{
    context::{Caller, Context},
    http_client::{Answer, Request},
    mcp,
    outcome::CaseFailure,
};

/// A request that must be rejected.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) request: Request,
    /// Whether the address need not exist, so that 404 and 405 reject the caller too.
    may_be_absent: bool,
}

impl Attempt {
    pub(super) fn new(request: Request) -> Self {
        Self { request, may_be_absent: false }
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
        ("tools/call", context.profile().reading()),
        ("resources/list", json!({})),
        ("prompts/list", json!({})),
        ("completion/complete", completion),
        ("ping", json!({})),
    ];
    let message = |(method, params)| context.message(method, &params, Caller::Anonymous);
    let mut attempts: Vec<_> = methods.into_iter().map(message).map(Attempt::new).collect();
    attempts.push(Attempt::new(notification(context)));
    let target = context.target();
    for path in target.other_endpoints() {
        let url = target.url(path);
        let line = format!("POST {url} tools/list");
        let body = mcp::request("tools/list", &json!({}));
        attempts.push(Attempt { request: Request::message(url, &body, line), may_be_absent: true });
    }
    attempts
}

/// The attempts at the endpoint, and at a page.
pub(super) fn everywhere(context: &Context<'_>) -> Vec<Attempt> {
    let mut attempts = at_mcp(context);
    attempts.extend(page(context).map(Attempt::new));
    attempts
}

/// The first page, where the app has pages.
pub(super) fn page(context: &Context<'_>) -> Option<Request> {
    let path = context.profile().pages.paths.first()?;
    Some(Request::get(context.target().url(path)))
}

/// A call of a tool that reads.
pub(super) fn call(context: &Context<'_>) -> Request {
    context.message("tools/call", &context.profile().reading(), Caller::Anonymous)
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
    for Attempt { request, may_be_absent } in attempts {
        let line = request.line().to_owned();
        let answer = context.send(request).await?;
        let status = answer.status.as_u16();
        let is_absent = may_be_absent && [404, 405].contains(&status);
        if !expected.contains(&status) && !is_absent {
            return Err(not_refused(context, &line, &answer, expected));
        }
        first.get_or_insert(answer);
    }
    first.ok_or_else(|| CaseFailure::failed("nothing was sent"))
}
