//! A tenant to begin with: an API, clients of every kind, and people. The ids and secrets are made up, and good nowhere else.

use serde_json::{Map, Value, json};
use uuid::{Uuid, uuid};

use crate::{
    AppRole, AppRoleAssignment, Application, Directory, InheritablePermission, Inheritance,
    InheritanceKind, PermissionScope, ServicePrincipal, Site, SiteError, User,
};

/// The tenant.
pub const TENANT_ID: Uuid = uuid!("7e4a0000-0000-4000-8000-000000000000");
/// The protected app: its role is `MCP.Access`, its scope `user_impersonation`.
pub const API: Uuid = uuid!("a9100000-0000-4000-8000-000000000001");
/// Another API of the tenant.
pub const OTHER_API: Uuid = uuid!("a9100000-0000-4000-8000-000000000002");
/// A program with a secret, which has the role.
pub const AGENT: Uuid = uuid!("c1100000-0000-4000-8000-000000000001");
/// Its secret.
pub const AGENT_SECRET: &str = "the-agents-secret";
/// A program with a secret, which has no role.
pub const ROLELESS: Uuid = uuid!("c1100000-0000-4000-8000-000000000002");
/// Its secret.
pub const ROLELESS_SECRET: &str = "the-roleless-secret";
/// A program with the role, which the app's settings do not name.
pub const UNLISTED: Uuid = uuid!("c1100000-0000-4000-8000-000000000003");
/// Its secret.
pub const UNLISTED_SECRET: &str = "the-unlisted-secret";
/// A program through which people act; it has no secret.
pub const INTERACTIVE: Uuid = uuid!("c1100000-0000-4000-8000-000000000004");
/// An agent of Foundry from before blueprints: a service principal of the type `ServiceIdentity`, which has the role.
pub const FOUNDRY_AGENT: Uuid = uuid!("c1100000-0000-4000-8000-000000000005");
/// The machine's managed identity, which has the role.
pub const MANAGED_IDENTITY: Uuid = uuid!("c1100000-0000-4000-8000-000000000006");
/// A program that may register applications and assign roles by Graph, and configure web apps by Resource Manager.
pub const OPERATOR: Uuid = uuid!("c1100000-0000-4000-8000-000000000007");
/// Its secret.
pub const OPERATOR_SECRET: &str = "the-operators-secret";
/// A person.
pub const USER: Uuid = uuid!("0e150000-0000-4000-8000-000000000001");
/// What they sign in as.
pub const USER_NAME: &str = "ada@sample.example";
/// Another person, who has the role of moderators.
pub const OTHER_USER: Uuid = uuid!("0e150000-0000-4000-8000-000000000002");

/// The blueprint of an agent of Foundry; its service principal has the role, which its agent identities inherit.
pub const BLUEPRINT: Uuid = uuid!("c1100000-0000-4000-8000-000000000010");
/// An agent identity of the blueprint.
pub const AGENT_IDENTITY: Uuid = uuid!("c1100000-0000-4000-8000-000000000011");
/// The user account of that agent identity: no person.
pub const AGENT_USER: Uuid = uuid!("0e150000-0000-4000-8000-000000000011");

/// The clients that the app's settings name.
pub const ALLOWED_CLIENTS: [Uuid; 6] =
    [AGENT, ROLELESS, INTERACTIVE, FOUNDRY_AGENT, MANAGED_IDENTITY, API];

/// The values of the app's roles; the first grants access.
const ROLES: [&str; 4] = ["MCP.Access", "MCP.Read", "MCP.Write", MODERATE_ROLE];
/// The role of people who moderate, which the other person has.
pub const MODERATE_ROLE: &str = "Reviews.Moderate";

/// The id of a role.
fn role_id(index: usize) -> Uuid {
    Uuid::from_u128(0x1013_0000_0000_4000_8000_0000_0000_0000 + index as u128)
}

/// The object id of an application's service principal.
#[must_use]
pub const fn object_id(app_id: Uuid) -> Uuid {
    Uuid::from_u128(app_id.as_u128() ^ (0xff << 64))
}

impl Directory {
    /// The sample tenant.
    #[must_use]
    pub fn sample() -> Self {
        let mut directory = Self {
            tenant_id: TENANT_ID,
            applications: vec![
                api(),
                other_api(),
                client(AGENT, "Agent", Some(AGENT_SECRET)),
                client(ROLELESS, "Agent without the role", Some(ROLELESS_SECRET)),
                client(UNLISTED, "Agent that is not listed", Some(UNLISTED_SECRET)),
                client(INTERACTIVE, "Client for people", None),
                client(OPERATOR, "Operator", Some(OPERATOR_SECRET)),
            ],
            service_principals: Vec::new(),
            assignments: Vec::new(),
            users: vec![
                user(USER, "Ada Sample", USER_NAME),
                user(OTHER_USER, "Ben Sample", "ben@sample.example"),
            ],
        };
        let registered: Vec<_> = directory
            .applications
            .iter()
            .map(|application| {
                principal(application.app_id, &application.display_name, "Application")
            })
            .collect();
        directory.service_principals = registered;
        directory.service_principals.extend([
            principal(MANAGED_IDENTITY, "Managed identity", "ManagedIdentity"),
            principal(FOUNDRY_AGENT, "Foundry agent", "ServiceIdentity"),
        ]);
        let holders = [AGENT, UNLISTED, FOUNDRY_AGENT, MANAGED_IDENTITY];
        directory.assignments.extend(holders.map(assignment));
        directory.assignments.push(AppRoleAssignment {
            id: "sample-moderator".to_owned(),
            principal_id: OTHER_USER,
            resource_id: object_id(API),
            app_role_id: role_id(ROLES.len() - 1),
        });
        directory
            .with_microsoft_apis()
            .with_graph_role(object_id(OPERATOR), "Application.ReadWrite.All")
            .with_graph_role(object_id(OPERATOR), "AppRoleAssignment.ReadWrite.All")
    }

