//! Agent identities, their blueprints and their user accounts. Sources:
//! <https://learn.microsoft.com/entra/agent-id/configure-inheritable-permissions-blueprints> and
//! <https://learn.microsoft.com/graph/api/resources/inheritablepermission> (read 2026-11-29).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Application, Directory, ServicePrincipal, User};

/// The type of a service principal that is an agent identity.
pub(crate) const AGENT_IDENTITY: &str = "ServiceIdentity";

/// What the agent identities of a blueprint inherit of the permissions for one API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct InheritablePermission {
    /// The client id of the API.
    pub resource_app_id: Uuid,
    /// Which of the delegated scopes. The emulator has no grants of scopes, so this has no effect.
    pub inheritable_scopes: Inheritance,
    /// Which of the app roles.
    pub inheritable_roles: Inheritance,
}

/// Which permissions are inherited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inheritance {
    /// All or none.
    pub kind: InheritanceKind,
}

/// All permissions or none. Listed scopes (`enumerated`) are not implemented.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InheritanceKind {
    /// All that the blueprint's service principal has.
    AllAllowed,
    /// None.
    #[default]
    None,
}

impl Directory {
    /// The object id of the blueprint's service principal whose roles of an API an agent identity has too.
    pub(super) fn giver_of_roles(&self, agent_id: Uuid, api: Uuid) -> Option<Uuid> {
        let mut agents = self.service_principals.iter().filter(|it| it.is_agent_identity());
        let agent = agents.find(|it| it.id == agent_id)?;
        let blueprint = self.application(agent.agent_identity_blueprint_id?)?;
        let mut inherited = blueprint.inheritable_permissions.iter();
        let inherited = inherited.find(|it| it.resource_app_id == api)?;
        let gives_roles = inherited.inheritable_roles.kind == InheritanceKind::AllAllowed;
        let principal = self.service_principal(blueprint.app_id)?;
        gives_roles.then_some(principal.id)
    }
}

impl Directory {
    /// The blueprint of an agent identity.
    pub(crate) fn blueprint(&self, agent: &ServicePrincipal) -> Option<&Application> {
        self.application(agent.agent_identity_blueprint_id?)
    }

    /// The registration of a client; of an agent identity that of its blueprint.
    pub(crate) fn registration(&self, client_id: Uuid) -> Option<&Application> {
        let agent = || self.service_principal(client_id).filter(|it| it.is_agent_identity());
        self.application(client_id).or_else(|| self.blueprint(agent()?))
    }

    /// The people of the tenant, who may sign in.
    pub(crate) fn people(&self) -> impl Iterator<Item = &User> {
        self.users.iter().filter(|user| !user.is_agent_user())
    }
}

impl ServicePrincipal {
    /// Whether it is an agent identity.
    #[must_use]
    pub fn is_agent_identity(&self) -> bool {
        self.service_principal_type == AGENT_IDENTITY
    }

    /// Whether it is switched off (`accountEnabled`), so that it gets no tokens.
    pub(crate) fn is_disabled(&self) -> bool {
        self.other.get("accountEnabled") == Some(&serde_json::json!(false))
    }
}

impl User {
    /// Whether it is the user account of an agent, which no person signs in to.
    #[must_use]
    pub fn is_agent_user(&self) -> bool {
        self.identity_parent_id.is_some()
    }
}
