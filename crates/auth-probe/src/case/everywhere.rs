//! The requests that a caller without access may try: every method of MCP, both addresses of the endpoint, and pages.

use serde_json::json;

use super::{messages::stateless, refusals::not_refused};
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

    /// The address need not exist.
    pub(super) fn or_absent(self) -> Self {
        Self { or: ABSENT, ..self }
    }

    /// Sends it. Returns what was sent and the answer, unless that is one of the statuses.
    pub(super) async fn unless_refused(
        self,
        context: &Context<'_>,
        expected: &[u16],
    ) -> Result<Option<(String, Answer)>, CaseFailure> {
        let line = self.request.line().to_owned();
        let answer = context.send(self.request).await?;
        let status = answer.status.as_u16();
        let is_refused = expected.contains(&status) || self.or.contains(&status);
        Ok((!is_refused).then_some((line, answer)))
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
    let details = context.profile().details().map(|call| ("tools/call", call));
    let resource = context.profile().mcp.resource.as_ref();
    let resource = resource.map(|uri| ("resources/read", json!({ "uri": uri })));
    let methods = methods.into_iter().chain(details).chain(resource);
    let message = |(method, params)| context.message(method, &params, Caller::Anonymous);
    let mut attempts: Vec<_> = methods.map(message).map(Attempt::new).collect();
    attempts.push(Attempt::new(notification(context)));
    let target = context.target();
    attempts.extend(at_other_endpoints(context).map(|it| Attempt::new(it).or_absent()));
    let batch = json!([mcp::request("tools/call", &context.profile().reading())]);
    let line = format!("POST {} a batch of tools/call", target.mcp);
    let request = Request::message(target.mcp.clone(), &batch, line);
    attempts.push(Attempt { request, or: MALFORMED });
    let request = stateless(context, "tools/call", context.profile().reading());
    attempts.push(Attempt { request, or: MALFORMED });
    attempts
}

/// The attempts at the endpoint, at pages, and with a form that is empty.
pub(super) fn everywhere(context: &Context<'_>) -> Vec<Attempt> {
    let mut attempts = at_mcp(context);
    attempts.extend(page(context).map(Attempt::new));
    let others = page_of_item(context).into_iter().chain(empty_form(context));
    attempts.extend(others.map(|request| Attempt::new(request).or_absent()));
    attempts
}

/// `tools/list` at each other address of the endpoint.
pub(super) fn at_other_endpoints<'a>(
    context: &'a Context<'_>,
) -> impl Iterator<Item = Request> + 'a {
    let target = context.target();
    target.other_endpoints().map(|path| {
        let url = target.url(path);
        let line = format!("POST {url} tools/list");
        Request::message(url, &mcp::request("tools/list", &json!({})), line)
    })
}

/// A form that writes nothing, since nothing is filled in.
pub(super) fn empty_form(context: &Context<'_>) -> Option<Request> {
    let path = context.profile().pages.forms.first()?;
    let form = Request::of("POST", context.target().url(path));
    Some(form.body("application/x-www-form-urlencoded", "").noted("an empty form"))
}

/// The page of an item, where the app has such pages.
pub(super) fn page_of_item(context: &Context<'_>) -> Option<Request> {
    let path = context.profile().pages.of_item()?;
    Some(Request::get(context.target().url(path)))
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

/// A list of the tools.
pub(super) fn list_tools(context: &Context<'_>) -> Request {
    context.message("tools/list", &json!({}), Caller::Anonymous)
}

/// A notification.
pub(super) fn notification(context: &Context<'_>) -> Request {
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
