//! Requests to the app, one at a time: no redirect is followed, and what comes back is bounded.

mod raw;

use std::{error::Error, time::Duration};

use reqwest::{
    Client, Method, StatusCode, Url, Version,
    header::{ACCEPT, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use serde_json::Value;

use crate::{
    AccessToken,
    event_stream::{EventStream, is_response},
    target::is_loopback,
};

/// How many bytes of an answer are read: a list of ten thousand items may have seven million.
const MAX_BYTES: usize = 16 << 20;

/// What the MCP clients that run on Node.js send: an app must not recognize the command by it.
const USER_AGENT: &str = "node";

/// The pauses before what reached no app, or one that is starting, is sent again.
pub(crate) fn pauses() -> impl Iterator<Item = Duration> {
    [200, 400, 800].into_iter().map(Duration::from_millis)
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The connection to an app.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    client: Client,
}

/// A request in the making.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    token: Option<AccessToken>,
    /// The request target as it is sent, where a URL would be normalized.
    target: Option<String>,
    /// Another version of HTTP than the connection's own.
    version: Option<Version>,
    line: String,
}

/// An answer, read to its end.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// Whether the request presented a token, of which the body may have a part.
    pub(crate) had_token: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// No connection could be made.
    Unreachable(String),
    /// What was begun broke off, or is no HTTP.
    Broken(String),
}

impl Request {
    pub(crate) fn get(url: Url) -> Self {
        Self::of("GET", url)
    }

    /// A request without a body. The method is an HTTP token.
    pub(crate) fn of(method: &str, url: Url) -> Self {
        let line = format!("{method} {url}");
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let (headers, body, token, target, version) = (HeaderMap::new(), None, None, None, None);
        Self { method, url, headers, body, token, target, version, line }
    }

    /// A message to an MCP endpoint, whose answer may be JSON or an event stream.
    pub(crate) fn message(url: Url, body: &Value, line: String) -> Self {
        let both = HeaderValue::from_static("application/json, text/event-stream");
        let request = Self::of("POST", url).body("application/json", body.to_string());
        let mut request = Self { line, ..request };
        request.headers.insert(ACCEPT, both);
        request
    }

    /// Sets the body and its type.
    pub(crate) fn body(self, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let mut request = self.untyped_body(body);
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        request
    }

    /// Sets the body, and no type of it.
    pub(crate) fn untyped_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.headers.remove(CONTENT_TYPE);
        self.body = Some(body.into());
        self
    }

    /// Sends it by HTTP/1.0, over a connection of its own.
    pub(crate) fn http_1_0(mut self) -> Self {
        self.target = Some(self.url.path().to_owned());
        self.version = Some(Version::HTTP_10);
        self.noted("HTTP/1.0")
    }

    /// Sets the method, an HTTP token.
    pub(crate) fn method(mut self, method: &str) -> Self {
        self.line = self.line.replacen(self.method.as_str(), method, 1);
        self.method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        self
    }

    /// Whether it goes to an address.
    pub(crate) fn is_to(&self, url: &Url) -> bool {
        self.url.path() == url.path()
    }

    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// The method of the JSON-RPC message that it is; empty where it is none.
    pub(crate) fn rpc_method(&self) -> String {
        let message: Value = self
            .body
            .as_deref()
            .and_then(|body| serde_json::from_slice(body).ok())
            .unwrap_or_default();
        message["method"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn is(&self, method: &str) -> bool {
        self.method.as_str() == method
    }

    /// Sets the request target. It is sent as it is, also where a URL would lose its dot segments and backslashes.
    pub(crate) fn target(mut self, target: &str) -> Self {
        let Self { url, line, .. } = &mut self;
        *line = line.replacen(url.as_str(), target, 1);
        let origin = url.origin().ascii_serialization();
        self.target = None;
        match Url::parse(&format!("{origin}{target}")) {
            Ok(same) if same.as_str() == format!("{origin}{target}") => self.url = same,
            _ => self.target = Some(target.to_owned()),
        }
        self
    }

    /// Adds what a request is, for the report.
    pub(crate) fn noted(mut self, note: &str) -> Self {
        self.line = format!("{}; {note}", self.line);
        self
    }

    /// Replaces the value of a header.
    pub(crate) fn replace(mut self, name: &'static str, value: &str) -> Self {
        self.headers.remove(name);
        self.header(name, value)
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(bytes) = HeaderValue::from_bytes(value.as_bytes()) {
            self.line = format!("{}; {name}: {value}", self.line);
            self.headers.append(HeaderName::from_static(name), bytes);
        }
        self
    }

    /// Presents a token, of which the line says what it is.
    pub(crate) fn bearer(mut self, token: &AccessToken, what: &str) -> Self {
        if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", token.expose())) {
            value.set_sensitive(true);
            self.headers.insert(reqwest::header::AUTHORIZATION, value);
        }
        self.line = format!("{}; Authorization: Bearer [{what}, redacted]", self.line);
        self.token = Some(token.clone());
        self
    }

    /// Presents a token after another `Authorization` header.
    pub(crate) fn second_bearer(mut self, token: &AccessToken, what: &str) -> Self {
        let value = format!("Bearer {}", token.expose());
        self.token = Some(token.clone());
        self.described_header("authorization", &value, &format!("Bearer [{what}, redacted]"))
    }

    /// Adds a header, of which the line says what it is: its value is secret, or long.
    pub(crate) fn described_header(mut self, name: &'static str, value: &str, what: &str) -> Self {
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(true);
            self.headers.append(HeaderName::from_static(name), value);
        }
        self.line = format!("{}; {name}: {what}", self.line);
        self
    }

    /// Puts a token where none belongs: into the query, under this name.
    pub(crate) fn token_in_query(mut self, name: &str, token: &AccessToken, what: &str) -> Self {
        self.url.set_query(Some(&format!("{name}={}", token.expose())));
        self.line = format!("{}; ?{name}=[{what}, redacted]", self.line);
        self.token = Some(token.clone());
        self
    }

    /// Sets the query.
    pub(crate) fn query(mut self, query: &str) -> Self {
        self.url.set_query(Some(query));
        self.line = format!("{}; ?{query}", self.line);
        self
    }

    /// The token that it presents.
    pub(crate) fn token(&self) -> Option<&AccessToken> {
        self.token.as_ref()
    }

    /// What is sent, for the report: without tokens.
    pub(crate) fn line(&self) -> &str {
        &self.line
    }
}

