//! A document as a tenant: what it leaves out, and what it names.

use std::{collections::BTreeMap, fmt::Display};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{TenantFile, TenantFileError, references::References};
use crate::{
    AppRoleAssignment, Application, Directory, FederatedCredential, ServicePrincipal, Site, User,
    gateway::AuthSettings, graph, sample,
};

/// What Graph sets of an application, so that no client does.
const SET_BY_GRAPH: [&str; 3] = ["createdDateTime", "passwordCredentials", "publisherDomain"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    tenant_id: Uuid,
    #[serde(default)]
    users: Vec<User>,
    #[serde(default)]
    applications: Vec<Map<String, Value>>,
    #[serde(default)]
    service_principals: Vec<Map<String, Value>>,
    #[serde(default)]
    app_role_assignments: Vec<Assignment>,
    #[serde(default)]
    sites: Vec<SiteEntry>,
}

/// Each property but the first is an id or a name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assignment {
    id: Option<String>,
    principal: String,
    resource: String,
    role: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SiteEntry {
    name: String,
    id: Option<String>,
    #[serde(default)]
    app_settings: BTreeMap<String, String>,
    #[serde(default)]
    auth_settings: Value,
}

/// What an application keeps to itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Credentials {
    secrets: Vec<String>,
    certificates: Vec<String>,
    #[serde(rename = "federatedIdentityCredentials")]
    federated: Vec<FederatedCredential>,
    owners: Vec<Uuid>,
    service_principal: bool,
    #[serde(rename = "agentIdentityBlueprint")]
    is_blueprint: bool,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            secrets: Vec::new(),
            certificates: Vec::new(),
            federated: Vec::new(),
            owners: Vec::new(),
            service_principal: true,
            is_blueprint: false,
        }
    }
}

const CREDENTIALS: [&str; 6] = [
    "secrets",
    "certificates",
    "federatedIdentityCredentials",
    "owners",
    "servicePrincipal",
    "agentIdentityBlueprint",
];

pub(super) fn tenant(mut document: Value) -> Result<TenantFile, TenantFileError> {
    let references = References::take(&mut document);
    let document: Document = typed(document, "")?;
    let mut directory = Directory {
        tenant_id: document.tenant_id,
        applications: Vec::new(),
        service_principals: Vec::new(),
        assignments: Vec::new(),
        users: document.users.into_iter().map(user).collect(),
    };
    for object in document.service_principals {
        directory.service_principals.push(service_principal(object)?);
    }
    let mut of_applications = Vec::new();
    for object in document.applications {
        let (application, has_principal) = application(object)?;
        let is_listed = directory.service_principal(application.app_id).is_some();
        if has_principal && !is_listed {
            of_applications.push(principal_of(&application));
        }
        directory.applications.push(application);
    }
    directory = directory.with_microsoft_apis().with_visual_studio_code();
    references.resolve(&mut directory)?;
    directory.service_principals.splice(0..0, of_applications);
    for assignment in document.app_role_assignments {
        let assignment = assignment.resolve(&directory)?;
        directory.assignments.push(assignment);
    }
    let sites = document.sites.into_iter().map(site).collect::<Result<_, _>>()?;
    Ok(TenantFile { directory, sites })
}

pub(super) fn typed<T: DeserializeOwned>(value: Value, place: &str) -> Result<T, TenantFileError> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| TenantFileError::Property(format!("{place}{error}")))
}

