//! Protected resource metadata (RFC 9728): there, open, and true.

use reqwest::Url;
use serde_json::Value;

use super::everywhere::page;
use crate::{
    Target,
    context::{Caller, Context},
    diagnosis,
    http_client::{Answer, Request},
    mcp,
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

/// Those of the app, whose resource is the app or something in it.
pub(super) async fn present(context: &Context<'_>) -> Result<String, CaseFailure> {
    let document = document(context, context.target().metadata()).await?;
    let resource = document["resource"].as_str().unwrap_or_default();
    if !context.target().is_own_address(resource) {
        return Err(CaseFailure::Failed {
            got: format!("resource {resource}, which is not of {}", context.target().origin()),
            diagnosis: Some(diagnosis::other_resource(context.target())),
        });
    }
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
    let answer = context.initialize(Caller::Anonymous).await?;
    let url = challenge(&answer, context.target()).map_err(|why| CaseFailure::Failed {
        got: format!("{} ({why})", answer.summary()),
        diagnosis: Some(diagnosis::no_challenge(context.target(), &answer)),
    })?;
    document(context, url.clone()).await?;
    Ok(format!("{url} answers"))
}

/// The address of the metadata in a challenge; it has to be of the app's origin, as every other one that is named.
fn challenge(answer: &Answer, target: &Target) -> Result<Url, &'static str> {
    if answer.status != 401 {
        return Err("not 401");
    }
    let named = parameters(answer, "resource_metadata");
    let first = named.first().ok_or("no Bearer challenge with resource_metadata")?;
    if named.iter().any(|it| !target.is_own_address(it)) {
        return Err("resource_metadata is of another origin");
    }
    Url::parse(first).map_err(|_| "resource_metadata is no URL")
}

/// The values of a parameter in all challenges of a response, with quotes or without.
fn parameters(answer: &Answer, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for value in answer.headers.get_all("www-authenticate") {
        let challenge = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let lower = challenge.to_ascii_lowercase();
        for (at, _) in lower.match_indices(&format!("{name}=")) {
            // Not the end of a longer name.
            if lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || "-_".contains(c)) {
                continue;
            }
            let rest = &challenge[at + name.len() + 1..];
            let value = match rest.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next(),
                None => rest.split([',', ' ']).next(),
            };
            found.extend(value.map(str::to_owned));
        }
    }
    found
}

/// Where clients of other ways look for an authorization server.
const OTHERS: [&str; 2] =
    ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

/// The members of such a document that are addresses to which clients bring their credentials.
const ENDPOINTS: [&str; 6] = [
    "authorization_endpoint",
    "token_endpoint",
    "registration_endpoint",
    "device_authorization_endpoint",
    "jwks_uri",
    "pushed_authorization_request_endpoint",
];

/// The documents and the challenges name the same, and nothing of another party.
pub(super) async fn agree(context: &Context<'_>) -> Result<String, CaseFailure> {
    let target = context.target();
    let of_app = document(context, target.metadata()).await?;
    let of_endpoint = document(context, target.mcp_metadata()).await?;
    for document in [&of_app, &of_endpoint] {
        is_of_target(target, document).map_err(|got| astray(target, got))?;
    }
    for name in ["authorization_servers", "scopes_supported"] {
        let sorted = |document: &Value| {
            let items = document[name].as_array().into_iter().flatten();
            let mut items: Vec<_> = items.filter_map(Value::as_str).map(str::to_owned).collect();
            items.sort();
            items
        };
        let (app, endpoint) = (sorted(&of_app), sorted(&of_endpoint));
        if app != endpoint {
            let got = format!("{name} of the app: {app:?}, and of the endpoint: {endpoint:?}");
            return Err(astray(target, got));
        }
    }
    let initialize = context.message("initialize", &mcp::initialize(), Caller::Anonymous);
    for request in std::iter::once(initialize).chain(page(context)) {
        let answer = context.send(request).await?;
        challenges_are_of_target(target, &answer).map_err(|got| astray(target, got))?;
    }
    for path in OTHERS {
        for path in [path.to_owned(), format!("{path}{}", target.mcp.path())] {
            let answer = context.send(Request::get(target.url(&path))).await?;
            let Ok(document) = serde_json::from_str::<Value>(&answer.body) else { continue };
            if answer.status == 200 {
                let server = is_server_of_target(target, &document);
                server.map_err(|got| astray(target, format!("{path}: {got}")))?;
            }
        }
    }
    Ok("all documents and challenges name the same, and nothing else".to_owned())
}

