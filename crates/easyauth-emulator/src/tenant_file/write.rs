//! A tenant as a document.

use serde_json::{Map, Value, json};

use super::TenantFile;
use crate::{Application, Directory, ServicePrincipal, Site};

/// The document of a tenant, without what has no value.
pub(super) fn document(file: &TenantFile) -> Value {
    let directory = &file.directory;
    let applications = directory.applications.iter().filter(|it| it.is_registered_here());
    let principals = directory.service_principals.iter();
    let principals = principals.filter(|it| !is_microsofts(directory, it));
    let assignments = directory.assignments.iter().map(|assignment| {
        json!({
            "id": assignment.id,
            "principal": assignment.principal_id,
            "resource": assignment.resource_id,
            "role": assignment.app_role_id,
        })
    });
    let document = json!({
        "tenantId": directory.tenant_id,
        "users": directory.users,
        "applications": applications.map(|it| application(directory, it)).collect::<Vec<_>>(),
        "servicePrincipals": principals.map(service_principal).collect::<Vec<_>>(),
        "appRoleAssignments": assignments.collect::<Vec<_>>(),
        "sites": file.sites.iter().map(site).collect::<Vec<_>>(),
    });
    without_nothing(document).unwrap_or_default()
}

fn is_microsofts(directory: &Directory, principal: &ServicePrincipal) -> bool {
    let application = directory.application(principal.app_id);
    application.is_some_and(|application| !application.is_registered_here())
}

fn application(directory: &Directory, application: &Application) -> Value {
    let mut object = json!(application);
    object["secrets"] = json!(application.secrets);
    object["certificates"] = json!(application.certificates);
    object["federatedIdentityCredentials"] = json!(application.federated_credentials);
    object["owners"] = json!(application.owners);
    object["inheritablePermissions"] = json!(application.inheritable_permissions);
    if application.is_blueprint {
        object["agentIdentityBlueprint"] = json!(true);
    }
    if directory.service_principal(application.app_id).is_none() {
        object["servicePrincipal"] = json!(false);
    }
    object
}

fn service_principal(principal: &ServicePrincipal) -> Value {
    let mut object = json!(principal);
    object["owners"] = json!(principal.owners);
    object
}

fn site(site: &Site) -> Value {
    json!({
        "name": site.name,
        "id": site.id,
        "appSettings": site.app_settings,
        "authSettings": site.auth_settings,
    })
}

/// Leaves out nulls and empty collections; TOML has no nulls.
fn without_nothing(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(items) => {
            let items: Vec<_> = items.into_iter().filter_map(without_nothing).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Value::Object(members) => {
            let members = members.into_iter();
            let members = members.filter_map(|(name, value)| Some((name, without_nothing(value)?)));
            let members: Map<String, Value> = members.collect();
            (!members.is_empty()).then_some(Value::Object(members))
        }
        value => Some(value),
    }
}
