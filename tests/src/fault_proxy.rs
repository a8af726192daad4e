//! A reverse proxy that forwards every request and injects one fault.

use std::{
    io,
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, LOCATION,
            ORIGIN, TRANSFER_ENCODING, UPGRADE, WWW_AUTHENTICATE,
        },
    },
    response::{Html, IntoResponse, Response},
};
use easyauth_emulator::{Cloud, sample};
use reqwest::{Client, Url, redirect::Policy};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

mod credulous;
mod lie;
mod resign;
mod tools;

pub use self::{
    credulous::{Credulous, Memory, Seen},
    lie::{Answered, Asked, Lie},
};

/// The injected fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// No fault.
    None,
    /// Requests go to the server at this origin, which has no authentication.
    NoAuthentication(String),
    /// Every request gets 401 without a challenge.
    Unauthorized,
    /// The protected resource metadata are missing.
    NoMetadata,
    /// The metadata of the endpoint are missing; those of the origin exist.
    NoSuffixedMetadata,
    /// The metadata require a token.
    GuardedMetadata,
    /// The metadata name another resource.
    WrongResource,
    /// The challenge of a 401 does not name the metadata.
    ChallengeWithoutMetadata,
    /// The challenge of a 403 does not name the missing scope.
    ForbiddenWithoutReason,
    /// One check of the token is missing.
    Unchecked(Check),
    /// A client principal header of the caller is accepted: the request bypasses the platform and goes to the server at
    /// this origin.
    AcceptsForgedHeaders(String),
    /// Tool calls without a token go to the server at this origin, which has no authentication.
    AnonymousCalls(String),
    /// This path is excluded from authentication: requests without a token go to the server at this origin.
    AnonymousPath(&'static str, String),
    /// The metadata name an authorization server of another party.
    ForeignIssuer,
    /// The metadata name the scope of another app.
    ForeignScope,
    /// The `Origin` header is not checked.
    IgnoresOrigin,
    /// A token in the query is accepted.
    AcceptsQueryToken,
    /// Version 2.0 tokens are rejected.
    RejectsV2Tokens,
    /// This tool is missing.
    MissingTool(&'static str),
    /// This tool reports success without writing.
    DiscardsWrites(&'static str),
    /// No request gets a response.
    Hangs,
    /// Calls of this tool get no response.
    ToolHangs(&'static str),
    /// A 401 is a redirect to this address.
    RedirectsToLogin(String),
    /// A 401 is a sign-in page with the status 200.
    ReturnsLoginPage,
    /// MCP responses are event streams.
    EventStream,
    /// The requests with these numbers, counted from 1, get 503.
    Unavailable(RangeInclusive<u32>),
    /// Every request gets 500 with everything that it sent.
    EchoesRequest,
    /// Some requests are accepted for a wrong reason, and served by the server at this origin.
    Credulous(Credulous, String),
    /// A flaw that is described elsewhere, of an app whose server is at this origin past the platform.
    Lie(Lie, String),
}

/// A check of an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The signature.
    Signature,
    /// `aud`.
    Audience,
    /// `exp`.
    Expiry,
    /// `nbf`.
    NotBefore,
    /// `iss` and `tid`.
    Tenant,
    /// `appid` and `azp`.
    Client,
    /// `roles` and `scp`.
    Permissions,
}

/// A running proxy; it ends when this value is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    origin: String,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Proxy {
    fault: Fault,
    cloud: Cloud,
    upstream: String,
    origin: String,
    client: Client,
    requests: AtomicU32,
    memory: Memory,
}

/// The size limit of a request body in bytes.
const MAX_BYTES: usize = 16 << 20;

impl FaultProxy {
    /// Starts on a free port of 127.0.0.1 in front of the app at `upstream`. `cloud` issues the tokens.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(fault: Fault, upstream: &str, cloud: &Cloud) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        // The app closes a connection when it leaves a body unread, so no connection is used twice.
        let client =
            Client::builder().redirect(Policy::none()).no_proxy().pool_max_idle_per_host(0);
        let client = client.build();
        let proxy = Proxy {
            fault,
            cloud: cloud.clone(),
            upstream: upstream.to_owned(),
            origin: origin.clone(),
            client: client.map_err(io::Error::other)?,
            requests: AtomicU32::new(0),
            memory: Memory::default(),
        };
        let app = Router::new().fallback(handle).with_state(Arc::new(proxy));
        let task = tokio::spawn(async move {
            // Accepting never fails for good.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { origin, task })
    }

    /// The proxy's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn handle(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BYTES).await.unwrap_or_default();
    if let Fault::Lie(lie, server) = &proxy.fault {
        return proxy.lie(*lie, server, Asked::of(&parts, body, &proxy.origin)).await;
    }
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let path = parts.uri.path().to_owned();
    if let Some(answer) = proxy.answer(&path, &parts.headers, &message).await {
        return answer;
    }
    if let Fault::Credulous(credulous, server) = &proxy.fault {
        let seen = Seen {
            cloud: &proxy.cloud,
            method: &parts.method,
            path: &path,
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            message: &message,
            memory: &proxy.memory,
        };
        let answer = proxy.serve_credulously(*credulous, server, seen, body.clone()).await;
        if let Some(answer) = answer {
            return answer;
        }
    }
    let mut query = parts.uri.query().map(str::to_owned);
    if proxy.fault == Fault::AcceptsQueryToken
        && let Some(token) = query.as_deref().and_then(|query| query.strip_prefix("access_token="))
        && let Ok(value) = HeaderValue::try_from(format!("Bearer {token}"))
    {
        parts.headers.insert(AUTHORIZATION, value);
        query = None;
    }
    proxy.change_headers(&mut parts.headers);
    let body = match proxy.fault {
        Fault::MissingTool(name) => tools::without(name, &message, body),
        _ => body,
    };
    let upstream = proxy.upstream_of(&path, &parts.headers, &message);
    let url = format!("{upstream}{path}{}", query.map(|it| format!("?{it}")).unwrap_or_default());
    let Ok(url) = Url::parse(&url) else { return StatusCode::BAD_REQUEST.into_response() };
    let sent = proxy.client.request(parts.method, url).headers(parts.headers).body(body).send();
    match sent.await {
        Ok(answer) => proxy.change_answer(&message, answer).await,
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

impl Proxy {
    /// Returns the response that replaces the app's.
    async fn answer(&self, path: &str, headers: &HeaderMap, message: &Value) -> Option<Response> {
        let nth = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        let tool = message["params"]["name"].as_str();
        let metadata = path.strip_prefix("/.well-known/oauth-protected-resource");
        match (&self.fault, metadata) {
            (Fault::Hangs, _) => std::future::pending().await,
            (Fault::ToolHangs(name), _) if tool == Some(name) => std::future::pending().await,
            (Fault::Unauthorized, _) | (Fault::GuardedMetadata, Some(_)) => {
                Some(StatusCode::UNAUTHORIZED.into_response())
            }
            (Fault::NoMetadata, Some(_)) => Some(StatusCode::NOT_FOUND.into_response()),
            (Fault::NoSuffixedMetadata, Some(suffix)) if !suffix.is_empty() => {
                Some(StatusCode::NOT_FOUND.into_response())
            }
            (Fault::Unavailable(while_it), _) if while_it.contains(&nth) => {
                Some(StatusCode::SERVICE_UNAVAILABLE.into_response())
            }
            (Fault::EchoesRequest, _) => {
                let all = format!("{path} {headers:?} {message}");
                let token = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
                let all = format!("{all} {}", token.unwrap_or_default());
                Some((StatusCode::INTERNAL_SERVER_ERROR, all).into_response())
            }
            (Fault::RejectsV2Tokens, _) if resign::version(headers).as_deref() == Some("2.0") => {
                Some(StatusCode::UNAUTHORIZED.into_response())
            }
            (Fault::DiscardsWrites(name), _) if tool == Some(name) => Some(tools::pretend(message)),
            _ => None,
        }
    }

    fn change_headers(&self, headers: &mut HeaderMap) {
        headers.remove(HOST);
        headers.remove(CONTENT_LENGTH);
        match self.fault {
            Fault::IgnoresOrigin => drop(headers.remove(ORIGIN)),
            Fault::Unchecked(check) => resign::resign(&self.cloud, check, headers),
            _ => {}
        }
    }

    fn upstream_of(&self, path: &str, headers: &HeaderMap, message: &Value) -> &str {
        let is_anonymous = !headers.contains_key(AUTHORIZATION);
        let calls = message["method"] == "tools/call" && is_anonymous;
        match &self.fault {
            Fault::AnonymousCalls(server) if calls => server,
            Fault::AnonymousPath(open, server) if is_anonymous && *open == path => server,
            Fault::NoAuthentication(server) => server,
            Fault::AcceptsForgedHeaders(server)
                if headers.contains_key("x-ms-client-principal") =>
            {
                server
            }
            _ => &self.upstream,
        }
    }

    /// Answers as an app with a flaw: past the platform, with a good caller's identity, or as the app does; and then changed.
    async fn lie(&self, lie: Lie, server: &str, asked: Asked) -> Response {
        let bypass = (lie.bypass)(&asked).map(|mut past| {
            past.authenticate();
            past
        });
        let upstream = if bypass.is_some() { server } else { &self.upstream };
        let mut sent = bypass.or_else(|| (lie.forward)(&asked)).unwrap_or_else(|| asked.clone());
        self.change_headers(&mut sent.headers);
        for name in [CONNECTION, EXPECT, TRANSFER_ENCODING, UPGRADE] {
            sent.headers.remove(name);
        }
        let Ok(url) = Url::parse(&format!("{upstream}{}", sent.target())) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        let request = self.client.request(sent.method, url).headers(sent.headers).body(sent.body);
        let Ok(answer) = request.send().await else {
            return StatusCode::BAD_GATEWAY.into_response();
        };
        let mut answered = Answered::read(answer, &self.upstream, &self.origin).await;
        (lie.change)(&asked, &mut answered);
        answered.into_response()
    }

    /// Rewrites the app's response to this origin and injects the fault.
    async fn change_answer(&self, message: &Value, answer: reqwest::Response) -> Response {
        let (status, headers) = (answer.status(), answer.headers().clone());
        let is_text = headers.get(CONTENT_TYPE).is_some();
        let body = answer.bytes().await.unwrap_or_default();
        if status == StatusCode::UNAUTHORIZED {
            match &self.fault {
                Fault::RedirectsToLogin(to) => {
                    return (StatusCode::FOUND, [(LOCATION, to.clone())]).into_response();
                }
                Fault::ReturnsLoginPage => return Html("<form>Sign in</form>").into_response(),
                _ => {}
            }
        }
        let bare = match self.fault {
            Fault::ChallengeWithoutMetadata => status == StatusCode::UNAUTHORIZED,
            Fault::ForbiddenWithoutReason => status == StatusCode::FORBIDDEN,
            _ => false,
        };
        let body = if is_text { self.change_body(message, &body) } else { body };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        for (name, value) in &headers {
            let here = value.to_str().unwrap_or_default().replace(&self.upstream, &self.origin);
            let Ok(value) = HeaderValue::try_from(here) else { continue };
            match name {
                name if name == CONTENT_LENGTH || name == TRANSFER_ENCODING => {}
                name if name == WWW_AUTHENTICATE && bare => {
                    response.headers_mut().insert(name, HeaderValue::from_static("Bearer"));
                }
                name => drop(response.headers_mut().append(name, value)),
            }
        }
        let is_result = message["jsonrpc"] == "2.0" && status == StatusCode::OK;
        if self.fault == Fault::EventStream && is_result {
            let stream = HeaderValue::from_static("text/event-stream");
            response.headers_mut().insert(CONTENT_TYPE, stream);
        }
        response
    }

    fn change_body(&self, message: &Value, body: &Bytes) -> Bytes {
        let text = String::from_utf8_lossy(body).replace(&self.upstream, &self.origin);
        let mut document: Value = serde_json::from_str(&text).unwrap_or_default();
        match &self.fault {
            Fault::WrongResource if document["resource"].is_string() => {
                document["resource"] = json!("https://elsewhere.example/mcp");
                document.to_string().into()
            }
            Fault::ForeignIssuer if document["resource"].is_string() => {
                document["authorization_servers"] = json!(["https://login.attacker.example/"]);
                document.to_string().into()
            }
            Fault::ForeignScope if document["resource"].is_string() => {
                document["scopes_supported"] =
                    json!([format!("api://{}/user_impersonation", sample::OTHER_API)]);
                document.to_string().into()
            }
            Fault::MissingTool(name) if document["result"]["tools"].is_array() => {
                if let Some(tools) = document["result"]["tools"].as_array_mut() {
                    tools.retain(|tool| tool["name"] != *name);
                }
                document.to_string().into()
            }
            Fault::EventStream if message["jsonrpc"] == "2.0" && !text.is_empty() => {
                format!("event: message\r\ndata: {text}\r\n\r\n").into()
            }
            _ => text.into(),
        }
    }
}
