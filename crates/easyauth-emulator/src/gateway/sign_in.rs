//! The addresses under `/.auth/`: people sign in, sign out, and read the token store.

use axum::{
    Json,
    body::Body,
    extract::Request,
    response::{Html, IntoResponse, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, SET_COOKIE},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;
use uuid::Uuid;

use super::{
    auth_settings::{AuthSettings, AzureActiveDirectory},
    principal,
    session::{COOKIE_NAME, Login, Session, cookie, lock},
    state::GatewayState,
};

/// The address at which people sign in.
const LOGIN: &str = "/.auth/login/aad";

/// The redirect URI: the address to which the issuer sends them back.
const CALLBACK: &str = "/.auth/login/aad/callback";

/// The most bytes that the issuer answers with.
const LARGEST_ANSWER: usize = 1 << 20;

/// The sign-in address that leads back to a page.
pub(super) fn login_path(url: &Url) -> String {
    let query = url.query().map_or(String::new(), |query| format!("?{query}"));
    let back = format!("{}{query}", url.path());
    format!("{LOGIN}?post_login_redirect_uri={}", encode(&back))
}

/// Responds to a request under `/.auth/`.
pub(super) async fn handle(
    gateway: &GatewayState,
    settings: &AuthSettings,
    entra: &AzureActiveDirectory,
    url: &Url,
    request: Request,
) -> Response {
    let headers = request.headers();
    match url.path() {
        LOGIN => begin(gateway, entra, url),
        CALLBACK => finish(gateway, entra, url).await,
        "/.auth/logout" => end(gateway, headers, url),
        "/.auth/logout/complete" => {
            Html("<!doctype html><title>Signed out</title><p>You are signed out.</p>")
                .into_response()
        }
        "/.auth/me" if settings.login.token_store.enabled => me(gateway, headers),
        "/.auth/refresh" => refresh(gateway, entra, headers).await,
        "/.auth/version" => "1.0.0-emulator".into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Sends the browser to the issuer (OpenID Connect's code flow, with PKCE).
fn begin(gateway: &GatewayState, entra: &AzureActiveDirectory, url: &Url) -> Response {
    let (state, nonce) = (random(), random());
    let verifier = random() + &random();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    let then = local(parameter(url, "post_login_redirect_uri"));
    let base =
        format!("{}/{}/oauth2/v2.0/authorize", gateway.cloud.origin(), gateway.cloud.tenant_id());
    let callback = format!("{}{CALLBACK}", gateway.origin);
    let mut parameters = vec![
        ("client_id", entra.registration.client_id.clone()),
        ("redirect_uri", callback),
        ("response_type", "code".to_owned()),
        ("scope", "openid profile offline_access".to_owned()),
        ("state", state.clone()),
        ("nonce", nonce.clone()),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256".to_owned()),
    ];
    parameters.extend(parameter(url, "login_hint").map(|hint| ("login_hint", hint)));
    let pairs: Vec<_> =
        parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    lock(&gateway.sessions.logins).insert(state, Login { nonce, verifier, then });
    Redirect::to(&format!("{base}?{}", pairs.join("&"))).into_response()
}

/// Redeems the authorization code, and begins the session of the person whom the ID token names.
async fn finish(gateway: &GatewayState, entra: &AzureActiveDirectory, url: &Url) -> Response {
    let login =
        parameter(url, "state").and_then(|state| lock(&gateway.sessions.logins).remove(&state));
    let (Some(login), Some(code)) = (login, parameter(url, "code")) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let callback = format!("{}{CALLBACK}", gateway.origin);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &callback),
        ("code_verifier", &login.verifier),
    ];
    let Some(session) = collect(gateway, entra, &form, Some(&login.nonce)).await else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let words = random() + &random();
    let secure = if gateway.origin.starts_with("https:") { "Secure; " } else { "" };
    let cookie = format!("{COOKIE_NAME}={words}; Path=/; {secure}HttpOnly; SameSite=Lax");
    lock(&gateway.sessions.sessions).insert(words, session);
    ([(SET_COOKIE, cookie)], Redirect::to(&login.then)).into_response()
}

/// Tokens from the issuer, if the ID token is for this app and this sign-in.
async fn collect(
    gateway: &GatewayState,
    entra: &AzureActiveDirectory,
    form: &[(&str, &str)],
    nonce: Option<&str>,
) -> Option<Session> {
    let client_id = entra.registration.client_id.as_str();
    let form = form.iter().copied().chain([("client_id", client_id)]);
    let form: Vec<_> = form.map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let request = Request::post(format!("/{}/oauth2/v2.0/token", gateway.cloud.tenant_id()))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.join("&")));
    let answer = gateway.issuer.clone().oneshot(request.ok()?).await.ok()?;
    let body = axum::body::to_bytes(answer.into_body(), LARGEST_ANSWER).await.ok()?;
    let tokens: Value = serde_json::from_slice(&body).ok()?;
    let text = |name: &str| Some(tokens.get(name)?.as_str()?.to_owned());
    let id_token = text("id_token")?;
    let claims = gateway.cloud.verify(&id_token)?;
    let is = |name: &str, value: &str| claims.get(name).and_then(Value::as_str) == Some(value);
    if !is("aud", client_id) || nonce.is_some_and(|nonce| !is("nonce", nonce)) {
        return None;
    }
    let expires = claims.get("exp")?.as_i64()?;
    let (access_token, refresh_token) = (text("access_token")?, text("refresh_token"));
    Some(Session { claims, id_token, access_token, refresh_token, expires })
}

