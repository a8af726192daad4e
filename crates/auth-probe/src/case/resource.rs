//! What a client that follows the MCP specification meets: it names the metadata's `resource` when it asks for a token
//! (RFC 8707), and the metadata's scopes, and Entra takes the two only if they are of one app.

use reqwest::Url;
use serde_json::Value;

use super::metadata;
use crate::{
    Target,
    context::Context,
    diagnosis,
    http_client::{Answer, Request},
    outcome::CaseFailure,
};

/// A code challenge, as of RFC 7636, appendix B: no code is ever collected.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Where App Service Authentication has people come back to.
const CALLBACK: &str = "/.auth/login/aad/callback";

/// Entra's code for a redirect address that is not registered: then it looks at nothing else.
const NOT_REGISTERED: &str = "AADSTS50011";

/// Errors of a valid authorization request without a signed-in user.
const NOBODY_IS_SIGNED_IN: [&str; 3] =
    ["login_required", "interaction_required", "consent_required"];

/// Entra's codes for a scope that is of no app, or none of its app.
const NO_SUCH_SCOPE: [&str; 4] = ["AADSTS500011", "AADSTS650053", "AADSTS650057", "AADSTS70011"];

/// What the issuer says of a resource and scopes.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// They fit.
    Takes,
    /// The resource is no identifier URI of the app that owns the scopes.
    RefusesResource(String),
    /// The scopes are of no app.
    RefusesScope(String),
    /// Nothing of either.
    Else(String),
}

/// Its `resource` is the URL that the client uses, or the client will not believe it (RFC 9728, section 3.3); its scopes
/// are the registration's; and the issuer takes both together.
pub(super) async fn fits(context: &Context<'_>) -> Result<String, CaseFailure> {
    let target = context.target();
    let document = metadata::document(context, target.mcp_metadata()).await?;
    let resource = document["resource"].as_str().unwrap_or_default();
    if resource != target.mcp.as_str() {
        return Err(CaseFailure::Failed {
            got: format!("resource {resource}, where the client uses {}", target.mcp),
            diagnosis: Some(diagnosis::other_resource(target)),
        });
    }
    let scopes = api_scopes(&document);
    let prefix = |scope: &str| scope.rsplit_once('/').map(|(uri, _)| uri.to_owned());
    let is_own = |scope: &&str| prefix(scope).is_some_and(|uri| target.is_own_name(&uri));
    if let Some(other) = scopes.iter().copied().find(|scope| !is_own(scope)) {
        return Err(CaseFailure::Failed {
            got: format!("the scope {other}, which is not the registration's"),
            diagnosis: Some(diagnosis::other_scope(target, other)),
        });
    }
    let is_the_name = scopes.iter().all(|scope| prefix(scope).as_deref() == Some(resource));
    let scopes = scopes.join(" ");
    match ask(context, resource, &scopes).await? {
        Said::Takes => Ok(format!("resource {resource}, which the issuer takes with {scopes}")),
        Said::RefusesResource(error) => Err(CaseFailure::Failed {
            got: format!("resource {resource}, which the issuer refuses with {scopes}: {error}"),
            diagnosis: Some(diagnosis::resource_refused(target, resource)),
        }),
        Said::RefusesScope(error) => Err(CaseFailure::Failed {
            got: format!("the scopes {scopes}, which the issuer refuses: {error}"),
            diagnosis: Some(diagnosis::other_scope(target, &scopes)),
        }),
        Said::Else(_) if is_the_name => {
            Ok(format!("resource {resource}, by which the scopes are named"))
        }
        Said::Else(why) => {
            Err(CaseFailure::Inconclusive(diagnosis::resource_unknown(resource, &why)))
        }
    }
}

/// The scopes of an API: those of OpenID Connect have no prefix.
fn api_scopes(document: &Value) -> Vec<&str> {
    let scopes = document["scopes_supported"].as_array().into_iter().flatten();
    scopes.filter_map(Value::as_str).filter(|scope| scope.contains('/')).collect()
}

/// Begins a sign-in as the app's own registration, without any prompt (`prompt=none`). No secret and no token
/// goes to the issuer.
async fn ask(context: &Context<'_>, resource: &str, scopes: &str) -> Result<Said, CaseFailure> {
    let target = context.target();
    if scopes.is_empty() {
        return Ok(Said::Else("the metadata name no scope of an API".to_owned()));
    }
    let mut said = Said::Else("no redirect address is known".to_owned());
    for back in redirect_addresses(target) {
        let request = Request::get(authorization(target, resource, scopes, &back));
        context.record(request.line());
        said = match context.run.http.send(&request).await {
            Ok(answer) => self::said(&answer),
            Err(no_answer) => {
                Said::Else(format!("the issuer does not answer: {}", no_answer.reason()))
            }
        };
        if said != Said::Else(NOT_REGISTERED.to_owned()) {
            break;
        }
    }
    Ok(said)
}

