//! Apps that accept some requests for a wrong reason.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::Bytes,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{AUTHORIZATION, CONTENT_LENGTH, HOST},
    },
    response::{IntoResponse, Response},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use easyauth_emulator::{Cloud, sample};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};

use super::{Proxy, resign};

/// An app that serves some requests without the authentication that they need.
#[derive(Clone, Copy)]
pub struct Credulous {
    /// What is wrong with it.
    pub name: &'static str,
    /// Returns whether it serves a request for a wrong reason.
    pub accepts: fn(&Seen<'_>) -> bool,
}

/// A request, as an app sees it.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The issuer of the tokens.
    pub cloud: &'a Cloud,
    /// The method.
    pub method: &'a Method,
    /// The path.
    pub path: &'a str,
    /// The query, or an empty text.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The JSON of the body.
    pub message: &'a Value,
    /// What the app remembers.
    pub memory: &'a Memory,
}

/// The valid tokens that an app has seen.
#[derive(Debug, Default)]
pub struct Memory {
    tokens: Mutex<Vec<String>>,
    after_a_good_request: Mutex<bool>,
    /// The method, path and body of the request before.
    last: Mutex<String>,
}

impl PartialEq for Credulous {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Credulous {}

impl fmt::Debug for Credulous {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

impl Memory {
    /// Returns whether the request before had a valid token.
    #[must_use]
    pub fn is_after_a_good_request(&self) -> bool {
        *lock(&self.after_a_good_request)
    }

    /// Returns whether a valid token with some property was seen.
    #[must_use]
    pub fn has_seen(&self, is_it: impl Fn(&str) -> bool) -> bool {
        lock(&self.tokens).iter().any(|token| is_it(token))
    }

    /// Returns whether the request before had a valid token, and was this one otherwise.
    #[must_use]
    pub fn has_just_answered(&self, seen: &Seen<'_>) -> bool {
        self.is_after_a_good_request() && *lock(&self.last) == seen.what()
    }

    fn note(&self, seen: &Seen<'_>) {
        *lock(&self.last) = seen.what();
        let good = seen.token().filter(|token| seen.is_good(token));
        *lock(&self.after_a_good_request) = good.is_some();
        if let Some(token) = good
            && !self.has_seen(|it| it == token)
        {
            lock(&self.tokens).push(token.to_owned());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seen<'_> {
    /// Returns a header's first value, or an empty text.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Returns whether there is such a header.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// Returns whether it has no `Authorization`.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        !self.has("authorization")
    }

    /// Returns the JSON-RPC method, or an empty text.
    #[must_use]
    pub fn rpc(&self) -> &str {
        self.message["method"].as_str().unwrap_or_default()
    }

    fn what(&self) -> String {
        format!("{} {} {}", self.method, self.path, self.message)
    }

    /// Returns whether it asks for a page.
    #[must_use]
    pub fn is_page(&self) -> bool {
        self.method == Method::GET && self.path == "/"
    }

    /// Returns the first bearer token.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.header("authorization").strip_prefix("Bearer ")
    }

    /// Returns what the token's header says, unproven.
    #[must_use]
    pub fn token_header(&self) -> Value {
        self.token().map(|token| part(token, 0)).unwrap_or_default()
    }

    /// Returns what the token's claims say, unproven.
    #[must_use]
    pub fn claims(&self) -> Value {
        self.token().map(|token| part(token, 1)).unwrap_or_default()
    }

    /// Returns whether the issuer signed the token.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.token().is_some_and(|token| resign::is_signed(self.cloud, token))
    }

    /// Returns whether this key signed the token with HS256.
    #[must_use]
    pub fn is_signed_with(&self, key: &[u8]) -> bool {
        let signed = self.token().and_then(|token| token.rsplit_once('.'));
        let key = DecodingKey::from_secret(key);
        signed.is_some_and(|(message, signature)| {
            let hs256 = Algorithm::HS256;
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, hs256)
                .unwrap_or(false)
        })
    }

