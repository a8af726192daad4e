//! What kind of object an id is, the people, and the tenant itself.

use axum::{Extension, extract::State, response::Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::{Graph, application, error::GraphError, key::Key, list::ListQuery, service_principal};
use crate::{Directory, User, caller::Caller};

const FILTERABLE: &[&str] = &["id", "displayName", "userPrincipalName"];

/// `GET /directoryObjects/{id}`: with `@odata.type`, which says what the object is.
pub(super) async fn find(
    State(graph): State<Graph>,
    key: Key,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let directory = graph.cloud.directory();
    let found = kinds(&directory, key)
        .filter(|(_, object)| object["id"].as_str().is_some_and(|id| graph.replication.finds(&id)));
    let (kind, mut object) = found.ok_or_else(|| key.not_found())?;
    object["@odata.type"] = json!(format!("#microsoft.graph.{kind}"));
    Ok(query.object(&graph, object))
}

/// `GET /users`
pub(super) async fn users(
    State(graph): State<Graph>,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let directory = graph.cloud.directory();
    query.page(&graph, directory.users.iter().map(render), FILTERABLE)
}

/// `GET /users/{id}`
pub(super) async fn user(
    State(graph): State<Graph>,
    key: Key,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let directory = graph.cloud.directory();
    let user = directory.users.iter().find(|user| Key::Id(user.id) == key);
    Ok(query.object(&graph, render(user.ok_or_else(|| key.not_found())?)))
}

/// `GET /me`: the person of a delegated token.
pub(super) async fn me(
    State(graph): State<Graph>,
    Extension(caller): Extension<Caller>,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let directory = graph.cloud.directory();
    let user = directory.users.iter().find(|user| Some(user.id) == caller.object_id);
    let user = user.filter(|_| caller.is_delegated).ok_or_else(|| {
        let message = "/me request is only valid with delegated authentication flow.";
        GraphError::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    })?;
    Ok(query.object(&graph, render(user)))
}

/// `GET /organization`: the tenant and its domains.
pub(super) async fn organization(
    State(graph): State<Graph>,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let domains = &graph.cloud.options().graph.verified_domains;
    let domains = domains.iter().enumerate().map(|(at, name)| {
        json!({ "name": name, "isDefault": at == 0, "isInitial": at == 0, "type": "Managed" })
    });
    let tenant = json!({
        "id": graph.cloud.directory().tenant_id,
        "displayName": "Emulated tenant",
        "verifiedDomains": domains.collect::<Vec<_>>(),
    });
    query.page(&graph, std::iter::once(tenant), &["id"])
}

fn kinds(directory: &Directory, key: Key) -> Option<(&'static str, Value)> {
    let Key::Id(id) = key else { return None };
    let application = || {
        let mut applications = directory.applications.iter();
        let found = applications.find(|found| found.is_registered_here() && found.id == id)?;
        Some(("application", application::render(found)))
    };
    let principal = || {
        let found = directory.service_principals.iter().find(|found| found.id == id)?;
        Some(("servicePrincipal", service_principal::render(directory, found)))
    };
    let user = || {
        let found = directory.users.iter().find(|found| found.id == id)?;
        Some((if found.is_agent_user() { "agentUser" } else { "user" }, render(found)))
    };
    application().or_else(principal).or_else(user)
}

fn render(user: &User) -> Value {
    let mut object = json!(user);
    // Groups are not among the properties of a user.
    object.as_object_mut().and_then(|members| members.remove("groups"));
    object
}
