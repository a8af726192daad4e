//! Microsoft's own APIs as every tenant has them: Graph, Azure Resource Manager, and Azure's databases.

use serde_json::{Map, Value, json};
use uuid::{Uuid, uuid};

use super::{ApiApplication, AppRole, Application, Directory, PermissionScope, ServicePrincipal};
use crate::sample::object_id;

/// The tenant in which Microsoft keeps its applications.
const MICROSOFT: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";
const OWNER: &str = "appOwnerOrganizationId";

const GRAPH: Uuid = uuid!("00000003-0000-0000-c000-000000000000");
pub(crate) const GRAPH_URI: &str = "https://graph.microsoft.com";
const GRAPH_URIS: &[&str] = &[GRAPH_URI];
const GRAPH_ROLES: &[(Uuid, &str)] = &[
    (uuid!("9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"), "Application.Read.All"),
    (uuid!("1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"), "Application.ReadWrite.All"),
    (uuid!("06b708a9-e830-4db3-a914-8e69da51d44f"), "AppRoleAssignment.ReadWrite.All"),
    (uuid!("7ab1d382-f21e-4acd-a863-ba3e13f7da61"), "Directory.Read.All"),
];
const GRAPH_SCOPES: &[(Uuid, &str)] = &[
    (uuid!("c79f8feb-a9db-4090-85f9-90d820caa0eb"), "Application.Read.All"),
    (uuid!("bdfbf15f-ee85-4955-8675-146e8e5296b5"), "Application.ReadWrite.All"),
    (uuid!("84bccea3-f856-4a8a-967b-dbe0a3d53a64"), "AppRoleAssignment.ReadWrite.All"),
    (uuid!("0e263e50-5827-48a4-b97c-d940288653c7"), "Directory.AccessAsUser.All"),
    (uuid!("e1fe6dd8-ba31-4d61-89e7-88639da4683d"), "User.Read"),
];

const MANAGEMENT: Uuid = uuid!("797f4846-ba00-4fd7-ba43-dac1f8f63013");
const MANAGEMENT_URIS: &[&str] =
    &["https://management.azure.com", "https://management.core.windows.net"];
const MANAGEMENT_SCOPES: &[(Uuid, &str)] =
    &[(uuid!("41094075-9dad-400e-a0bd-54e686782033"), "user_impersonation")];

/// Azure Database for PostgreSQL and `MySQL`.
const DATABASES: Uuid = uuid!("123cd850-d9df-40bd-94d5-c9f07b7fa203");
const DATABASES_URIS: &[&str] = &["https://ossrdbms-aad.database.windows.net"];

/// Visual Studio Code, a client. Source:
/// <https://learn.microsoft.com/azure/app-service/configure-authentication-mcp-server-vscode>.
const VS_CODE: Uuid = uuid!("aebc6443-996d-45c2-90f0-388ff96faa56");
const VS_CODE_REDIRECTS: [&str; 3] =
    ["http://127.0.0.1", "http://localhost", "https://vscode.dev/redirect"];

impl Directory {
    /// Adds Microsoft Graph, Azure Resource Manager and Azure's open-source databases with their service principals, so that tokens can be had for `https://graph.microsoft.com` and `https://management.azure.com`. Their application and role ids are Microsoft's own.
    #[must_use]
    pub fn with_microsoft_apis(mut self) -> Self {
        self.add_api("Microsoft Graph", GRAPH, GRAPH_URIS, GRAPH_ROLES, GRAPH_SCOPES);
        let name = "Windows Azure Service Management API";
        self.add_api(name, MANAGEMENT, MANAGEMENT_URIS, &[], MANAGEMENT_SCOPES);
        self.add_api("Azure OSSRDBMS Database", DATABASES, DATABASES_URIS, &[], &[]);
        self
    }

    /// Adds Visual Studio Code, an application of Microsoft's with which people sign in.
    #[must_use]
    pub fn with_visual_studio_code(mut self) -> Self {
        self.add_api("Visual Studio Code", VS_CODE, &[], &[], &[]);
        let addresses = json!({ "redirectUris": VS_CODE_REDIRECTS });
        let mut applications = self.applications.iter_mut().filter(|it| it.app_id == VS_CODE);
        if let Some(editor) = applications.find(|it| !it.is_registered_here()) {
            editor.other.insert("publicClient".to_owned(), addresses);
        }
        self
    }

    /// Gives a service principal or person a role of Microsoft Graph, such as `Application.ReadWrite.All`; nothing happens where there is no such role, or no Graph.
    #[must_use]
    pub fn with_graph_role(mut self, principal_id: Uuid, role: &str) -> Self {
        let role = GRAPH_ROLES.iter().find(|(_, value)| *value == role);
        if let (Some((id, _)), Some(graph)) = (role, self.service_principal(GRAPH)) {
            let resource_id = graph.id;
            self.assign(principal_id, resource_id, *id);
        }
        self
    }

    fn add_api(
        &mut self,
        name: &str,
        app_id: Uuid,
        uris: &[&str],
        roles: &[(Uuid, &str)],
        scopes: &[(Uuid, &str)],
    ) {
        if self.application(app_id).is_some() {
            return;
        }
        let owner = Map::from_iter([(OWNER.to_owned(), json!(MICROSOFT))]);
        self.service_principals.push(ServicePrincipal {
            // The same at each start, so that a file can name it.
            id: object_id(app_id),
            app_id,
            display_name: name.to_owned(),
            service_principal_type: "Application".to_owned(),
            other: owner.clone(),
            ..ServicePrincipal::default()
        });
        self.applications.push(Application {
            id: Uuid::new_v4(),
            app_id,
            display_name: name.to_owned(),
            identifier_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
            app_roles: roles.iter().map(|(id, value)| role(*id, value)).collect(),
            api: ApiApplication {
                oauth2_permission_scopes: scopes
                    .iter()
                    .map(|(id, value)| scope(*id, value))
                    .collect(),
                ..ApiApplication::default()
            },
            other: owner,
            ..Application::default()
        });
    }
}

impl Application {
    /// Whether it is registered in this tenant, not only used there.
    pub(crate) fn is_registered_here(&self) -> bool {
        self.other.get(OWNER).and_then(Value::as_str) != Some(MICROSOFT)
    }
}

fn role(id: Uuid, value: &str) -> AppRole {
    let allowed_member_types = vec!["Application".to_owned()];
    AppRole {
        id,
        value: value.to_owned(),
        allowed_member_types,
        is_enabled: true,
        other: described(value),
    }
}

fn scope(id: Uuid, value: &str) -> PermissionScope {
    PermissionScope { id, value: value.to_owned(), is_enabled: true, other: described(value) }
}

fn described(value: &str) -> Map<String, Value> {
    Map::from_iter([("displayName".to_owned(), json!(value))])
}
