//! Metadata, challenges and redirects that other requests are given: of other hosts and callers, and at other addresses.

use serde_json::Value;

use super::{Answer, CaseFailure, astray, challenges_are_of_target, is_of_target};
use crate::{
    Target, TokenKind,
    case::carriers::with_all,
    context::{Caller, Context},
    http_client::Request,
    mcp,
};

/// Headers of which an app may make the addresses that it names.
const HOSTS: [(&str, &str); 5] = [
    ("x-forwarded-host", "attacker.example"),
    ("x-original-host", "attacker.example"),
    ("x-host", "attacker.example"),
    ("forwarded", "host=attacker.example"),
    ("user-agent", "Mozilla/5.0"),
];

/// Where clients of an older version of MCP send people to sign in.
const SIGN_IN: &str = "/authorize";

/// What other requests are given names the same as these documents, of the app and of the endpoint.
pub(super) async fn agree(
    context: &Context<'_>,
    [of_app, of_endpoint]: [&Value; 2],
) -> Result<(), CaseFailure> {
    let target = context.target();
    for (url, document) in [(target.metadata(), of_app), (target.mcp_metadata(), of_endpoint)] {
        let answer = context.send(with_all(Request::get(url), &HOSTS)).await?;
        is_same(&answer, document).map_err(|got| astray(target, got))?;
    }
    for request in refused(context) {
        let line = request.line().to_owned();
        let answer = context.send(request).await?;
        let challenges = challenges_are_of_target(target, &answer);
        challenges.map_err(|got| astray(target, format!("{line}: {got}")))?;
    }
    for path in others(target) {
        let answer = context.send(Request::get(target.url(&path))).await?;
        let document = serde_json::from_str::<Value>(&answer.body).unwrap_or_default();
        if answer.status == 200 && document["authorization_servers"].is_array() {
            let is_own = is_of_target(target, &document).and_then(|()| servers(target, &document));
            is_own.map_err(|got| astray(target, format!("{path}: {got}")))?;
        }
    }
    let answer = context.send(Request::get(target.url(SIGN_IN))).await?;
    leads_to_target(target, &answer).map_err(|got| astray(target, format!("{SIGN_IN}: {got}")))
}

/// Requests that are refused in other ways than one without a token.
fn refused(context: &Context<'_>) -> Vec<Request> {
    let initialize = |caller| context.message("initialize", &mcp::initialize(), caller);
    let anonymous = || initialize(Caller::Anonymous);
    let mut requests =
        vec![with_all(anonymous(), &HOSTS), anonymous().header("authorization", "Bearer garbage")];
    let roleless = context.token(TokenKind::Roleless);
    let roleless = roleless.map(|token| initialize(Caller::Bearer(token, "roleless")));
    requests.extend(roleless);
    requests
}

/// Whether a document is the one that other requests are given. An app may refuse the headers.
fn is_same(answer: &Answer, document: &Value) -> Result<(), String> {
    let other = serde_json::from_str::<Value>(&answer.body).unwrap_or_default();
    if answer.status == 200 && other != *document {
        return Err(format!("other metadata for other headers: {}", answer.summary()));
    }
    // Parsers take the first or the last of two members of a name.
    let is_twice = |name: &str| answer.body.matches(&format!("\"{name}\"")).count() > 1;
    let names = ["resource", "authorization_servers", "scopes_supported", "jwks_uri"];
    match names.into_iter().find(|name| is_twice(name)) {
        Some(name) => Err(format!("{name} twice in the metadata")),
        None => Ok(()),
    }
}

/// Other addresses at which clients may look for the metadata.
fn others(target: &Target) -> Vec<String> {
    let (own, mcp) = (target.metadata().path().to_owned(), target.mcp.path());
    let of_endpoints = target.other_endpoints().map(|path| format!("{own}{path}"));
    [format!("{mcp}{own}"), format!("{own}/")].into_iter().chain(of_endpoints).collect()
}

fn servers(target: &Target, document: &Value) -> Result<(), String> {
    let mut servers = document["authorization_servers"].as_array().into_iter().flatten();
    let is_other = |server: &&Value| !server.as_str().is_some_and(|it| target.is_issuer(it));
    servers.find(is_other).map_or(Ok(()), |it| Err(format!("the authorization server {it}")))
}

/// Whether a redirect, if there is one, leads to the app or its tenant.
fn leads_to_target(target: &Target, answer: &Answer) -> Result<(), String> {
    let Some(location) = answer.header("location") else { return Ok(()) };
    let Ok(mut to) = target.origin.join(location) else { return Ok(()) };
    to.set_query(None);
    to.set_fragment(None);
    let is_own = to.origin() == target.origin.origin() || target.is_of_issuer(to.as_str());
    if is_own { Ok(()) } else { Err(format!("a redirect to {to}")) }
}
