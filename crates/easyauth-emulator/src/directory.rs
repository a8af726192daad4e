//! The tenant: applications, service principals, assignments and people, as Microsoft Graph names their properties.

mod agent;
mod change;
pub(crate) mod credential;
mod microsoft_apis;

pub use self::agent::{InheritablePermission, Inheritance, InheritanceKind};
pub(crate) use self::{agent::AGENT_IDENTITY, microsoft_apis::GRAPH_URI};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// The tenant's objects.
#[derive(Debug, Clone)]
pub struct Directory {
    /// The tenant's id.
    pub tenant_id: Uuid,
    /// App registrations.
    pub applications: Vec<Application>,
    /// What acts in the tenant: one for each application that may get tokens, and managed and agent identities.
    pub service_principals: Vec<ServicePrincipal>,
    /// The assignments of app roles.
    pub assignments: Vec<AppRoleAssignment>,
    /// People.
    pub users: Vec<User>,
}

/// An app registration.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Application {
    /// Its object id.
    pub id: Uuid,
    /// Its application (client) id.
    pub app_id: Uuid,
    /// Its name.
    pub display_name: String,
    /// Names of it as an audience, such as `api://<app id>`.
    pub identifier_uris: Vec<String>,
    /// Roles that it defines.
    pub app_roles: Vec<AppRole>,
    /// Its `api` properties.
    pub api: ApiApplication,
    /// Secrets; Graph never shows their text.
    #[serde(skip)]
    pub secrets: Vec<String>,
    /// Public keys (PEM) whose signed assertions prove it.
    #[serde(skip)]
    pub certificates: Vec<String>,
    /// Whose tokens prove it.
    #[serde(skip)]
    pub federated_credentials: Vec<FederatedCredential>,
    /// Object ids of its owners, who may change it without a role in the tenant.
    #[serde(skip)]
    pub owners: Vec<Uuid>,
    /// Whether it is an agent identity blueprint, from which agent identities are made.
    #[serde(skip)]
    pub is_blueprint: bool,
    /// What the agent identities of a blueprint inherit from its service principal.
    #[serde(skip)]
    pub inheritable_permissions: Vec<InheritablePermission>,
    /// All else that was set.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What an application says of itself as an API.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiApplication {
    /// 1, 2 or unset, which means 1.
    pub requested_access_token_version: Option<u8>,
    /// Scopes that it defines.
    pub oauth2_permission_scopes: Vec<PermissionScope>,
    /// Client applications that need no consent.
    pub pre_authorized_applications: Vec<Value>,
    /// All else that was set.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A role that an application defines.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppRole {
    /// Its id.
    pub id: Uuid,
    /// Its name in tokens.
    pub value: String,
    /// `Application`, `User`, or both.
    pub allowed_member_types: Vec<String>,
    /// Whether it may be used.
    pub is_enabled: bool,
    /// All else that was set.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A delegated scope that an application defines.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PermissionScope {
    /// Its id.
    pub id: Uuid,
    /// Its name in tokens.
    pub value: String,
    /// Whether it may be used.
    pub is_enabled: bool,
    /// All else that was set.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Whose tokens prove an application.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FederatedCredential {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// `iss` of the tokens.
    pub issuer: String,
    /// `sub` of the tokens.
    pub subject: String,
    /// `aud` of the tokens: `api://AzureADTokenExchange`.
    pub audiences: Vec<String>,
}

/// What acts in the tenant.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePrincipal {
    /// Its object id: the `oid` of its tokens.
    pub id: Uuid,
    /// Its application id: the `appid` or `azp` of its tokens.
    pub app_id: Uuid,
    /// Its name.
    pub display_name: String,
    /// `Application`, `ManagedIdentity` or `ServiceIdentity` (agents of Foundry).
    pub service_principal_type: String,
    /// Whether only assigned callers get tokens for it.
    pub app_role_assignment_required: bool,
    /// The client id of the blueprint of an agent identity; `None` of anything else, and of agents from before blueprints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_identity_blueprint_id: Option<Uuid>,
    /// Object ids of its owners, who may change it without a role in the tenant.
    #[serde(skip)]
    pub owners: Vec<Uuid>,
    /// All else that was set.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The assignments of app roles.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppRoleAssignment {
    /// Its id.
    pub id: String,
    /// The service principal or person that has the role.
    pub principal_id: Uuid,
    /// The service principal of the application that defines it.
    pub resource_id: Uuid,
    /// The role.
    pub app_role_id: Uuid,
}

/// A person, or the user account of an agent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    /// Their object id.
    pub id: Uuid,
    /// Their name.
    pub display_name: String,
    /// What they sign in as.
    pub user_principal_name: String,
    /// The object id of the agent identity whose user account it is; `None` of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_parent_id: Option<Uuid>,
    /// The object ids of their groups, which their tokens name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Uuid>,
}

impl Directory {
    /// The application with this client id.
    #[must_use]
    pub fn application(&self, app_id: Uuid) -> Option<&Application> {
        self.applications.iter().find(|application| application.app_id == app_id)
    }

    /// The application that an audience names: its client id, or one of its identifier URIs.
    #[must_use]
    pub fn resource(&self, audience: &str) -> Option<&Application> {
        self.applications.iter().find(|application| {
            application.app_id.to_string() == audience
                || application.identifier_uris.iter().any(|uri| uri == audience)
        })
    }

    /// The service principal of an application or identity, by its application id.
    #[must_use]
    pub fn service_principal(&self, app_id: Uuid) -> Option<&ServicePrincipal> {
        self.service_principals.iter().find(|principal| principal.app_id == app_id)
    }

    /// The values of the roles of `resource` that a principal has, by an assignment or by its blueprint's.
    #[must_use]
    pub fn roles<'a>(&self, principal_id: Uuid, resource: &'a Application) -> Vec<&'a str> {
        let Some(resource_principal) = self.service_principal(resource.app_id) else {
            return Vec::new();
        };
        let holders = [Some(principal_id), self.giver_of_roles(principal_id, resource.app_id)];
        let is_held = |role_id: Uuid| {
            self.assignments.iter().any(|assignment| {
                holders.contains(&Some(assignment.principal_id))
                    && assignment.resource_id == resource_principal.id
                    && assignment.app_role_id == role_id
            })
        };
        let held = resource.app_roles.iter().filter(|role| role.is_enabled && is_held(role.id));
        held.map(|role| role.value.as_str()).collect()
    }
}