/// An id that is the same at each start.
fn derived(kind: &str, name: &impl Display) -> Uuid {
    let digest = Sha256::digest(format!("{kind} {name}"));
    let bytes = digest.first_chunk::<16>().copied().unwrap_or_default();
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

fn or_derived(id: Uuid, kind: &str, name: &impl Display) -> Uuid {
    if id.is_nil() { derived(kind, name) } else { id }
}

fn user(user: User) -> User {
    User { id: or_derived(user.id, "user", &user.user_principal_name), ..user }
}

/// The application, and whether it has a service principal.
fn application(mut object: Map<String, Value>) -> Result<(Application, bool), TenantFileError> {
    let own = object.keys().filter(|name| CREDENTIALS.contains(&name.as_str())).cloned();
    let own: Vec<_> = own.collect();
    let credentials: Map<_, _> =
        own.iter().filter_map(|name| Some((name.clone(), object.remove(name)?))).collect();
    let credentials: Credentials = typed(Value::Object(credentials), "applications: ")?;
    let refused = graph::check_application(&object, &SET_BY_GRAPH);
    refused.map_err(|message| TenantFileError::Property(format!("applications: {message}")))?;
    graph::enable_by_default(&mut object);
    let application: Application = typed(Value::Object(object), "applications: ")?;
    if application.display_name.is_empty() {
        return Err(TenantFileError::Property("applications: displayName is missing".to_owned()));
    }
    let app_id = or_derived(application.app_id, "application", &application.display_name);
    let mut application = Application {
        app_id,
        id: or_derived(application.id, "application object", &app_id),
        secrets: credentials.secrets,
        certificates: credentials.certificates,
        federated_credentials: credentials.federated,
        owners: credentials.owners,
        is_blueprint: credentials.is_blueprint,
        ..application
    };
    for role in &mut application.app_roles {
        role.id = or_derived(role.id, "role", &format!("{app_id} {}", role.value));
        if role.allowed_member_types.is_empty() {
            role.allowed_member_types = ["Application", "User"].map(str::to_owned).into();
        }
    }
    for scope in &mut application.api.oauth2_permission_scopes {
        scope.id = or_derived(scope.id, "scope", &format!("{app_id} {}", scope.value));
    }
    Ok((application, credentials.service_principal))
}

fn principal_of(application: &Application) -> ServicePrincipal {
    ServicePrincipal {
        id: sample::object_id(application.app_id),
        app_id: application.app_id,
        display_name: application.display_name.clone(),
        service_principal_type: "Application".to_owned(),
        ..ServicePrincipal::default()
    }
}

fn service_principal(mut object: Map<String, Value>) -> Result<ServicePrincipal, TenantFileError> {
    let place = "servicePrincipals: ";
    let owners = object.remove("owners").map(|owners| typed(owners, place)).transpose()?;
    let refused = graph::check_service_principal(&object);
    refused.map_err(|message| TenantFileError::Property(format!("{place}{message}")))?;
    let principal: ServicePrincipal = typed(Value::Object(object), place)?;
    let app_id = or_derived(principal.app_id, "application", &principal.display_name);
    let kind = Some(principal.service_principal_type).filter(|kind| !kind.is_empty());
    Ok(ServicePrincipal {
        id: if principal.id.is_nil() { sample::object_id(app_id) } else { principal.id },
        app_id,
        service_principal_type: kind.unwrap_or_else(|| "Application".to_owned()),
        owners: owners.unwrap_or_default(),
        ..principal
    })
}

fn site(entry: SiteEntry) -> Result<Site, TenantFileError> {
    let auth_settings = match entry.auth_settings {
        Value::Null => json!({}),
        settings => settings,
    };
    AuthSettings::read(&auth_settings)
        .map_err(|error| TenantFileError::Property(format!("sites: authSettings.{error}")))?;
    let id = entry.id.unwrap_or_else(|| Site::id_of(&entry.name));
    let (name, app_settings) = (entry.name, entry.app_settings);
    Ok(Site { name, id, app_settings, auth_settings, restarts: 0 })
}

impl Assignment {
    fn resolve(self, directory: &Directory) -> Result<AppRoleAssignment, TenantFileError> {
        let principals = directory.service_principals.iter();
        let named = principals.filter(|it| is(&self.principal, it)).map(|it| it.id);
        let users = directory.users.iter().filter(|user| {
            self.principal == user.user_principal_name || self.principal == user.id.to_string()
        });
        let principal_id = one(
            named.chain(users.map(|user| user.id)),
            "appRoleAssignments.principal",
            &self.principal,
        )?;
        let resources = directory.service_principals.iter().filter(|it| is(&self.resource, it));
        let resource = one(resources, "appRoleAssignments.resource", &self.resource)?;
        let roles = directory.application(resource.app_id).map(|it| &*it.app_roles);
        let roles = roles.unwrap_or_default().iter();
        let roles = roles.filter(|it| it.value == self.role || it.id.to_string() == self.role);
        // Access without a role.
        let without = Some(Uuid::nil()).filter(|id| id.to_string() == self.role);
        let ids = roles.map(|role| role.id).chain(without);
        let app_role_id = one(ids, "appRoleAssignments.role", &self.role)?;
        let whole = format!("{principal_id} {} {app_role_id}", resource.id);
        let id = self.id.unwrap_or_else(|| derived("assignment", &whole).to_string());
        Ok(AppRoleAssignment { id, principal_id, resource_id: resource.id, app_role_id })
    }
}

/// Whether a text names a service principal: by an id of it, or by its name.
pub(super) fn is(text: &str, principal: &ServicePrincipal) -> bool {
    text == principal.display_name
        || text == principal.id.to_string()
        || text == principal.app_id.to_string()
}

/// The one that was found.
pub(super) fn one<T>(
    found: impl Iterator<Item = T>,
    place: &'static str,
    name: &str,
) -> Result<T, TenantFileError> {
    let mut found: Vec<_> = found.collect();
    match (found.pop(), found.len()) {
        (Some(one), 0) => Ok(one),
        (last, more) => {
            let count = more + usize::from(last.is_some());
            Err(TenantFileError::Reference { place, name: name.to_owned(), count })
        }
    }
}
