//! The part of Microsoft Graph that registers applications and assigns their roles.

mod application;
mod assignment;
mod body;
mod directory_object;
mod error;
mod federated_credential;
mod filter;
mod inheritable_permission;
mod key;
mod list;
mod options;
mod owner;
mod ownership;
mod password;
mod permission;
mod replication;
mod service_principal;

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse, Response},
    routing::{any, delete, get, patch, post},
};
use http::{HeaderMap, Method, StatusCode, Uri, uri::PathAndQuery};
use serde_json::{Map, Value};
use tower::ServiceExt as _;

pub(crate) use self::application::enable_by_default;
pub use self::options::GraphOptions;
use self::{body::Body, error::GraphError, replication::Replication};
use crate::{
    Cloud,
    caller::{Caller, Unauthenticated},
};

/// The version of Graph.
const PREFIX: &str = "/v1.0";
const AUDIENCES: &[&str] = &["https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"];

/// What agent identities inherit of a blueprint.
const INHERITABLE: &str =
    "/applications/{key}/microsoft.graph.agentIdentityBlueprint/inheritablePermissions";

/// What its handlers share.
#[derive(Debug, Clone)]
struct Graph {
    cloud: Cloud,
    replication: Arc<Replication>,
}

/// The path as the client wrote it.
#[derive(Debug, Clone)]
struct AskedPath(String);

/// Its routes.
pub(crate) fn router(cloud: Cloud) -> Router {
    let graph = Graph { cloud: cloud.clone(), replication: Arc::default() };
    let inner = routes().with_state(graph);
    let front = async move |request: Request| front(cloud, inner, request).await;
    Router::new().route("/v1.0/{*path}", any(front))
}

fn routes() -> Router<Graph> {
    applications()
        .merge(service_principals())
        .route("/directoryObjects/{key}", get(directory_object::find))
        .route("/users", get(directory_object::users))
        .route("/users/{key}", get(directory_object::user))
        .route("/me", get(directory_object::me))
        .route("/organization", get(directory_object::organization))
        .fallback(no_such_segment)
        .method_not_allowed_fallback(no_such_method)
}

fn applications() -> Router<Graph> {
    let one = get(application::find).patch(application::update).delete(application::remove);
    let credentials = get(federated_credential::list).post(federated_credential::create);
    Router::new()
        .route("/applications", get(application::list).post(application::create))
        .route("/applications/{key}", one)
        .route("/applications/{key}/addPassword", post(password::add))
        .route("/applications/{key}/removePassword", post(password::remove))
        .route(INHERITABLE, get(inheritable_permission::list).post(inheritable_permission::create))
        .route(
            &format!("{INHERITABLE}/{{resource}}"),
            patch(inheritable_permission::update).delete(inheritable_permission::remove),
        )
        .route("/applications/{key}/owners", get(owner::list))
        .route("/applications/{key}/owners/$ref", post(owner::add))
        .route("/applications/{key}/owners/{id}/$ref", delete(owner::remove))
        .route("/applications/{key}/federatedIdentityCredentials", credentials)
        .route(
            "/applications/{key}/federatedIdentityCredentials/{credential}",
            get(federated_credential::find).delete(federated_credential::remove),
        )
}

fn service_principals() -> Router<Graph> {
    let one = get(service_principal::find)
        .patch(service_principal::update)
        .delete(service_principal::remove);
    let given = get(assignment::given).post(assignment::give);
    let held = get(assignment::held).post(assignment::take);
    Router::new()
        .route("/servicePrincipals", get(service_principal::list).post(service_principal::create))
        .route("/servicePrincipals/microsoft.graph.agentIdentity", get(service_principal::agents))
        .route("/servicePrincipals/{key}", one)
        .route("/servicePrincipals/{key}/owners", get(owner::list))
        .route("/servicePrincipals/{key}/owners/$ref", post(owner::add))
        .route("/servicePrincipals/{key}/owners/{id}/$ref", delete(owner::remove))
        .route("/servicePrincipals/{key}/appRoleAssignedTo", given)
        .route("/servicePrincipals/{key}/appRoleAssignedTo/{id}", delete(assignment::revoke))
        .route("/servicePrincipals/{key}/appRoleAssignments", held)
        .route("/servicePrincipals/{key}/appRoleAssignments/{id}", delete(assignment::give_up))
}

/// Authorizes the caller, and formats errors.
async fn front(cloud: Cloud, inner: Router, request: Request) -> Response {
    let headers = request.headers().clone();
    let is_write = !matches!(*request.method(), Method::GET | Method::HEAD);
    let response = match admit(&cloud, request) {
        Ok(request) => match inner.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        Err(error) => error.into_response(),
    };
    if is_write && response.status().is_success() {
        cloud.tell_of_change();
    }
    match response.extensions().get::<GraphError>() {
        Some(error) => error.answer(&headers, &cloud.now().format("%Y-%m-%dT%H:%M:%S").to_string()),
        None => response,
    }
}

/// The request for the router within, once its caller is known.
fn admit(cloud: &Cloud, mut request: Request) -> Result<Request, GraphError> {
    let caller = caller(cloud, request.headers())?;
    let path = request.uri().path().to_owned();
    permission::check(&caller, request.method(), &path)?;
    *request.uri_mut() = inner_uri(request.uri())?;
    // The router within finds the parts of the path again.
    request.extensions_mut().clear();
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(AskedPath(path));
    Ok(request)
}

fn caller(cloud: &Cloud, headers: &HeaderMap) -> Result<Caller, GraphError> {
    Caller::of(cloud, headers, AUDIENCES).map_err(|reason| {
        let message = match reason {
            Unauthenticated::Missing => "Access token is empty.",
            Unauthenticated::Invalid => "Access token validation failure.",
        };
        GraphError::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message)
    })
}

fn inner_uri(uri: &Uri) -> Result<Uri, GraphError> {
    let path = key::canonical(uri.path().trim_start_matches(PREFIX))?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let unreadable = |_| GraphError::bad_request("The path cannot be read.");
    PathAndQuery::try_from(format!("{path}{query}")).map(Uri::from).map_err(unreadable)
}

async fn no_such_segment(uri: Uri) -> GraphError {
    let segment = uri.path().rsplit('/').next().unwrap_or_default();
    let message = format!("Resource not found for the segment '{segment}'.");
    GraphError::new(StatusCode::BAD_REQUEST, "BadRequest", message)
}

async fn no_such_method(_: Method) -> GraphError {
    let message = "Specified HTTP method is not allowed for the request target.";
    GraphError::new(StatusCode::METHOD_NOT_ALLOWED, "Request_BadRequest", message)
}

/// Refuses properties of an application besides those that Graph takes, its ids, and `more`.
pub(crate) fn check_application(object: &Map<String, Value>, more: &[&str]) -> Result<(), String> {
    let is_more = |name: &str| ["id", "appId"].contains(&name) || more.contains(&name);
    let own = object.iter().filter(|(name, _)| !is_more(name));
    let own = Body(own.map(|(name, value)| (name.clone(), value.clone())).collect());
    application::check_properties(&own).map_err(GraphError::into_message)
}

/// Refuses properties of a service principal besides those that Graph takes or shows.
pub(crate) fn check_service_principal(object: &Map<String, Value>) -> Result<(), String> {
    service_principal::check_properties(object).map_err(GraphError::into_message)
}

impl Graph {
    /// Notes that an object is new.
    fn created(&self, id: &impl ToString) {
        self.replication.created(id, self.cloud.options().graph.replication_requests);
    }
}