    /// Returns whether the key in the token's own header signed it.
    #[must_use]
    pub fn is_signed_by_its_jwk(&self) -> bool {
        let header = self.token_header();
        let parts = (header["jwk"]["n"].as_str(), header["jwk"]["e"].as_str());
        let (Some(n), Some(e)) = parts else { return false };
        let signed = self.token().and_then(|token| token.rsplit_once('.'));
        let key = DecodingKey::from_rsa_components(n, e);
        signed.zip(key.ok()).is_some_and(|((message, signature), key)| {
            let rs256 = Algorithm::RS256;
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, rs256)
                .unwrap_or(false)
        })
    }

    /// Returns whether the token's claims are those of a caller with access, unproven: only the signature may be wrong.
    #[must_use]
    pub fn claims_access(&self) -> bool {
        self.token().is_some_and(|token| self.is_access(&part(token, 1)))
    }

    /// Returns whether a token gives access.
    #[must_use]
    pub fn is_good(&self, token: &str) -> bool {
        resign::is_signed(self.cloud, token) && self.is_access(&part(token, 1))
    }

    fn is_access(&self, claims: &Value) -> bool {
        let now = self.cloud.app_claims(sample::AGENT, sample::API);
        let now = now.and_then(|claims| claims["iat"].as_i64()).unwrap_or_default();
        let time = |name: &str| claims[name].as_i64();
        claims["tid"] == sample::TENANT_ID.to_string()
            && claims["aud"].as_str().is_some_and(|it| {
                it.strip_prefix("api://").unwrap_or(it) == sample::API.to_string()
            })
            && claims["appid"] == sample::AGENT.to_string()
            && claims["roles"][0] == "MCP.Access"
            && time("exp").is_some_and(|exp| exp > now)
            && time("nbf").is_none_or(|nbf| nbf <= now)
    }
}

/// A part of a token: 0 is the header, 1 the claims.
pub(super) fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    part.and_then(|part| serde_json::from_slice(&part).ok()).unwrap_or_default()
}

impl Proxy {
    /// Serves a request that the app accepts for a wrong reason: past the platform, to the server at this origin, as a caller
    /// with access.
    pub(super) async fn serve_credulously(
        &self,
        credulous: Credulous,
        server: &str,
        seen: Seen<'_>,
        body: Bytes,
    ) -> Option<Response> {
        let accepts = (credulous.accepts)(&seen);
        self.memory.note(&seen);
        if !accepts {
            return None;
        }
        let mut headers = seen.headers.clone();
        for name in [HOST, CONTENT_LENGTH, AUTHORIZATION] {
            headers.remove(name);
        }
        let others = headers.keys().filter(|name| name.as_str().starts_with("x-ms-")).cloned();
        for name in others.collect::<Vec<_>>() {
            headers.remove(name);
        }
        headers.insert(HeaderName::from_static("x-ms-client-principal"), principal()?);
        let url = format!("{server}{}", seen.path);
        let request = self.client.request(seen.method.clone(), url).headers(headers).body(body);
        Some(match request.send().await {
            Ok(answer) => self.change_answer(seen.message, answer).await,
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        })
    }
}

/// The client principal header of the agent.
fn principal() -> Option<HeaderValue> {
    let claim = |name: &str, value: &str| json!({"typ": name, "val": value});
    let (tenant, agent) = (sample::TENANT_ID.to_string(), sample::AGENT.to_string());
    let claims = json!([
        claim("http://schemas.microsoft.com/identity/claims/objectidentifier", &agent),
        claim("http://schemas.microsoft.com/identity/claims/tenantid", &tenant),
        claim("appid", &agent),
        claim("idtyp", "app"),
        claim("roles", "MCP.Access"),
    ]);
    let principal =
        json!({"auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": "roles"});
    HeaderValue::try_from(STANDARD.encode(principal.to_string())).ok()
}
