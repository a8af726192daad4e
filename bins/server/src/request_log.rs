//! One line for each request, and the id that ties all its lines and its error page together.

use axum::{
    extract::{MatchedPath, Request},
    http::HeaderName,
    middleware::Next,
    response::Response,
};
use restaurant_mcp::CalledTool;
use tokio::time::Instant;
use tower_http::request_id::{MakeRequestId, MakeRequestUuid, RequestId};
use tracing::Instrument;

/// The response header that tells the caller the id; whatever a caller sends under the name is ignored.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id, passes it on, and logs what became of it: no query, no body, no header.
pub async fn log(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let id = MakeRequestUuid.make_request_id(&request);
    let id = id.unwrap_or_else(|| RequestId::new(axum::http::HeaderValue::from_static("-")));
    request.headers_mut().remove(&REQUEST_ID);
    request.extensions_mut().insert(id.clone());
    let id = id.into_header_value();
    let span = tracing::info_span!("request", request_id = id.to_str().unwrap_or("-"));
    let mut response = next.run(request).instrument(span.clone()).await;
    let tool = response.extensions().get::<CalledTool>().map(|tool| tool.0);
    span.in_scope(|| {
        tracing::info!(
            request_id = id.to_str().unwrap_or("-"),
            %method,
            route = route.as_ref().map_or("-", MatchedPath::as_str),
            status = response.status().as_u16(),
            ms = started.elapsed().as_secs_f64() * 1000.0,
            tool,
            "request"
        );
    });
    response.headers_mut().insert(REQUEST_ID, id);
    response
}