impl HttpClient {
    /// A connection that goes to `origin` by no proxy of the environment when that is this machine.
    pub(crate) fn new(origin: &Url) -> reqwest::Result<Self> {
        let builder = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(USER_AGENT);
        let builder =
            if origin.host_str().is_some_and(is_loopback) { builder.no_proxy() } else { builder };
        Ok(Self { client: builder.build()? })
    }

    /// The client, for libraries that bring their own requests.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request and reads the answer. Only what reached no app is sent again: no connection, or 503, which the
    /// platform answers while the app starts. A request that announces the end of its connection is sent again too when the
    /// connection breaks: an app may answer and close before it has read all of it, and the answer is lost by chance.
    pub(crate) async fn send(&self, request: &Request) -> Result<Answer, NoAnswer> {
        let mut pauses = pauses();
        loop {
            let answer = self.try_once(request).await;
            let is_lost = match &answer {
                Ok(answer) => answer.status == StatusCode::SERVICE_UNAVAILABLE,
                Err(NoAnswer::Broken(_)) => request.headers.contains_key(CONNECTION),
                Err(error) => matches!(error, NoAnswer::Unreachable(_)),
            };
            match pauses.next().filter(|_| is_lost) {
                Some(pause) => tokio::time::sleep(pause).await, // tidy: before the next attempt
                None => return answer,
            }
        }
    }

    async fn try_once(&self, request: &Request) -> Result<Answer, NoAnswer> {
        if let Some(target) = &request.target {
            return raw::send(request, target).await;
        }
        let mut builder = self.client.request(request.method.clone(), request.url.clone());
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let response = builder.headers(request.headers.clone()).send().await;
        let mut response = response.map_err(|error| no_answer(&error.without_url()))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut events =
            content_type(&headers).starts_with("text/event-stream").then(EventStream::default);
        let mut body = Vec::new();
        // A stream that a GET opens has no message that was asked for, and may never have one.
        let is_listening = request.is("GET") && events.is_some();
        while !is_listening
            && let Some(chunk) =
                response.chunk().await.map_err(|error| no_answer(&error.without_url()))?
        {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BYTES {
                return Err(NoAnswer::Broken(format!(
                    "its answer is longer than {MAX_BYTES} bytes"
                )));
            }
            if let Some(events) = &mut events {
                // A stream may stay open after the one message that was asked for.
                if events.push(&chunk).iter().any(is_response) {
                    break;
                }
                if events.is_too_long() {
                    return Err(NoAnswer::Broken("its event stream does not end".to_owned()));
                }
            }
            // An app that always has something to read must not keep a time limit or an interrupt from being noticed.
            tokio::task::yield_now().await;
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer { status, headers, body, had_token: request.token.is_some() })
    }
}

fn no_answer(error: &reqwest::Error) -> NoAnswer {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = error.to_string();
        source = error.source();
    }
    if error.is_connect() { NoAnswer::Unreachable(text) } else { NoAnswer::Broken(text) }
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default()
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn content_type(&self) -> &str {
        content_type(&self.headers)
    }

    /// What came, on one line. Of a body that may have a part of a token only its form is told; the rest is whole, and is
    /// cut when no token is left in it.
    pub(crate) fn summary(&self) -> String {
        let mut text = self.status.as_u16().to_string();
        for name in ["www-authenticate", "location", "retry-after"] {
            if let Some(value) = self.header(name) {
                text = format!("{text}, {name}: {value}");
            }
        }
        let body: String = self.body.split_whitespace().collect::<Vec<_>>().join(" ");
        if body.is_empty() {
            return text;
        }
        let kind = self.content_type();
        if self.had_token {
            return format!("{text}, {kind}: {}", self.form());
        }
        let body: String = body.chars().filter(|c| !c.is_control()).collect();
        format!("{text}, {kind}: {body}")
    }

    /// What a body is like, without a word of it.
    fn form(&self) -> String {
        let message = serde_json::from_str::<Value>(&self.body).unwrap_or_default();
        let error =
            message["error"]["code"].as_i64().map(|code| format!("a JSON-RPC error {code}"));
        let result = message.get("result").map(|_| "a JSON-RPC result".to_owned());
        let is = error.or(result).unwrap_or_else(|| "a body".to_owned());
        format!("{is} of {} bytes", self.body.len())
    }
}

impl NoAnswer {
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Unreachable(reason) | Self::Broken(reason) => reason,
        }
    }
}
