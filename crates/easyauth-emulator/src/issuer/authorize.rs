//! The sign-in page: a list of the tenant's users to select from, without a password.

use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    delegation,
    error::TokenError,
    grant::Grant,
    is_tenant,
    page::{escape, page},
};
use crate::{Application, Cloud, User};

/// What a client asks a person for (OpenID Connect Core 1.0, section 3.1.2.1).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct AuthorizeQuery {
    client_id: Option<Uuid>,
    redirect_uri: Option<String>,
    response_type: Option<String>,
    response_mode: Option<ResponseMode>,
    scope: Option<String>,
    state: Option<String>,
    nonce: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    /// What the token is for (RFC 8707), besides the scope.
    resource: Option<String>,
    /// `none`: no interaction with the user.
    prompt: Option<String>,
    /// The person to sign in without asking: their user principal name.
    login_hint: Option<String>,
}

/// How the answer gets to the client (OAuth 2.0 Multiple Response Type Encoding Practices, section 2.1, and OAuth 2.0 Form
/// Post Response Mode).
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

/// Shows the users, or signs in the user that `login_hint` names.
pub(super) async fn authorize(
    State(cloud): State<Cloud>,
    Path(tenant): Path<String>,
    uri: Uri,
) -> Response {
    if !is_tenant(&cloud, &tenant) {
        return TokenError::Tenant.into_response();
    }
    let query = match read(&uri) {
        Ok(query) => query,
        Err(error) => return error.into_response(),
    };
    if query.client_id.is_none_or(|id| cloud.directory().application(id).is_none()) {
        // Never a redirect, as below.
        let message = "AADSTS700016: Application was not found in the directory.";
        return (StatusCode::BAD_REQUEST, message).into_response();
    }
    let Some((client_id, redirect_uri)) = registered(&cloud, &query) else {
        // Never a redirect: the address belongs to no application of the tenant.
        let message = "AADSTS50011: The redirect URI specified in the request does not match the redirect URIs configured for the application.";
        return (StatusCode::BAD_REQUEST, message).into_response();
    };
    if query.response_type.as_deref() != Some("code") {
        return back(&redirect_uri, &query, "error", "unsupported_response_type");
    }
    let challenge = query.code_challenge.as_ref();
    if challenge.is_some() && query.code_challenge_method.as_deref() != Some("S256") {
        return back(&redirect_uri, &query, "error", "invalid_request");
    }
    let (scope, resource) = (query.scope.as_deref().unwrap_or_default(), query.resource.as_deref());
    if let Err(error) = delegation::check(&cloud, client_id, scope, resource) {
        return fault(&redirect_uri, &query, error);
    }
    if query.prompt.as_deref() == Some("none") && query.login_hint.is_none() {
        return fault(&redirect_uri, &query, TokenError::NoSession);
    }
    let users: Vec<_> = cloud.directory().people().cloned().collect();
    let Some(hint) = &query.login_hint else { return choice(&users, &uri) };
    let Some(user) = users.iter().find(|user| user.user_principal_name == *hint) else {
        return choice(&users, &uri);
    };
    let grant = Grant {
        user_id: user.id,
        client_id,
        scope: query.scope.clone().unwrap_or_default(),
        nonce: query.nonce.clone(),
        redirect_uri: Some(redirect_uri.clone()),
        code_challenge: query.code_challenge.clone(),
        expires: 0,
    };
    let code = cloud.grants().keep(grant, cloud.now().timestamp());
    back(&redirect_uri, &query, "code", &code)
}

/// The parameters. One without a value counts as left out (RFC 6749, section 3.1).
fn read(uri: &Uri) -> Result<AuthorizeQuery, QueryRejection> {
    let pairs = uri.query().unwrap_or_default().split('&');
    let has_value = |pair: &&str| pair.split_once('=').is_none_or(|(_, value)| !value.is_empty());
    let pairs: Vec<_> = pairs.filter(has_value).collect();
    let filtered = Uri::try_from(format!("/?{}", pairs.join("&")));
    let Query(query) = Query::try_from_uri(filtered.as_ref().unwrap_or(uri))?;
    Ok(query)
}

