//! `applications`: app registrations.

mod certificates;
mod identifier_uris;
mod permissions;
mod pre_authorized;
mod properties;

pub(crate) use self::{permissions::enable_by_default, properties::check as check_properties};
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::SecondsFormat;
use http::{StatusCode, header::LOCATION};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Graph, body::Body, error::GraphError, key::Key, list::ListQuery, ownership};
use crate::{Application, Cloud, Directory, caller::Caller, directory::credential::KEYS};

const RESOURCE: &str = "Application";
const FILTERABLE: &[&str] = &["id", "appId", "displayName", "identifierUris"];
/// What a client never sets.
const READ_ONLY: &[&str] =
    &["id", "appId", "createdDateTime", "passwordCredentials", "publisherDomain"];
/// The longest name, in characters.
const LONGEST_NAME: usize = 256;

/// `GET /applications`
pub(super) async fn list(
    State(graph): State<Graph>,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let directory = graph.cloud.directory();
    let registered = directory.applications.iter().filter(|found| found.is_registered_here());
    query.page(&graph, registered.map(render), FILTERABLE)
}

/// `GET /applications/{key}`
pub(super) async fn find(
    State(graph): State<Graph>,
    key: Key,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let application = render(of(&graph, &mut graph.cloud.directory(), key)?);
    Ok(query.object(&graph, application))
}

/// `POST /applications`
pub(super) async fn create(
    State(graph): State<Graph>,
    Extension(caller): Extension<Caller>,
    query: ListQuery,
    mut body: Body,
) -> Result<Response, GraphError> {
    let mut directory = graph.cloud.directory();
    let owners = ownership::named(&mut body, &directory, &caller)?;
    let ids = (Uuid::new_v4(), Uuid::new_v4());
    let new = Application { id: ids.0, app_id: ids.1, owners, ..Application::default() };
    let defaults = json!({
        "createdDateTime": graph.cloud.now().to_rfc3339_opts(SecondsFormat::Secs, true),
        "signInAudience": "AzureADMyOrg",
        "publisherDomain": graph.cloud.options().graph.verified_domains.first(),
        "passwordCredentials": [],
        "keyCredentials": [],
    });
    let new = Application { other: defaults.as_object().cloned().unwrap_or_default(), ..new };
    let application = changed(&graph.cloud, &directory, &new, &body)?;
    let location = format!("{}/v1.0/applications/{}", graph.cloud.origin(), application.id);
    let answer = query.object(&graph, render(&application));
    graph.created(&application.id);
    directory.applications.push(application);
    Ok((StatusCode::CREATED, [(LOCATION, location)], answer).into_response())
}

/// `PATCH /applications/{key}`: a new name is its service principal's too.
pub(super) async fn update(
    State(graph): State<Graph>,
    key: Key,
    body: Body,
) -> Result<StatusCode, GraphError> {
    let mut directory = graph.cloud.directory();
    let old = of(&graph, &mut directory, key)?.clone();
    let new = changed(&graph.cloud, &directory, &old, &body)?;
    directory.name_service_principal(new.app_id, &new.display_name);
    *stored(&mut directory, key)? = new;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /applications/{key}`: its service principal goes with it.
pub(super) async fn remove(State(graph): State<Graph>, key: Key) -> Result<StatusCode, GraphError> {
    let mut directory = graph.cloud.directory();
    let (id, app_id) = of(&graph, &mut directory, key).map(|found| (found.id, found.app_id))?;
    if let Some(principal) = directory.service_principal(app_id).map(|principal| principal.id) {
        directory.remove_service_principal(principal);
    }
    directory.applications.retain(|application| application.id != id);
    Ok(StatusCode::NO_CONTENT)
}

/// The application that a path names, once it is replicated.
pub(super) fn of<'a>(
    graph: &Graph,
    directory: &'a mut Directory,
    key: Key,
) -> Result<&'a mut Application, GraphError> {
    let application = stored(directory, key)?;
    if graph.replication.finds(&application.id) { Ok(application) } else { Err(key.not_found()) }
}

fn stored(directory: &mut Directory, key: Key) -> Result<&mut Application, GraphError> {
    let mut applications = directory.applications.iter_mut();
    applications
        .find(|found| found.is_registered_here() && key.names(found.id, found.app_id))
        .ok_or_else(|| key.not_found())
}

/// As Graph shows it.
pub(super) fn render(application: &Application) -> Value {
    let mut object = json!(application);
    certificates::hide(&mut object);
    properties::default(&mut object);
    object
}

/// The application with the properties of `body` over it.
fn changed(
    cloud: &Cloud,
    directory: &Directory,
    old: &Application,
    body: &Body,
) -> Result<Application, GraphError> {
    refuse_read_only(body)?;
    properties::check(body)?;
    let Value::Object(mut object) = json!(old) else { return Ok(old.clone()) };
    body.merge_into(&mut object);
    if body.0.contains_key(KEYS) {
        certificates::complete(old, &mut object)?;
    }
    permissions::enable_by_default(&mut object);
    let new: Application = typed(object, body)?;
    let new = Application {
        secrets: old.secrets.clone(),
        certificates: old.certificates.clone(),
        federated_credentials: old.federated_credentials.clone(),
        owners: old.owners.clone(),
        is_blueprint: old.is_blueprint,
        inheritable_permissions: old.inheritable_permissions.clone(),
        ..new
    };
    check_name(&new)?;
    identifier_uris::check(cloud, directory, old, &new)?;
    permissions::check(&cloud.options().graph, old, &new)?;
    pre_authorized::check(directory, old, &new)?;
    Ok(new)
}

fn refuse_read_only(body: &Body) -> Result<(), GraphError> {
    match READ_ONLY.iter().find(|name| body.0.contains_key(**name)) {
        None => Ok(()),
        Some(name) => Err(GraphError::bad_request(format!(
            "Property '{name}' is read-only and cannot be set."
        ))),
    }
}

/// Reads an application; on failure the first property of the body that does not fit is named.
fn typed(object: Map<String, Value>, body: &Body) -> Result<Application, GraphError> {
    let culprit = || {
        let names = body.0.iter().map(|(name, value)| (name, json!({ name: value })));
        let wrong = |value: &Value| serde_json::from_value::<Application>(value.clone()).is_err();
        names.clone().find(|(_, value)| wrong(value)).map_or("api", |(name, _)| name.as_str())
    };
    serde_json::from_value(Value::Object(object))
        .map_err(|_| GraphError::invalid_value(culprit(), RESOURCE))
}

fn check_name(application: &Application) -> Result<(), GraphError> {
    let length = application.display_name.trim().chars().count();
    match length {
        0 => Err(GraphError::value_required("displayName", RESOURCE)),
        1..=LONGEST_NAME => Ok(()),
        _ => Err(GraphError::invalid_value("displayName", RESOURCE)),
    }
}
