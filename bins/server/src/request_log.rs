//! One log line for each request, and the request id that its log lines and its error page share.

use std::{borrow::Cow, sync::Arc};

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, Method},
    response::Response,
};
use opentelemetry::trace::Status;
use restaurant_mcp::CalledTool;
use tokio::time::Instant;
use tower_http::request_id::{MakeRequestId, MakeRequestUuid, RequestId};
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::caller::CallerInfo;

/// The response header with the request id. A value in the request is ignored.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The logged status of a request whose caller disconnected before the response. The work may have been completed.
const CALLER_WENT_AWAY: u16 = 499;

/// The methods of HTTP (RFC 9110, section 9, and RFC 5789).
const METHODS: [&str; 9] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// The maximum number of characters of a method that are logged: HTTP does not limit its length.
const METHOD_CHARS: usize = 20;

/// A route, such as `/details/{id}`.
pub type Route = Cow<'static, str>;

/// The route that the router has found.
pub fn matched(path: &MatchedPath) -> Route {
    path.as_str().to_owned().into()
}

/// Gives the request an id, and logs the outcome of its answer without query, body and headers.
pub async fn log(
    request: Request,
    route: Option<Route>,
    answer: impl AsyncFnOnce(Request, RequestId) -> Response,
) -> Response {
    let id = MakeRequestUuid.make_request_id(&request);
    let id = id.unwrap_or_else(|| RequestId::new(HeaderValue::from_static("-")));
    let mut line = Line::new(request.method().clone(), route, id.header_value().clone());
    let mut response = answer(request, id).instrument(line.span.clone()).await;
    line.status = response.status().as_u16();
    line.tool = response.extensions().get::<CalledTool>().map(|tool| Arc::clone(&tool.0));
    line.caller = response.extensions().get().cloned();
    if let Some(route) = line.caller.as_ref().and_then(|caller| caller.route.clone()) {
        line.route = Some(matched(&route));
    }
    response.headers_mut().insert(REQUEST_ID, line.id.clone());
    response
}

/// The log line of a request, written on drop, because a disconnect drops the request.
struct Line {
    started: Instant,
    id: HeaderValue,
    method: Method,
    route: Option<Route>,
    status: u16,
    tool: Option<Arc<str>>,
    caller: Option<CallerInfo>,
    span: Span,
}

impl Line {
    fn new(method: Method, route: Option<Route>, id: HeaderValue) -> Self {
        Self {
            started: Instant::now(),
            method,
            route,
            status: CALLER_WENT_AWAY,
            tool: None,
            caller: None,
            span: tracing::info_span!("request", request_id = id.to_str().unwrap_or("-")),
            id,
        }
    }
}

impl Line {
    /// The telemetry attributes, by OpenTelemetry's conventions, which do not name unknown methods.
    fn report(&self) {
        let span = &self.span;
        let method = METHODS.into_iter().find(|known| self.method == *known);
        span.set_attribute("http.request.method", method.unwrap_or("_OTHER"));
        if let Some(route) = &self.route {
            span.set_attribute("http.route", route.clone());
        }
        span.set_attribute("http.response.status_code", i64::from(self.status));
        if self.status >= 500 {
            span.set_attribute("error.type", self.status.to_string());
            span.set_status(Status::error(""));
        }
        if let Some(caller) = &self.caller {
            span.set_attribute("enduser.id", caller.id.clone());
            span.set_attribute("enduser.kind", caller.kind);
            if let Some(client) = &caller.client {
                span.set_attribute("enduser.client_id", client.clone());
            }
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.report();
        self.span.in_scope(|| {
            tracing::info!(
                method = self.method.as_str().chars().take(METHOD_CHARS).collect::<String>(),
                route = self.route.as_deref().unwrap_or("-"),
                status = self.status,
                ms = self.started.elapsed().as_secs_f64() * 1000.0,
                tool = self.tool.as_deref(),
                caller_kind = self.caller.as_ref().map(|caller| caller.kind),
                caller_id = self.caller.as_ref().map(|caller| caller.id.as_str()),
                client_id = self.caller.as_ref().and_then(|caller| caller.client.as_deref()),
                "request"
            );
        });
    }
}