    /// The sample tenant with a blueprint, an agent identity that inherits the role, and that agent's user account.
    #[must_use]
    pub fn sample_with_agents() -> Self {
        let mut directory = Self::sample();
        directory.applications.push(blueprint());
        directory.service_principals.extend([
            principal(BLUEPRINT, "Agent identity blueprint", "Application"),
            ServicePrincipal {
                agent_identity_blueprint_id: Some(BLUEPRINT),
                ..principal(AGENT_IDENTITY, "Agent identity", "ServiceIdentity")
            },
        ]);
        directory.assignments.push(assignment(BLUEPRINT));
        directory.users.push(User {
            identity_parent_id: Some(object_id(AGENT_IDENTITY)),
            ..user(AGENT_USER, "Agent's user account", "agent@sample.example")
        });
        directory
    }
}

/// The assignment of the role that grants access.
fn assignment(holder: Uuid) -> AppRoleAssignment {
    AppRoleAssignment {
        id: format!("sample-{holder}"),
        principal_id: object_id(holder),
        resource_id: object_id(API),
        app_role_id: role_id(0),
    }
}

fn api() -> Application {
    let mut api = client(API, "Protected app", None);
    api.identifier_uris = vec![format!("api://{API}")];
    api.app_roles = ROLES.iter().enumerate().map(|(index, value)| role(index, value)).collect();
    api.api.oauth2_permission_scopes = vec![PermissionScope {
        id: Uuid::from_u128(0x5c0b_0000_0000_4000_8000_0000_0000_0000),
        value: "user_impersonation".to_owned(),
        is_enabled: true,
        other: object(json!({"type": "User"})),
    }];
    // The gateway signs people in as the app.
    let origins =
        ["http://127.0.0.1", "http://localhost", "https://127.0.0.1", "https://localhost"];
    let callbacks = origins.map(|origin| format!("{origin}/.auth/login/aad/callback"));
    api.other = object(json!({"web": {"redirectUris": callbacks}}));
    api
}

fn other_api() -> Application {
    let mut api = client(OTHER_API, "Another API", None);
    api.identifier_uris = vec![format!("api://{OTHER_API}")];
    api
}

fn blueprint() -> Application {
    let inherited = InheritablePermission {
        resource_app_id: API,
        inheritable_roles: Inheritance { kind: InheritanceKind::AllAllowed },
        ..InheritablePermission::default()
    };
    Application {
        is_blueprint: true,
        inheritable_permissions: vec![inherited],
        ..client(BLUEPRINT, "Agent identity blueprint", None)
    }
}

fn client(app_id: Uuid, name: &str, secret: Option<&str>) -> Application {
    // The last one is where Microsoft's libraries listen.
    let redirects = ["http://127.0.0.1/callback", "http://localhost/callback", "http://localhost"];
    Application {
        id: Uuid::from_u128(app_id.as_u128() ^ (0xab << 64)),
        app_id,
        display_name: name.to_owned(),
        secrets: secret.map(str::to_owned).into_iter().collect(),
        other: object(json!({"publicClient": {"redirectUris": redirects}})),
        ..Application::default()
    }
}

fn role(index: usize, value: &str) -> AppRole {
    AppRole {
        id: role_id(index),
        value: value.to_owned(),
        allowed_member_types: vec!["Application".to_owned(), "User".to_owned()],
        is_enabled: true,
        other: object(json!({"displayName": value, "description": value})),
    }
}

fn principal(app_id: Uuid, name: &str, kind: &str) -> ServicePrincipal {
    ServicePrincipal {
        id: object_id(app_id),
        app_id,
        display_name: name.to_owned(),
        service_principal_type: kind.to_owned(),
        ..ServicePrincipal::default()
    }
}

fn user(id: Uuid, display_name: &str, name: &str) -> User {
    User {
        id,
        display_name: display_name.to_owned(),
        user_principal_name: name.to_owned(),
        ..User::default()
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Settings of authentication for an MCP server, as the Bicep files of this repository deploy them: a template for [`Site::from_template`].
pub const AUTH_SETTINGS: &str = include_str!("sample/auth_settings.json");

/// The protected app as a site, with settings from a template, and its metadata on.
///
/// # Errors
/// When the template makes no settings that the platform would take.
pub fn site(name: &str, template: &str) -> Result<Site, SiteError> {
    let mut site = Site::from_template(name, template, TENANT_ID, API, &ALLOWED_CLIENTS)?;
    let scope = format!("api://{API}/user_impersonation");
    site.app_settings.insert("WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES".to_owned(), scope);
    Ok(site)
}
