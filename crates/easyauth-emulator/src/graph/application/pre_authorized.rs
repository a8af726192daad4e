//! `api.preAuthorizedApplications`: clients that need no consent to delegated scopes.

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use uuid::{Uuid, uuid};

use super::RESOURCE;
use crate::{Application, Directory, graph::error::GraphError};

const PROPERTY: &str = "api.preAuthorizedApplications";
/// Applications of Microsoft's that everybody may name: the Azure CLI, Azure PowerShell, Visual Studio Code.
const EVERYWHERE: [Uuid; 3] = [
    uuid!("04b07795-8ddb-461a-bbee-02f9e1bf7b46"),
    uuid!("1950a258-227b-4e31-a9cf-717495945fc2"),
    uuid!("aebc6443-996d-45c2-90f0-388ff96faa56"),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Client {
    app_id: Uuid,
    #[serde(default, alias = "permissionIds")]
    delegated_permission_ids: Vec<Uuid>,
}

/// Checks the clients, when they were changed, against the scopes that were there before the request: Graph does not see those that come with it.
pub(super) fn check(
    directory: &Directory,
    old: &Application,
    new: &Application,
) -> Result<(), GraphError> {
    let clients = &new.api.pre_authorized_applications;
    if *clients == old.api.pre_authorized_applications {
        return Ok(());
    }
    let clients: Vec<Client> = serde_json::from_value(Value::Array(clients.clone()))
        .map_err(|_| GraphError::invalid_value(PROPERTY, RESOURCE))?;
    for (at, client) in clients.iter().enumerate() {
        if clients[..at].iter().any(|other| other.app_id == client.app_id) {
            let message = "Request contains a property with duplicate values.";
            return Err(GraphError::bad_request(message).detail("DuplicateValue", PROPERTY));
        }
        check_client(directory, client.app_id)?;
        check_scopes(old, client)?;
    }
    Ok(())
}

/// Managed and agent identities have no application behind them, so they cannot be named.
fn check_client(directory: &Directory, app_id: Uuid) -> Result<(), GraphError> {
    let principal = directory.service_principal(app_id);
    let is_application = match principal {
        Some(principal) => principal.service_principal_type == "Application",
        None => directory.application(app_id).is_some() || EVERYWHERE.contains(&app_id),
    };
    if is_application {
        return Ok(());
    }
    let message = format!(
        "Property PreAuthorizedApplication references applications {app_id} that cannot be found."
    );
    let error = GraphError::new(StatusCode::BAD_REQUEST, "InvalidAppId", message);
    Err(error.detail("InvalidAppId", PROPERTY))
}

fn check_scopes(old: &Application, client: &Client) -> Result<(), GraphError> {
    let scopes = &old.api.oauth2_permission_scopes;
    let is_scope = |id: &Uuid| scopes.iter().any(|scope| scope.id == *id);
    if client.delegated_permission_ids.iter().all(is_scope) {
        return Ok(());
    }
    let message = "Property api.preAuthorizedApplications.delegatedPermissionIds has a Permission Id that cannot be found in the AppPermissions sets.";
    let error = GraphError::new(StatusCode::BAD_REQUEST, "InvalidValue", message);
    Err(error.detail("InvalidValue", "api.preAuthorizedApplications.delegatedPermissionIds"))
}