/// Redirects to the given address, if it is on this machine. The issuer has no sessions to end.
pub(super) async fn logout(Query(query): Query<LogoutQuery>) -> Response {
    match query.post_logout_redirect_uri.filter(|uri| is_loopback(uri)) {
        Some(uri) => Redirect::to(&uri).into_response(),
        None => page("Signed out", ""),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct LogoutQuery {
    post_logout_redirect_uri: Option<String>,
}

/// The client and its redirect URI, if it is registered.
fn registered(cloud: &Cloud, query: &AuthorizeQuery) -> Option<(Uuid, String)> {
    let directory = cloud.directory();
    let application = directory.application(query.client_id?)?;
    let uri = query.redirect_uri.clone()?;
    let is_registered = redirect_uris(application).any(|registered| is_same(registered, &uri));
    is_registered.then_some((application.app_id, uri))
}

fn redirect_uris(application: &Application) -> impl Iterator<Item = &str> {
    let platforms = ["web", "spa", "publicClient"].into_iter();
    let lists = platforms.filter_map(|platform| application.other.get(platform));
    lists
        .filter_map(|list| list["redirectUris"].as_array())
        .flatten()
        .filter_map(|uri| uri.as_str())
}

/// On loopback the port does not matter (RFC 8252, section 7.3).
fn is_same(registered: &str, given: &str) -> bool {
    let parts = |uri: &str| {
        let uri: Uri = uri.parse().ok()?;
        Some((uri.scheme_str()?.to_owned(), uri.host()?.to_owned(), uri.path().to_owned()))
    };
    registered == given
        || (is_loopback(registered) && is_loopback(given) && parts(registered) == parts(given))
}

fn is_loopback(uri: &str) -> bool {
    let uri = uri.parse::<Uri>().ok();
    uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && matches!(uri.host(), Some("127.0.0.1" | "localhost"))
    })
}

fn back(redirect_uri: &str, query: &AuthorizeQuery, name: &str, value: &str) -> Response {
    back_with(redirect_uri, query, &[(name, value.to_owned())])
}

fn fault(redirect_uri: &str, query: &AuthorizeQuery, error: TokenError) -> Response {
    back_with(redirect_uri, query, &error.parameters())
}

fn back_with(redirect_uri: &str, query: &AuthorizeQuery, told: &[(&str, String)]) -> Response {
    let state = query.state.iter().map(|state| ("state", state));
    let told = told.iter().map(|(name, value)| (*name, value)).chain(state);
    let pairs = told.clone().map(|(name, value)| format!("{name}={}", encode(value)));
    let pairs = pairs.collect::<Vec<_>>().join("&");
    let joint = match query.response_mode.unwrap_or(ResponseMode::Query) {
        ResponseMode::Query if redirect_uri.contains('?') => '&',
        ResponseMode::Query => '?',
        ResponseMode::Fragment => '#',
        ResponseMode::FormPost => return posted(redirect_uri, told),
    };
    Redirect::to(&format!("{redirect_uri}{joint}{pairs}")).into_response()
}

/// A page that posts the answer: at once, or by its button where there are no scripts.
fn posted<'a>(redirect_uri: &str, told: impl Iterator<Item = (&'a str, &'a String)>) -> Response {
    let fields = told.map(|(name, value)| {
        format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value))
    });
    let fields: String = fields.collect();
    let action = escape(redirect_uri);
    page(
        "Signed in",
        &format!(
            "<form method=\"post\" action=\"{action}\">{fields}<button>Continue</button></form>\n<script>document.forms[0].submit()</script>"
        ),
    )
}

/// A page with a link for each person.
fn choice(users: &[User], uri: &Uri) -> Response {
    let query: Vec<_> = uri.query().unwrap_or_default().split('&').collect();
    let kept: Vec<_> = query.into_iter().filter(|pair| !pair.starts_with("login_hint=")).collect();
    let kept = escape(&kept.join("&"));
    let links = users.iter().map(|user| {
        let hint = encode(&user.user_principal_name);
        let name = escape(&user.display_name);
        format!("<li><a href=\"?{kept}&amp;login_hint={hint}\">{name}</a></li>\n")
    });
    let links: String = links.collect();
    page(
        "Who are you?",
        &format!("<p>This is a test double: no password is asked.</p>\n<ul>\n{links}</ul>"),
    )
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
