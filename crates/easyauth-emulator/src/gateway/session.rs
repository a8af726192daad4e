//! Browser sessions: the paths under `/.auth/`, and the cookie.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json,
    extract::Request,
    response::{Html, IntoResponse, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{COOKIE, SET_COOKIE},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    Door,
    auth_settings::{AuthSettings, AzureActiveDirectory},
    principal,
};

/// The cookie's name.
const COOKIE_NAME: &str = "AppServiceAuthSession";

/// Where people sign in.
const LOGIN: &str = "/.auth/login/aad";

/// Where the issuer sends them back.
const CALLBACK: &str = "/.auth/login/aad/callback";

/// The sessions by their cookie, and the pending sign-ins by the state that the issuer returns.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    sessions: Mutex<HashMap<String, Session>>,
    logins: Mutex<HashMap<String, Login>>,
}

/// A signed-in user.
#[derive(Debug, Clone)]
pub(super) struct Session {
    /// The ID token's claims.
    pub(super) claims: Map<String, Value>,
    id_token: String,
    access_token: String,
    refresh_token: Option<String>,
    expires: i64,
}

/// A pending sign-in.
#[derive(Debug)]
struct Login {
    nonce: String,
    verifier: String,
    then: String,
}

impl Sessions {
    /// The session that a request's cookie names.
    pub(super) fn find(&self, headers: &HeaderMap) -> Option<Session> {
        lock(&self.sessions).get(cookie(headers)?).cloned()
    }
}

impl Session {
    /// Tells the app the tokens (the token store).
    pub(super) fn inject(&self, headers: &mut HeaderMap) {
        let lines = [
            ("x-ms-token-aad-id-token", self.id_token.clone()),
            ("x-ms-token-aad-access-token", self.access_token.clone()),
            ("x-ms-token-aad-expires-on", self.expires.to_string()),
        ];
        for (name, value) in lines {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// The redirect to the sign-in page, for a request without a session.
pub(super) fn login_path(url: &Url) -> String {
    let query = url.query().map_or(String::new(), |query| format!("?{query}"));
    let back = format!("{}{query}", url.path());
    format!("{LOGIN}?post_login_redirect_uri={}", encode(&back))
}

/// Answers an address under `/.auth/`.
pub(super) async fn handle(
    door: &Door,
    settings: &AuthSettings,
    entra: &AzureActiveDirectory,
    url: &Url,
    request: Request,
) -> Response {
    let headers = request.headers();
    match url.path() {
        LOGIN => begin(door, entra, url),
        CALLBACK => finish(door, entra, url).await,
        "/.auth/logout" => end(door, headers, url),
        "/.auth/logout/complete" => {
            Html("<!doctype html><title>Signed out</title><p>You are signed out.</p>")
                .into_response()
        }
        "/.auth/me" if settings.login.token_store.enabled => me(door, headers),
        "/.auth/refresh" => refresh(door, entra, headers).await,
        "/.auth/version" => "1.0.0-emulator".into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Sends the browser to the issuer (OpenID Connect's code flow, with PKCE).
fn begin(door: &Door, entra: &AzureActiveDirectory, url: &Url) -> Response {
    let (state, nonce) = (random(), random());
    let verifier = random() + &random();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    let then = local(parameter(url, "post_login_redirect_uri"));
    let base = format!("{}/{}/oauth2/v2.0/authorize", door.cloud.origin(), door.cloud.tenant_id());
    let callback = format!("{}{CALLBACK}", door.origin);
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
    lock(&door.sessions.logins).insert(state, Login { nonce, verifier, then });
    Redirect::to(&format!("{base}?{}", pairs.join("&"))).into_response()
}

/// Takes the code that the issuer sent, and signs in whom the ID token names.
async fn finish(door: &Door, entra: &AzureActiveDirectory, url: &Url) -> Response {
    let login =
        parameter(url, "state").and_then(|state| lock(&door.sessions.logins).remove(&state));
    let (Some(login), Some(code)) = (login, parameter(url, "code")) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let callback = format!("{}{CALLBACK}", door.origin);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &callback),
        ("code_verifier", &login.verifier),
    ];
    let Some(session) = collect(door, entra, &form, Some(&login.nonce)).await else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let words = random() + &random();
    let cookie = format!("{COOKIE_NAME}={words}; Path=/; HttpOnly; SameSite=Lax");
    lock(&door.sessions.sessions).insert(words, session);
    ([(SET_COOKIE, cookie)], Redirect::to(&login.then)).into_response()
}

/// Tokens from the issuer, if the ID token is for this app and this sign-in.
async fn collect(
    door: &Door,
    entra: &AzureActiveDirectory,
    form: &[(&str, &str)],
    nonce: Option<&str>,
) -> Option<Session> {
    let address = format!("{}/{}/oauth2/v2.0/token", door.cloud.origin(), door.cloud.tenant_id());
    let client_id = entra.registration.client_id.as_str();
    let form: Vec<_> = form.iter().copied().chain([("client_id", client_id)]).collect();
    let answer = door.upstream.client().post(address).form(&form).send().await.ok()?;
    let tokens: Value = answer.error_for_status().ok()?.json().await.ok()?;
    let text = |name: &str| Some(tokens.get(name)?.as_str()?.to_owned());
    let id_token = text("id_token")?;
    let claims = door.cloud.verify(&id_token)?;
    let is = |name: &str, value: &str| claims.get(name).and_then(Value::as_str) == Some(value);
    if !is("aud", client_id) || nonce.is_some_and(|nonce| !is("nonce", nonce)) {
        return None;
    }
    let expires = claims.get("exp")?.as_i64()?;
    let (access_token, refresh_token) = (text("access_token")?, text("refresh_token"));
    Some(Session { claims, id_token, access_token, refresh_token, expires })
}

/// Ends the session.
fn end(door: &Door, headers: &HeaderMap, url: &Url) -> Response {
    if let Some(words) = cookie(headers) {
        lock(&door.sessions.sessions).remove(words);
    }
    let to = parameter(url, "post_logout_redirect_uri");
    let to = to.map_or("/.auth/logout/complete".to_owned(), |to| local(Some(to)));
    let cookie = format!("{COOKIE_NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    ([(SET_COOKIE, cookie)], Redirect::to(&to)).into_response()
}

/// The token store's entry of the session.
fn me(door: &Door, headers: &HeaderMap) -> Response {
    let Some(session) = door.sessions.find(headers) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let text = |name: &str| session.claims.get(name).cloned().unwrap_or_default();
    Json(json!([{
        "provider_name": "aad",
        "user_id": text("preferred_username"),
        "user_claims": principal::list(&session.claims, &door.cloud.options().gateway),
        "id_token": session.id_token,
        "access_token": session.access_token,
        "expires_on": session.expires.to_string(),
    }]))
    .into_response()
}

/// Refreshes the tokens of the session.
async fn refresh(door: &Door, entra: &AzureActiveDirectory, headers: &HeaderMap) -> Response {
    let Some((words, session)) = cookie(headers).zip(door.sessions.find(headers)) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let Some(token) = &session.refresh_token else { return StatusCode::FORBIDDEN.into_response() };
    let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    match collect(door, entra, &form, None).await {
        Some(session) => {
            lock(&door.sessions.sessions).insert(words.to_owned(), session);
            StatusCode::OK.into_response()
        }
        None => StatusCode::FORBIDDEN.into_response(),
    }
}

/// The words in the cookie.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, words)| words)
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
