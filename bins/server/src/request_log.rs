//! One line for each request, and the id that ties all its lines and its error page together.

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use opentelemetry::trace::Status;
use restaurant_mcp::CalledTool;
use tokio::time::Instant;
use tower_http::request_id::{MakeRequestId, MakeRequestUuid, RequestId};
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::caller::CallerInfo;

/// The response header that tells the caller the id; whatever a caller sends under the name is ignored.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the log has for a request whose caller went away before the answer; its work may have been done all the same.
const CALLER_WENT_AWAY: u16 = 499;

/// The methods that HTTP knows (RFC 9110, section 9, and RFC 5789).
const METHODS: [&str; 9] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// The most characters of a method that are logged: any word is one, however long.
const METHOD_CHARS: usize = 20;

/// Gives the request an id, passes it on, and logs what became of it: no query, no body, no header.
pub async fn log(mut request: Request, next: Next) -> Response {
    let id = MakeRequestUuid.make_request_id(&request);
    let id = id.unwrap_or_else(|| RequestId::new(HeaderValue::from_static("-")));
    request.headers_mut().remove(&REQUEST_ID);
    request.extensions_mut().insert(id.clone());
    let mut line = Line::new(&request, id.into_header_value());
    let mut response = next.run(request).instrument(line.span.clone()).await;
    line.status = response.status().as_u16();
    line.tool = response.extensions().get::<CalledTool>().map(|tool| tool.0);
    line.caller = response.extensions().get().cloned();
    if let Some(route) = line.caller.as_ref().and_then(|caller| caller.route.clone()) {
        line.route = Some(route);
    }
    response.headers_mut().insert(REQUEST_ID, line.id.clone());
    response
}

/// The line of a request. Written when it is dropped, since a caller that goes away drops the request with it.
struct Line {
    started: Instant,
    id: HeaderValue,
    method: String,
    route: Option<MatchedPath>,
    status: u16,
    tool: Option<&'static str>,
    caller: Option<CallerInfo>,
    span: Span,
}

impl Line {
    fn new(request: &Request, id: HeaderValue) -> Self {
        Self {
            started: Instant::now(),
            method: request.method().as_str().chars().take(METHOD_CHARS).collect(),
            route: request.extensions().get().cloned(),
            status: CALLER_WENT_AWAY,
            tool: None,
            caller: None,
            span: tracing::info_span!("request", request_id = id.to_str().unwrap_or("-")),
            id,
        }
    }
}

impl Line {
    /// The method for telemetry, by OpenTelemetry's conventions: a method that HTTP does not define has no name there.
    fn report(&self) {
        let span = &self.span;
        let method = if METHODS.contains(&self.method.as_str()) { &self.method } else { "_OTHER" };
        span.set_attribute("http.request.method", method.to_owned());
        if let Some(route) = &self.route {
            span.set_attribute("http.route", route.as_str().to_owned());
        }
        span.set_attribute("http.response.status_code", i64::from(self.status));
        if self.status >= 500 {
            span.set_attribute("error.type", self.status.to_string());
            span.set_status(Status::error(""));
        }
        if let Some(caller) = &self.caller {
            span.set_attribute("enduser.id", caller.id.clone());
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.report();
        self.span.in_scope(|| {
            tracing::info!(
                method = self.method,
                route = self.route.as_ref().map_or("-", MatchedPath::as_str),
                status = self.status,
                ms = self.started.elapsed().as_secs_f64() * 1000.0,
                tool = self.tool,
                caller_kind = self.caller.as_ref().map(|caller| caller.kind),
                caller_id = self.caller.as_ref().map(|caller| caller.id.as_str()),
                "request"
            );
        });
    }
}