/// Where the platform has people come back to: at the app's address, or at its host by https where TLS ends before it.
fn redirect_addresses(target: &Target) -> Vec<String> {
    let at_origin = target.url(CALLBACK).to_string();
    let by_https = format!("https://{}{CALLBACK}", target.host());
    if at_origin == by_https { vec![at_origin] } else { vec![at_origin, by_https] }
}

fn authorization(target: &Target, resource: &str, scopes: &str, back: &str) -> Url {
    let mut url = target.authority.clone();
    url.set_path(&format!("{}/oauth2/v2.0/authorize", target.tenant_id));
    url.query_pairs_mut()
        .append_pair("client_id", &target.client_id.to_string())
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", back)
        .append_pair("scope", scopes)
        .append_pair("resource", resource)
        .append_pair("code_challenge", CHALLENGE)
        .append_pair("code_challenge_method", "S256")
        .append_pair("prompt", "none");
    url
}

fn said(answer: &Answer) -> Said {
    let location = answer.headers.get("location").and_then(|value| value.to_str().ok());
    let location = location.and_then(|address| Url::parse(address).ok());
    let parameter = |name: &str| {
        let mut pairs = location.as_ref()?.query_pairs();
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let error = parameter("error").unwrap_or_default();
    let description = parameter("error_description").unwrap_or_default();
    let text = if error.is_empty() { &answer.body } else { &description };
    let first = description.lines().next().unwrap_or_default();
    let told = if error.is_empty() { code(text) } else { format!("{error}, {first}") };
    if error == "invalid_target" || text.contains("AADSTS9010010") {
        Said::RefusesResource(told)
    } else if error == "invalid_scope" || NO_SUCH_SCOPE.iter().any(|code| has(text, code)) {
        Said::RefusesScope(told)
    } else if parameter("code").is_some() || NOBODY_IS_SIGNED_IN.contains(&error.as_str()) {
        Said::Takes
    } else if told.is_empty() {
        Said::Else(answer.summary())
    } else {
        Said::Else(told)
    }
}

/// Whether a text has a code, and not only the beginning of a longer one.
fn has(text: &str, code: &str) -> bool {
    let rests = text.match_indices(code).map(|(at, _)| &text[at + code.len()..]);
    rests.into_iter().any(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The first of Entra's codes in a page.
fn code(page: &str) -> String {
    let Some(at) = page.find("AADSTS") else { return String::new() };
    let rest = page[at..].chars();
    rest.take_while(char::is_ascii_alphanumeric).take(20).collect()
}

#[cfg(test)]
mod tests {
    use reqwest::{
        StatusCode,
        header::{HeaderMap, HeaderValue, LOCATION},
    };

    use super::{Said, said};
    use crate::http_client::Answer;

    fn redirect(query: &str) -> Said {
        let address = format!("https://app.example/.auth/login/aad/callback?{query}");
        let location = HeaderValue::try_from(address).unwrap();
        let headers = HeaderMap::from_iter([(LOCATION, location)]);
        said(&Answer { status: StatusCode::FOUND, headers, ..Answer::default() })
    }

    fn page(body: &str) -> Said {
        said(&Answer { body: body.to_owned(), ..Answer::default() })
    }

    #[test]
    fn the_issuer_is_understood() {
        for query in ["error=login_required&error_description=AADSTS50058", "code=abc"] {
            assert_eq!(redirect(query), Said::Takes, "{query}");
        }
        for said in [
            redirect("error=invalid_target&error_description=AADSTS9010010%3A+The+resource"),
            redirect("error=invalid_resource&error_description=AADSTS9010010%3A+The+resource"),
            page("<p>AADSTS9010010: The resource parameter</p>"),
        ] {
            assert!(matches!(said, Said::RefusesResource(_)), "{said:?}");
        }
        for said in [
            redirect("error=invalid_resource&error_description=AADSTS500011%3A+The+resource"),
            redirect("error=invalid_scope"),
        ] {
            assert!(matches!(said, Said::RefusesScope(_)), "{said:?}");
        }
        for said in [
            page("<p>AADSTS50011: The redirect URI</p>"),
            page("AADSTS700112"),
            page("Sign in"),
            redirect("error=server_error"),
        ] {
            assert!(matches!(said, Said::Else(_)), "{said:?}");
        }
    }
}
