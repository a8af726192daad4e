//! `appRoleAssignedTo` and `appRoleAssignments`: the two ends of an app role assignment.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Graph, body::Body, error::GraphError, key::Key, list::ListQuery, service_principal};
use crate::{AppRoleAssignment, Directory, ServicePrincipal};

const RESOURCE: &str = "AppRoleAssignment";
const FILTERABLE: &[&str] = &["resourceId", "principalDisplayName"];

/// `GET /servicePrincipals/{key}/appRoleAssignedTo`: the assignments of this application's roles.
pub(super) async fn given(
    State(graph): State<Graph>,
    key: Key,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let directory = graph.cloud.directory();
    let id = service_principal::of(&graph, &directory, key)?.id;
    let given = directory.assignments.iter().filter(|found| found.resource_id == id);
    query.page(&graph, given.map(|found| render(&directory, found)), FILTERABLE)
}

/// `GET /servicePrincipals/{key}/appRoleAssignments`: the roles that this principal has.
pub(super) async fn held(
    State(graph): State<Graph>,
    key: Key,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let directory = graph.cloud.directory();
    let id = service_principal::of(&graph, &directory, key)?.id;
    let held = directory.assignments.iter().filter(|found| found.principal_id == id);
    query.page(&graph, held.map(|found| render(&directory, found)), FILTERABLE)
}

/// `POST /servicePrincipals/{key}/appRoleAssignedTo`
pub(super) async fn give(
    State(graph): State<Graph>,
    key: Key,
    query: ListQuery,
    body: Body,
) -> Result<Response, GraphError> {
    assign(&graph, key, &query, &body, "resourceId")
}

/// `POST /servicePrincipals/{key}/appRoleAssignments`
pub(super) async fn take(
    State(graph): State<Graph>,
    key: Key,
    query: ListQuery,
    body: Body,
) -> Result<Response, GraphError> {
    assign(&graph, key, &query, &body, "principalId")
}

/// `DELETE /servicePrincipals/{key}/appRoleAssignedTo/{id}`
pub(super) async fn revoke(
    State(graph): State<Graph>,
    key: Key,
    Path((_, id)): Path<(String, String)>,
) -> Result<StatusCode, GraphError> {
    let mut directory = graph.cloud.directory();
    let principal = service_principal::of(&graph, &directory, key)?.id;
    delete(&mut directory, |found| found.id == id && found.resource_id == principal)
        .ok_or_else(|| GraphError::not_found(id))
}

/// `DELETE /servicePrincipals/{key}/appRoleAssignments/{id}`
pub(super) async fn give_up(
    State(graph): State<Graph>,
    key: Key,
    Path((_, id)): Path<(String, String)>,
) -> Result<StatusCode, GraphError> {
    let mut directory = graph.cloud.directory();
    let principal = service_principal::of(&graph, &directory, key)?.id;
    delete(&mut directory, |found| found.id == id && found.principal_id == principal)
        .ok_or_else(|| GraphError::not_found(id))
}

fn delete(
    directory: &mut Directory,
    is_meant: impl Fn(&AppRoleAssignment) -> bool,
) -> Option<StatusCode> {
    let at = directory.assignments.iter().position(is_meant)?;
    directory.assignments.remove(at);
    Some(StatusCode::NO_CONTENT)
}

/// Assigns; `of_path` is the property that must name the object of the path.
fn assign(
    graph: &Graph,
    key: Key,
    query: &ListQuery,
    body: &Body,
    of_path: &str,
) -> Result<Response, GraphError> {
    body.check_names(&["principalId", "resourceId", "appRoleId"], RESOURCE)?;
    let [principal_id, resource_id, role_id] = ["principalId", "resourceId", "appRoleId"]
        .map(|property| body.required::<Uuid>(property, RESOURCE));
    let (principal_id, resource_id, role_id) = (principal_id?, resource_id?, role_id?);
    let mut directory = graph.cloud.directory();
    let resource = service_principal::of(graph, &directory, Key::Id(resource_id))?;
    let member = member_type(graph, &directory, principal_id)?;
    let at_path = if of_path == "resourceId" { resource_id } else { principal_id };
    if !is_of_path(&directory, key, at_path) {
        return Err(GraphError::invalid_value(of_path, RESOURCE));
    }
    check_role(&directory, resource, role_id, member)?;
    let exists = directory.assignments.iter().any(|found| {
        (found.principal_id, found.resource_id, found.app_role_id)
            == (principal_id, resource_id, role_id)
    });
    if exists {
        let message = "Permission being assigned already exists on the object";
        return Err(GraphError::bad_request(message).detail("InvalidUpdate", "appRoleId"));
    }
    let id = directory.assign(principal_id, resource_id, role_id);
    graph.created(&id);
    let new = directory.assignments.iter().find(|found| found.id == id);
    let new = new.map(|found| render(&directory, found)).unwrap_or_default();
    Ok((StatusCode::CREATED, query.object(graph, new)).into_response())
}

fn is_of_path(directory: &Directory, key: Key, id: Uuid) -> bool {
    let mut principals = directory.service_principals.iter();
    principals.any(|found| found.id == id && key.names(found.id, found.app_id))
}

/// What kind of member a principal is to a role.
fn member_type(graph: &Graph, directory: &Directory, id: Uuid) -> Result<&'static str, GraphError> {
    if directory.users.iter().any(|user| user.id == id) {
        return Ok("User");
    }
    let is_principal = directory.service_principals.iter().any(|found| found.id == id);
    if is_principal && graph.replication.finds(&id) {
        return Ok("Application");
    }
    Err(GraphError::bad_request("Not a valid reference update."))
}

/// Checks that there is such a role for such members. The nil id, access without a role, is there only where no role is.
fn check_role(
    directory: &Directory,
    resource: &ServicePrincipal,
    role_id: Uuid,
    member: &str,
) -> Result<(), GraphError> {
    let application = directory.application(resource.app_id);
    let mut roles = application
        .map(|found| &*found.app_roles)
        .unwrap_or_default()
        .iter()
        .filter(|role| role.allowed_member_types.iter().any(|allowed| allowed == member));
    let is_there = if role_id.is_nil() {
        roles.next().is_none()
    } else {
        roles.any(|role| role.id == role_id && role.is_enabled)
    };
    if is_there {
        return Ok(());
    }
    Err(GraphError::bad_request(format!(
        "Permission being assigned was not found on application '{}'.",
        resource.app_id
    )))
}

/// As Graph shows it.
fn render(directory: &Directory, assignment: &AppRoleAssignment) -> Value {
    let named = |id: Uuid| directory.service_principals.iter().find(|found| found.id == id);
    let user = directory.users.iter().find(|user| user.id == assignment.principal_id);
    let principal = named(assignment.principal_id).map(|found| &found.display_name);
    let mut object = json!(assignment);
    object["principalType"] = json!(if user.is_some() { "User" } else { "ServicePrincipal" });
    object["principalDisplayName"] = json!(user.map(|user| &user.display_name).or(principal));
    object["resourceDisplayName"] =
        json!(named(assignment.resource_id).map(|found| &found.display_name));
    object
}