/// Ends the session.
fn end(gateway: &GatewayState, headers: &HeaderMap, url: &Url) -> Response {
    if let Some(words) = cookie(headers) {
        lock(&gateway.sessions.sessions).remove(words);
    }
    let to = parameter(url, "post_logout_redirect_uri");
    let to = to.map_or("/.auth/logout/complete".to_owned(), |to| local(Some(to)));
    let cookie = format!("{COOKIE_NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    ([(SET_COOKIE, cookie)], Redirect::to(&to)).into_response()
}

/// The token store of the session.
fn me(gateway: &GatewayState, headers: &HeaderMap) -> Response {
    let Some(session) = gateway.sessions.find(headers) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let text = |name: &str| session.claims.get(name).cloned().unwrap_or_default();
    Json(json!([{
        "provider_name": "aad",
        "user_id": text("preferred_username"),
        "user_claims": principal::list(&session.claims, &gateway.cloud.options().gateway),
        "id_token": session.id_token,
        "access_token": session.access_token,
        "expires_on": session.expires.to_string(),
    }]))
    .into_response()
}

/// Renews the tokens of the session.
async fn refresh(
    gateway: &GatewayState,
    entra: &AzureActiveDirectory,
    headers: &HeaderMap,
) -> Response {
    let Some((words, session)) = cookie(headers).zip(gateway.sessions.find(headers)) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let Some(token) = &session.refresh_token else { return StatusCode::FORBIDDEN.into_response() };
    let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    match collect(gateway, entra, &form, None).await {
        Some(session) => {
            lock(&gateway.sessions.sessions).insert(words.to_owned(), session);
            StatusCode::OK.into_response()
        }
        None => StatusCode::FORBIDDEN.into_response(),
    }
}

/// A place on this site; anything else is its root. Browsers leave tabs and line ends out of addresses, and take a
/// backslash for a slash.
fn local(to: Option<String>) -> String {
    let is_local = |to: &String| {
        let is_odd = |character: char| character == '\\' || character.is_control();
        to.starts_with('/') && !to.starts_with("//") && !to.contains(is_odd)
    };
    to.filter(is_local).unwrap_or_else(|| "/".to_owned())
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn random() -> String {
    Uuid::new_v4().simple().to_string()
}
