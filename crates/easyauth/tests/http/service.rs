//! A service behind the layers, which responds with the request that it receives.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::OriginalUri,
    routing::get,
};
use easyauth::{
    AuthenticationLayer, Authenticator, ClientPrincipalHeader, Principal, ProtectedResource,
    Requirement, RequirementLayer,
};
use http::{HeaderMap, Request, Response, request::Builder};
use tower::ServiceExt as _;

/// The protected resource.
pub(crate) fn resource() -> Arc<ProtectedResource> {
    let resource = ProtectedResource::new("https://reviews.example").unwrap();
    let resource = resource.authorization_server("https://login.example/tenant/v2.0");
    let resource = resource.path("/mcp").unwrap().path("/mcp/mcp").unwrap();
    Arc::new(resource.scope("api://reviews/user_impersonation").unwrap())
}

/// Metadata without authentication; a page for authenticated callers; `/mcp` and, nested, `/mcp/mcp` with a requirement; a fallback.
pub(crate) fn app() -> Router {
    let requirement = Requirement::role_or_scope("MCP.Access", "user_impersonation");
    let requirement = RequirementLayer::new(requirement, resource());
    let nested = Router::new().route("/mcp", get(seen)).route_layer(requirement.clone());
    let mcp = Router::new().route("/mcp", get(seen)).route_layer(requirement);
    Router::new()
        .route("/", get(seen))
        .merge(mcp)
        .nest("/mcp", nested)
        .fallback(async || "nothing here")
        .layer(AuthenticationLayer::new(
            Authenticator::new(ClientPrincipalHeader::new()),
            resource(),
        ))
        .merge(resource().router())
}

/// Responds with the path, the caller, and the names of the headers.
pub(crate) async fn seen(
    OriginalUri(uri): OriginalUri,
    caller: Option<Principal>,
    headers: HeaderMap,
) -> String {
    let caller = caller.as_ref().map_or("nobody", Principal::object_id);
    let mut names: Vec<&str> = headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    format!("{} {caller} [{}]", uri.path(), names.join(" "))
}

/// A request with this client principal header.
pub(crate) fn request_of(path: &str, header: &str) -> Builder {
    Request::get(path).header(ClientPrincipalHeader::NAME, header)
}

/// The response to a request without a body.
pub(crate) async fn answer(app: &Router, request: Builder) -> Response<String> {
    let request = request.body(Body::empty()).unwrap();
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, 100_000).await.unwrap();
    Response::from_parts(parts, String::from_utf8(body.into()).unwrap())
}
