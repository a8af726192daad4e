//! `owners` of an application or a service principal.

use axum::{
    extract::{Path, State},
    response::Response,
};
use http::{StatusCode, Uri};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Graph, application,
    body::Body,
    error::GraphError,
    key::Key,
    list::ListQuery,
    ownership::{RESOURCE, referenced},
};
use crate::Directory;

const FILTERABLE: &[&str] = &["id", "displayName"];

/// Which collection a path is below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Applications,
    ServicePrincipals,
}

impl Set {
    fn of(uri: &Uri) -> Self {
        if uri.path().starts_with("/applications") {
            Self::Applications
        } else {
            Self::ServicePrincipals
        }
    }

    /// The owners of the object that the path names.
    fn owners<'a>(
        self,
        graph: &Graph,
        directory: &'a mut Directory,
        key: Key,
    ) -> Result<&'a mut Vec<Uuid>, GraphError> {
        if self == Self::Applications {
            return Ok(&mut application::of(graph, directory, key)?.owners);
        }
        let mut principals = directory.service_principals.iter_mut();
        let found = principals.find(|found| key.names(found.id, found.app_id));
        Ok(&mut found.ok_or_else(|| key.not_found())?.owners)
    }
}

/// `GET …/{key}/owners`
pub(super) async fn list(
    State(graph): State<Graph>,
    uri: Uri,
    key: Key,
    query: ListQuery,
) -> Result<Response, GraphError> {
    let mut directory = graph.cloud.directory();
    let owners = Set::of(&uri).owners(&graph, &mut directory, key)?.clone();
    query.page(&graph, owners.into_iter().map(|id| render(&directory, id)), FILTERABLE)
}

/// `POST …/{key}/owners/$ref`
pub(super) async fn add(
    State(graph): State<Graph>,
    uri: Uri,
    key: Key,
    body: Body,
) -> Result<StatusCode, GraphError> {
    body.check_names(&[], RESOURCE)?;
    let mut directory = graph.cloud.directory();
    let id = referenced(&directory, &body.required::<String>("@odata.id", RESOURCE)?)?;
    let owners = Set::of(&uri).owners(&graph, &mut directory, key)?;
    if owners.contains(&id) {
        let message = "One or more added object references already exist for the following modified properties: 'owners'.";
        return Err(GraphError::bad_request(message));
    }
    owners.push(id);
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE …/{key}/owners/{id}/$ref`
pub(super) async fn remove(
    State(graph): State<Graph>,
    uri: Uri,
    key: Key,
    Path((_, id)): Path<(String, Uuid)>,
) -> Result<StatusCode, GraphError> {
    let mut directory = graph.cloud.directory();
    let owners = Set::of(&uri).owners(&graph, &mut directory, key)?;
    let at = owners.iter().position(|owner| *owner == id);
    owners.remove(at.ok_or_else(|| GraphError::not_found(id))?);
    Ok(StatusCode::NO_CONTENT)
}

fn render(directory: &Directory, id: Uuid) -> Value {
    if let Some(user) = directory.users.iter().find(|user| user.id == id) {
        let mut object = json!(user);
        object["@odata.type"] = json!("#microsoft.graph.user");
        return object;
    }
    let principal = directory.service_principals.iter().find(|principal| principal.id == id);
    let mut object = principal.map_or_else(|| json!({ "id": id }), |principal| json!(principal));
    object["@odata.type"] = json!("#microsoft.graph.servicePrincipal");
    object
}
