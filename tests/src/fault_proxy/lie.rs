//! Lies: flaws of an app that a line describes, by the requests that it concerns and what becomes of them.

use std::fmt;

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version,
        header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use easyauth_emulator::sample;
use serde_json::{Value, json};

/// A flaw of an app that looks well otherwise.
#[derive(Clone, Copy)]
pub struct Lie {
    /// What is wrong.
    pub name: &'static str,
    /// Returns a request that the app serves without authentication, as it takes it: `None` for any other one.
    pub bypass: fn(&Asked) -> Option<Asked>,
    /// Returns what the app is asked instead, with the same credential: `None` for the request itself.
    pub forward: fn(&Asked) -> Option<Asked>,
    /// Changes the response.
    pub change: fn(&Asked, &mut Answered),
}

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its method.
    pub method: Method,
    /// Its path, as it was sent.
    pub path: String,
    /// Its query.
    pub query: Option<String>,
    /// Whether its target is a whole URL.
    pub is_absolute: bool,
    /// Its version of HTTP.
    pub version: Version,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The JSON of its body.
    pub message: Value,
    /// The address at which it arrived, as clients see it.
    pub origin: String,
}

/// A response.
#[derive(Debug)]
pub struct Answered {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

impl Lie {
    /// No flaw.
    pub const NONE: Self =
        Self { name: "", bypass: |_| None, forward: |_| None, change: |_, _| {} };

    /// An app that serves some requests without authentication.
    #[must_use]
    pub const fn bypass(name: &'static str, bypass: fn(&Asked) -> Option<Asked>) -> Self {
        Self { name, bypass, ..Self::NONE }
    }

    /// An app that takes some requests for others.
    #[must_use]
    pub const fn forward(name: &'static str, forward: fn(&Asked) -> Option<Asked>) -> Self {
        Self { name, forward, ..Self::NONE }
    }

    /// An app that changes some responses.
    #[must_use]
    pub const fn change(name: &'static str, change: fn(&Asked, &mut Answered)) -> Self {
        Self { name, change, ..Self::NONE }
    }
}

impl PartialEq for Lie {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Lie {}

impl fmt::Debug for Lie {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

impl Asked {
    pub(super) fn of(parts: &axum::http::request::Parts, body: Bytes, origin: &str) -> Self {
        let message = serde_json::from_slice(&body).unwrap_or_default();
        Self {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            is_absolute: parts.uri.authority().is_some(),
            version: parts.version,
            headers: parts.headers.clone(),
            body,
            message,
            origin: origin.to_owned(),
        }
    }

    /// Returns whether it has the method.
    #[must_use]
    pub fn is(&self, method: &str) -> bool {
        self.method.as_str() == method
    }

    /// Returns the text of its body, or an empty text.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// Returns whether it has no credential.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        !self.headers.contains_key(AUTHORIZATION)
    }

    /// Returns a header's value, or an empty text.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Returns the JSON-RPC method, or an empty text.
    #[must_use]
    pub fn rpc(&self) -> &str {
        self.message["method"].as_str().unwrap_or_default()
    }

    /// Returns the request as one for a page, on a condition, if it has no credential.
    #[must_use]
    pub fn page_if(&self, condition: bool, path: &str) -> Option<Self> {
        let page =
            Self { method: Method::GET, path: path.to_owned(), body: Bytes::new(), ..self.clone() };
        page.same_if(condition)
    }

    /// Returns the request as it is, on a condition, if it has no credential.
    #[must_use]
    pub fn same_if(&self, condition: bool) -> Option<Self> {
        (condition && self.is_anonymous()).then(|| self.clone())
    }

    /// Returns the request as a message to the endpoint, on a condition, if it has no credential.
    #[must_use]
    pub fn at_endpoint_if(&self, condition: bool) -> Option<Self> {
        self.saying(&self.message).filter(|_| condition)
    }

    /// Returns the request as a message to the endpoint, on a condition, whatever credential it has.
    #[must_use]
    pub fn past_if(&self, condition: bool) -> Option<Self> {
        condition.then(|| self.at_endpoint(&self.message))
    }

    /// Returns another message to the endpoint in the place of the request, if it has no credential.
    #[must_use]
    pub fn saying(&self, message: &Value) -> Option<Self> {
        self.is_anonymous().then(|| self.at_endpoint(message))
    }

