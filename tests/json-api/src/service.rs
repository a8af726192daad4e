//! The service. Each layer can be left out, to show which tests notice.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use easyauth::{
    AuthenticationLayer, Authenticator, Principal, ProtectedResource, Requirement,
    RequirementLayer, StripIdentityHeadersLayer,
};
use serde_json::{Value, json};

/// The app role and the scope that reading requires.
pub const READ: &str = "Plants.Read";

/// The app role that adding a plant requires too.
pub const WRITE: &str = "Plants.Write";

/// A layer of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Authenticates the callers.
    Authentication,
    /// Authenticates callers of unknown paths and methods as well.
    Wrap,
    /// Requires the role or scope.
    Requirement,
    /// Requires the role of an operation.
    OperationRequirement,
    /// Responds to all invalid credentials alike.
    UniformRefusals,
    /// Removes identity headers from requests to routes without authentication.
    StripIdentityHeaders,
}

type Plants = Arc<Mutex<Vec<Value>>>;

/// The service, without one of its layers.
///
/// # Panics
/// Never: the origin is valid.
pub fn service(authenticator: Authenticator, without: Option<Layer>) -> Router {
    let has = |layer| without != Some(layer);
    let resource = ProtectedResource::new("https://garden.example").expect("it is an origin");
    let resource = Arc::new(resource);
    let require = |requirement| RequirementLayer::new(requirement, Arc::clone(&resource));

    let mut add = axum::routing::post(add);
    if has(Layer::OperationRequirement) {
        add = add.layer(require(Requirement::role(WRITE)));
    }
    let mut plants = Router::new().route("/plants", get(list).merge(add));
    if has(Layer::Requirement) {
        plants = plants.layer(require(Requirement::role_or_scope(READ, READ)));
    }
    let plants = plants.with_state(Plants::default());

    let layer = AuthenticationLayer::new(authenticator, Arc::clone(&resource));
    let protected = match without {
        Some(Layer::Authentication) => plants,
        Some(Layer::Wrap) => plants.layer(layer),
        _ => layer.wrap(plants),
    };
    let protected = match without {
        Some(Layer::UniformRefusals) => protected.layer(middleware::from_fn(explain)),
        _ => protected,
    };
    let mut public = Router::new().route("/", get(welcome)).merge(resource.router());
    if has(Layer::StripIdentityHeaders) {
        public = public.layer(StripIdentityHeadersLayer);
    }
    public.merge(protected)
}

/// Adds to a 401 what the caller sent, as a service should not.
async fn explain(request: Request, next: Next) -> Response {
    let has_token = request.headers().contains_key("authorization");
    let mut response = next.run(request).await;
    if response.status() == StatusCode::UNAUTHORIZED && has_token {
        let reason = HeaderValue::from_static("the token is invalid");
        response.headers_mut().insert("x-reason", reason);
    }
    response
}

/// Greets the caller by the platform's header, which no public route should believe.
async fn welcome(headers: HeaderMap) -> String {
    let name = headers.get("x-ms-client-principal-name").and_then(|name| name.to_str().ok());
    format!("Welcome to the garden, {}", name.unwrap_or("stranger"))
}

async fn list(State(plants): State<Plants>) -> Json<Value> {
    Json(json!({ "plants": *plants.lock().unwrap_or_else(PoisonError::into_inner) }))
}

async fn add(
    State(plants): State<Plants>,
    gardener: Option<Principal>,
    Json(mut plant): Json<Value>,
) -> (StatusCode, Json<Value>) {
    plant["gardener"] = json!(gardener.as_ref().map(Principal::object_id));
    plants.lock().unwrap_or_else(PoisonError::into_inner).push(plant.clone());
    (StatusCode::CREATED, Json(plant))
}
