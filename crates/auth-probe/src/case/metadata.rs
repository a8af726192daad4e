//! Protected resource metadata (RFC 9728): there, open, and true.

use reqwest::Url;
use serde_json::Value;

use crate::{
    context::{Caller, Context},
    diagnosis,
    http_client::{Answer, Request},
    outcome::CaseFailure,
};

/// There is none where nothing is protected.
pub(super) async fn absent(context: &Context<'_>) -> Result<String, CaseFailure> {
    let answer = context.send(Request::get(context.target().metadata())).await?;
    if answer.status == 404 {
        Ok("404".to_owned())
    } else {
        Err(CaseFailure::failed(answer.summary()))
    }
}

pub(super) async fn present(context: &Context<'_>) -> Result<String, CaseFailure> {
    let document = document(context, context.target().metadata()).await?;
    Ok(format!("resource {}", document["resource"]))
}

pub(super) async fn suffixed(context: &Context<'_>) -> Result<String, CaseFailure> {
    let document = document(context, context.target().mcp_metadata()).await?;
    Ok(format!("resource {}", document["resource"]))
}

/// The metadata at an address of the app, which have to be complete, and to send nobody to sign in elsewhere.
pub(super) async fn document(context: &Context<'_>, url: Url) -> Result<Value, CaseFailure> {
    let answer = context.send(Request::get(url)).await?;
    let document = read(&answer).map_err(|why| CaseFailure::Failed {
        got: format!("{} ({why})", answer.summary()),
        diagnosis: Some(diagnosis::no_metadata(context.target(), &answer)),
    })?;
    let servers = document["authorization_servers"].as_array().into_iter().flatten();
    let mut servers = servers.filter_map(Value::as_str);
    match servers.find(|server| !context.target().is_issuer(server)) {
        None => Ok(document),
        Some(other) => Err(CaseFailure::Failed {
            got: format!("the authorization server {other}, which is not the tenant's"),
            diagnosis: Some(diagnosis::other_issuer(context.target())),
        }),
    }
}

fn read(answer: &Answer) -> Result<Value, String> {
    if answer.status != 200 {
        return Err("not 200".to_owned());
    }
    let document: Value = serde_json::from_str(&answer.body).map_err(|_| "no JSON")?;
    let is_list = |name: &str| {
        let list = document[name].as_array();
        list.is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string))
    };
    if !document["resource"].is_string() {
        return Err("no resource".to_owned());
    }
    match ["authorization_servers", "scopes_supported"].into_iter().find(|name| !is_list(name)) {
        Some(name) => Err(format!("no {name}")),
        None => Ok(document),
    }
}

/// The address that the challenge of a 401 names answers.
pub(super) async fn challenged(context: &Context<'_>) -> Result<String, CaseFailure> {
    let answer = context.initialize(Caller::Nobody).await?;
    let url = challenge(&answer, &context.target().origin).map_err(|why| CaseFailure::Failed {
        got: format!("{} ({why})", answer.summary()),
        diagnosis: Some(diagnosis::no_challenge(context.target(), &answer)),
    })?;
    document(context, url.clone()).await?;
    Ok(format!("{url} answers"))
}

/// The address of the metadata in a challenge; it has to be of the app's origin.
fn challenge(answer: &Answer, origin: &Url) -> Result<Url, &'static str> {
    if answer.status != 401 {
        return Err("not 401");
    }
    let named = resource_metadata(answer).ok_or("no Bearer challenge with resource_metadata")?;
    let url = Url::parse(named).map_err(|_| "resource_metadata is no URL")?;
    if url.origin() == origin.origin() {
        Ok(url)
    } else {
        Err("resource_metadata is of another origin")
    }
}

/// The parameter `resource_metadata` of a Bearer challenge.
fn resource_metadata(answer: &Answer) -> Option<&str> {
    let challenges = answer.headers.get_all("www-authenticate").iter();
    let is_bearer =
        |value: &&str| value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer "));
    challenges.filter_map(|value| value.to_str().ok()).filter(is_bearer).find_map(|challenge| {
        let (_, rest) = challenge.split_once("resource_metadata=\"")?;
        Some(rest.split_once('"')?.0)
    })
}