fn astray(target: &Target, got: String) -> CaseFailure {
    CaseFailure::Failed { got, diagnosis: Some(diagnosis::other_issuer(target)) }
}

/// Whether protected resource metadata is of the target alone; otherwise what of it is not.
fn is_of_target(target: &Target, document: &Value) -> Result<(), String> {
    let resource = document["resource"].as_str().unwrap_or_default();
    if !target.is_own_address(resource) {
        return Err(format!("the resource {resource}"));
    }
    let scopes = document["scopes_supported"].as_array().into_iter().flatten();
    let mut scopes = scopes.filter_map(Value::as_str);
    if let Some(other) = scopes.find(|scope| !target.is_own_scope(scope)) {
        return Err(format!("the scope {other}, which is not the registration's"));
    }
    let keys = document["jwks_uri"].as_str();
    if let Some(other) = keys.filter(|it| !target.is_own_address(it) && !target.is_of_issuer(it)) {
        return Err(format!("the jwks_uri {other}"));
    }
    let methods = document["bearer_methods_supported"].as_array();
    if methods.is_some_and(|methods| !methods.iter().any(|method| method == "header")) {
        return Err("bearer_methods_supported without header".to_owned());
    }
    Ok(())
}

/// Whether a document of an authorization server is the tenant's, or of the app itself; otherwise what of it is not.
fn is_server_of_target(target: &Target, document: &Value) -> Result<(), String> {
    if let Some(issuer) = document["issuer"].as_str()
        && !target.is_issuer(issuer)
        && !target.is_own_address(issuer)
    {
        return Err(format!("the issuer {issuer}"));
    }
    let values = ENDPOINTS.into_iter().filter_map(|name| Some((name, document[name].as_str()?)));
    let is_known = |it: &str| target.is_own_address(it) || target.is_of_issuer(it);
    match values.into_iter().find(|(_, address)| !is_known(address)) {
        Some((name, other)) => Err(format!("the {name} {other}")),
        None => Ok(()),
    }
}

/// Whether the challenges of a response lead to the app and its tenant alone; otherwise what of them does not.
fn challenges_are_of_target(target: &Target, answer: &Answer) -> Result<(), String> {
    let is_other = |name: &str, is_own: &dyn Fn(&str) -> bool| {
        let other = parameters(answer, name).into_iter().find(|it| !is_own(it));
        other.map_or(Ok(()), |other| Err(format!("the challenge's {name} {other}")))
    };
    is_other("resource_metadata", &|it| target.is_own_address(it))?;
    for name in ["authorization_uri", "authorization", "authorization_server", "as_uri"] {
        is_other(name, &|it| target.is_of_issuer(it))?;
    }
    is_other("resource_id", &|it| target.is_audience(it) || target.is_own_address(it))?;
    is_other("resource", &|it| target.is_audience(it) || target.is_own_address(it))?;
    is_other("scope", &|it| it.split_whitespace().all(|scope| target.is_own_scope(scope)))
}

#[cfg(test)]
mod tests {
    use reqwest::{
        StatusCode,
        header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE},
    };

    use super::{Answer, parameters};

    #[test]
    fn the_parameters_of_every_challenge_are_read() {
        let mut headers = HeaderMap::new();
        for challenge in [
            r#"Bearer realm="x" authorization_uri="https://a/", scope="s t", resource_metadata="https://b/""#,
            "DPoP x-scope=none, bearer RESOURCE_METADATA=https://c/, x=y",
        ] {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        let (status, body, had_token) = (StatusCode::UNAUTHORIZED, String::new(), false);
        let answer = Answer { status, headers, body, had_token };
        assert_eq!(parameters(&answer, "resource_metadata"), ["https://b/", "https://c/"]);
        assert_eq!(parameters(&answer, "scope"), ["s t"]);
        assert_eq!(parameters(&answer, "authorization_uri"), ["https://a/"]);
        assert_eq!(parameters(&answer, "authorization"), [""; 0]);
    }
}
