//! `inheritablePermissions` of an agent identity blueprint: what its agent identities inherit. Sources:
//! <https://learn.microsoft.com/graph/api/agentidentityblueprint-post-inheritablepermissions> and
//! <https://learn.microsoft.com/entra/agent-id/configure-inheritable-permissions-blueprints> (read 2026-11-29).

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::{Graph, application, body::Body, error::GraphError, key::Key, list::ListQuery};
use crate::{Application, Directory, InheritablePermission};

const RESOURCE: &str = "InheritablePermission";
const KNOWN: &[&str] = &["resourceAppId", "inheritableScopes", "inheritableRoles"];

/// `GET …/inheritablePermissions`
pub(super) async fn list(
    State(graph): State<Graph>,
    key: Key,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let mut directory = graph.cloud.directory();
    let blueprint = blueprint(&graph, &mut directory, key)?;
    query.page(&graph, blueprint.inheritable_permissions.iter().map(|it| json!(it)), &[])
}

/// `POST …/inheritablePermissions`
pub(super) async fn create(
    State(graph): State<Graph>,
    key: Key,
    query: ListQuery,
    body: Body,
) -> Result<Response, GraphError> {
    let mut directory = graph.cloud.directory();
    let blueprint = blueprint(&graph, &mut directory, key)?;
    let resource_app_id = body.required("resourceAppId", RESOURCE)?;
    let new = changed(&InheritablePermission { resource_app_id, ..Default::default() }, &body)?;
    if blueprint.inheritable_permissions.iter().any(|it| it.resource_app_id == resource_app_id) {
        let message = format!("InheritablePermission {resource_app_id} already exists.");
        return Err(GraphError::conflict(message));
    }
    let answer = query.object(&graph, json!(new));
    blueprint.inheritable_permissions.push(new);
    Ok((StatusCode::CREATED, answer).into_response())
}

/// `PATCH …/inheritablePermissions/{resourceAppId}`
pub(super) async fn update(
    State(graph): State<Graph>,
    key: Key,
    Path((_, resource)): Path<(String, Uuid)>,
    body: Body,
) -> Result<StatusCode, GraphError> {
    let mut directory = graph.cloud.directory();
    let blueprint = blueprint(&graph, &mut directory, key)?;
    let at = position(blueprint, resource)?;
    let changed = changed(&blueprint.inheritable_permissions[at], &body)?;
    blueprint.inheritable_permissions[at] = changed;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE …/inheritablePermissions/{resourceAppId}`
pub(super) async fn remove(
    State(graph): State<Graph>,
    key: Key,
    Path((_, resource)): Path<(String, Uuid)>,
) -> Result<StatusCode, GraphError> {
    let mut directory = graph.cloud.directory();
    let blueprint = blueprint(&graph, &mut directory, key)?;
    blueprint.inheritable_permissions.remove(position(blueprint, resource)?);
    Ok(StatusCode::NO_CONTENT)
}

fn blueprint<'a>(
    graph: &Graph,
    directory: &'a mut Directory,
    key: Key,
) -> Result<&'a mut Application, GraphError> {
    let application = application::of(graph, directory, key)?;
    if application.is_blueprint { Ok(application) } else { Err(key.not_found()) }
}

fn position(blueprint: &Application, resource: Uuid) -> Result<usize, GraphError> {
    let mut all = blueprint.inheritable_permissions.iter();
    all.position(|it| it.resource_app_id == resource).ok_or_else(|| GraphError::not_found(resource))
}

fn changed(old: &InheritablePermission, body: &Body) -> Result<InheritablePermission, GraphError> {
    body.check_names(KNOWN, RESOURCE)?;
    let scopes = body.get("inheritableScopes", RESOURCE)?;
    let roles = body.get("inheritableRoles", RESOURCE)?;
    Ok(InheritablePermission {
        inheritable_scopes: scopes.unwrap_or(old.inheritable_scopes),
        inheritable_roles: roles.unwrap_or(old.inheritable_roles),
        ..old.clone()
    })
}