    fn at_endpoint(&self, message: &Value) -> Self {
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let both = HeaderValue::from_static("application/json, text/event-stream");
        headers.insert(ACCEPT, both);
        headers.remove("mcp-session-id");
        // The server compares them with the message.
        if headers.get("mcp-method").is_some_and(|method| *method != self.rpc()) {
            for name in ["mcp-protocol-version", "mcp-method", "mcp-name"] {
                headers.remove(name);
            }
        }
        headers.remove(CONTENT_ENCODING);
        Self {
            method: Method::POST,
            path: "/mcp/mcp".to_owned(),
            headers,
            query: None,
            body: message.to_string().into(),
            message: message.clone(),
            ..self.clone()
        }
    }

    /// Returns the name of the tool that it calls, or an empty text.
    #[must_use]
    pub fn tool(&self) -> &str {
        self.message["params"]["name"].as_str().unwrap_or_default()
    }

    /// Returns what follows the well-known address of protected resource metadata.
    #[must_use]
    pub fn metadata(&self) -> Option<&str> {
        self.path.strip_prefix("/.well-known/oauth-protected-resource")
    }

    /// Returns whether its token says that it is the program's without the role, unproven.
    #[must_use]
    pub fn is_roleless(&self) -> bool {
        let token = self.header("authorization").strip_prefix("Bearer ");
        let claims = token.map(|token| super::credulous::part(token, 1)).unwrap_or_default();
        claims["appid"] == sample::ROLELESS.to_string() && claims["roles"].is_null()
    }

    /// Returns whether the app refuses it for its `Origin`: it has a credential and a foreign one.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        let origin = self.header("origin");
        !origin.is_empty() && origin != self.origin
    }

    /// Returns the request without its `Origin`, on a condition, for the app to judge by its credential.
    #[must_use]
    pub fn without_origin_if(&self, condition: bool) -> Option<Self> {
        let mut same = self.clone();
        same.headers.remove("origin");
        (condition && !self.is_anonymous()).then_some(same)
    }

    pub(super) fn target(&self) -> String {
        let query = self.query.as_deref().map(|it| format!("?{it}")).unwrap_or_default();
        format!("{}{query}", self.path)
    }

    /// Gives the request the identity that the platform would give a good caller.
    pub(super) fn authenticate(&mut self) {
        let id = sample::AGENT.to_string();
        let claim = |typ: &str, val: &str| json!({"typ": typ, "val": val});
        let claims = [
            claim("http://schemas.microsoft.com/identity/claims/objectidentifier", &id),
            claim(
                "http://schemas.microsoft.com/identity/claims/tenantid",
                &sample::TENANT_ID.to_string(),
            ),
            claim("appid", &id),
            claim("idtyp", "app"),
            claim("roles", "MCP.Access"),
        ];
        let principal = json!({
            "auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": "roles",
        });
        let principal = STANDARD.encode(principal.to_string());
        if let Ok(value) = HeaderValue::try_from(principal) {
            self.headers.insert(HeaderName::from_static("x-ms-client-principal"), value);
        }
        self.headers.remove("origin");
        self.headers.remove(AUTHORIZATION);
    }
}

impl Answered {
    /// Sets a header.
    pub fn set(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::try_from(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
    }

    /// Returns whether it is a refusal.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED || self.status == StatusCode::FORBIDDEN
    }

    /// Sets the body of a refusal.
    pub fn refuse_with(&mut self, body: &str) {
        if self.is_refusal() {
            body.clone_into(&mut self.body);
        }
    }

    /// Sets the status, and leaves the rest.
    pub fn say(&mut self, status: u16) {
        self.status = StatusCode::from_u16(status).unwrap_or(self.status);
    }

    /// Changes the JSON of the body.
    pub fn edit(&mut self, edit: impl FnOnce(&mut Value)) {
        if let Ok(mut document) = serde_json::from_str(&self.body) {
            edit(&mut document);
            self.body = document.to_string();
        }
    }

    pub(super) async fn read(answer: reqwest::Response, from: &str, to: &str) -> Self {
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        let body = answer.text().await.unwrap_or_default().replace(from, to);
        headers.remove(CONTENT_LENGTH);
        for value in headers.values_mut() {
            let here = value.to_str().unwrap_or_default().replace(from, to);
            if let Ok(here) = HeaderValue::try_from(here) {
                *value = here;
            }
        }
        Self { status, headers, body }
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}
