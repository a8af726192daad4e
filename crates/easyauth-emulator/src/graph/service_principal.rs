//! `servicePrincipals`: what acts in the tenant.

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::LOCATION};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Graph,
    body::{Body, check_names},
    error::GraphError,
    key::Key,
    list::ListQuery,
    ownership,
};
use crate::{Application, Directory, ServicePrincipal, caller::Caller};

const RESOURCE: &str = "ServicePrincipal";
const FILTERABLE: &[&str] =
    &["id", "appId", "displayName", "servicePrincipalNames", "servicePrincipalType"];
/// What a client never sets, or what belongs to the application.
const READ_ONLY: &[&str] =
    &["id", "appId", "displayName", "servicePrincipalType", "appRoles", "oauth2PermissionScopes"];

/// What a client may set: what the emulator implements, or keeps as a description.
const KNOWN: &[&str] = &[
    "accountEnabled",
    "alternativeNames",
    "appRoleAssignmentRequired",
    "description",
    "notes",
    "tags",
];

/// Refuses properties besides those that a client may set, and those that the directory itself sets.
pub(super) fn check_properties(object: &Map<String, Value>) -> Result<(), GraphError> {
    let own = ["id", "appId", "displayName", "servicePrincipalType", "agentIdentityBlueprintId"];
    check_names(object, &[KNOWN, &own].concat(), RESOURCE)
}

/// `GET /servicePrincipals`
pub(super) async fn list(
    State(graph): State<Graph>,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let directory = graph.cloud.directory();
    let principals = directory.service_principals.iter();
    query.page(&graph, principals.map(|found| render(&directory, found)), FILTERABLE)
}

/// `GET /servicePrincipals/microsoft.graph.agentIdentity`
pub(super) async fn agents(
    State(graph): State<Graph>,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let directory = graph.cloud.directory();
    let agents = directory.service_principals.iter().filter(|it| it.is_agent_identity());
    let filterable = [FILTERABLE, &["agentIdentityBlueprintId"]].concat();
    query.page(&graph, agents.map(|found| render(&directory, found)), &filterable)
}

/// `GET /servicePrincipals/{key}`
pub(super) async fn find(
    State(graph): State<Graph>,
    key: Key,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let directory = graph.cloud.directory();
    let principal = of(&graph, &directory, key)?;
    Ok(query.object(&graph, render(&directory, principal)))
}

/// `POST /servicePrincipals`, for an application.
pub(super) async fn create(
    State(graph): State<Graph>,
    Extension(caller): Extension<Caller>,
    query: ListQuery,
    body: Body,
) -> Result<Response, GraphError> {
    let app_id: Uuid = body.required("appId", RESOURCE)?;
    let mut directory = graph.cloud.directory();
    if directory.service_principal(app_id).is_some() {
        return Err(GraphError::conflict(format!(
            "The service principal cannot be created, updated, or restored because the service principal name {app_id} is already in use."
        )));
    }
    let application = backing(&graph, &directory, app_id)?;
    let new = ServicePrincipal {
        id: Uuid::new_v4(),
        app_id,
        display_name: application.display_name.clone(),
        service_principal_type: "Application".to_owned(),
        owners: ownership::of_new(&caller),
        ..ServicePrincipal::default()
    };
    let new = changed(&new, &without_app_id(body))?;
    let location = format!("{}/v1.0/servicePrincipals/{}", graph.cloud.origin(), new.id);
    let answer = query.object(&graph, render(&directory, &new));
    graph.created(&new.id);
    directory.service_principals.push(new);
    Ok((StatusCode::CREATED, [(LOCATION, location)], answer).into_response())
}

/// `PATCH /servicePrincipals/{key}`
pub(super) async fn update(
    State(graph): State<Graph>,
    key: Key,
    body: Body,
) -> Result<StatusCode, GraphError> {
    let mut directory = graph.cloud.directory();
    let old = of(&graph, &directory, key)?;
    let (id, new) = (old.id, changed(old, &body)?);
    if let Some(principal) = directory.service_principals.iter_mut().find(|found| found.id == id) {
        *principal = new;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /servicePrincipals/{key}`
pub(super) async fn remove(State(graph): State<Graph>, key: Key) -> Result<StatusCode, GraphError> {
    let mut directory = graph.cloud.directory();
    let id = of(&graph, &directory, key)?.id;
    directory.remove_service_principal(id);
    Ok(StatusCode::NO_CONTENT)
}

/// The service principal that a path names, once it is replicated.
pub(super) fn of<'a>(
    graph: &Graph,
    directory: &'a Directory,
    key: Key,
) -> Result<&'a ServicePrincipal, GraphError> {
    let mut principals = directory.service_principals.iter();
    principals
        .find(|found| key.names(found.id, found.app_id))
        .filter(|found| graph.replication.finds(&found.id))
        .ok_or_else(|| key.not_found())
}

/// As Graph shows it: with the roles and scopes of its application.
pub(super) fn render(directory: &Directory, principal: &ServicePrincipal) -> Value {
    let mut object = json!(principal);
    let application = directory.application(principal.app_id);
    if principal.agent_identity_blueprint_id.is_some() {
        object["@odata.type"] = json!("#microsoft.graph.agentIdentity");
    } else if application.is_some_and(|it| it.is_blueprint) {
        object["@odata.type"] = json!("#microsoft.graph.agentIdentityBlueprintPrincipal");
    }
    let uris = application.map(|found| found.identifier_uris.clone()).unwrap_or_default();
    let names = [vec![principal.app_id.to_string()], uris].concat();
    object["servicePrincipalNames"] = json!(names);
    object["appRoles"] = json!(application.map(|found| &*found.app_roles).unwrap_or_default());
    object["oauth2PermissionScopes"] =
        json!(application.map(|found| &*found.api.oauth2_permission_scopes).unwrap_or_default());
    for collection in ["keyCredentials", "passwordCredentials", "tags"] {
        if object[collection].is_null() {
            object[collection] = json!([]);
        }
    }
    if object["accountEnabled"].is_null() {
        object["accountEnabled"] = json!(true);
    }
    object["appDisplayName"] = json!(application.map(|found| &found.display_name));
    object
}

/// The application that a service principal is created for.
fn backing<'a>(
    graph: &Graph,
    directory: &'a Directory,
    app_id: Uuid,
) -> Result<&'a Application, GraphError> {
    let application = directory.application(app_id);
    application.filter(|found| graph.replication.finds(&found.id)).ok_or_else(|| {
        let message = format!(
            "The appId '{app_id}' of the service principal does not reference a valid application object."
        );
        GraphError::bad_request(message).detail("NoBackingApplicationObject", "appId")
    })
}

fn without_app_id(mut body: Body) -> Body {
    body.0.remove("appId");
    body
}

fn changed(old: &ServicePrincipal, body: &Body) -> Result<ServicePrincipal, GraphError> {
    if let Some(name) = READ_ONLY.iter().find(|name| body.0.contains_key(**name)) {
        let message = format!("Property '{name}' is read-only and cannot be set.");
        return Err(GraphError::bad_request(message));
    }
    body.check_names(KNOWN, RESOURCE)?;
    let Value::Object(mut object) = json!(old) else { return Ok(old.clone()) };
    body.merge_into(&mut object);
    let new: ServicePrincipal = serde_json::from_value(Value::Object(object))
        .map_err(|_| GraphError::invalid_value("appRoleAssignmentRequired", RESOURCE))?;
    Ok(ServicePrincipal { owners: old.owners.clone(), ..new })
}
