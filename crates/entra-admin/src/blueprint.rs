//! Agent identity blueprints: the roles that their agents inherit, and those agents. Inherited roles do not show among the
//! assignments of an agent. Source: <https://learn.microsoft.com/entra/agent-id/configure-inheritable-permissions-blueprints>
//! (read 2026-11-29).

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Admin, AdminError, Identity, admin::encoded, call::Call, change_set::ChangeSet,
    identity::AgentRole, registration::Registration,
};

impl Admin {
    /// The agent identities of a blueprint.
    pub(crate) async fn agents_of(
        &self,
        blueprint: &Identity,
    ) -> Result<Vec<Identity>, AdminError> {
        let filter = encoded(&format!("agentIdentityBlueprintId eq '{}'", blueprint.app_id));
        let path =
            format!("/v1.0/servicePrincipals/microsoft.graph.agentIdentity?$filter={filter}");
        Ok(self.collection(&path).await?.iter().filter_map(Identity::read).collect())
    }

    /// Whether the agents of a blueprint inherit its roles of a registration.
    pub(crate) async fn are_roles_inherited(
        &self,
        blueprint: Uuid,
        registration: &Registration,
    ) -> Result<bool, AdminError> {
        let entry = self.inheritable_permission(blueprint, registration).await?;
        Ok(entry.is_some_and(|it| it["inheritableRoles"]["kind"] == "allAllowed"))
    }

    /// Whether an identity is an agent whose blueprint gives it the role of a registration.
    pub(crate) async fn inherits_role(
        &self,
        identity: &Identity,
        registration: &Registration,
        resource: &str,
        role: &str,
    ) -> Result<bool, AdminError> {
        let AgentRole::Agent(Some(blueprint)) = identity.agent_role else { return Ok(false) };
        let Some(principal) = self.find_identity(blueprint).await? else { return Ok(false) };
        Ok(!self.assignments_of(principal.object_id, resource, role).await?.is_empty()
            && self.are_roles_inherited(blueprint, registration).await?)
    }

    /// What a blueprint says of a registration; nothing of a blueprint that is registered in another tenant.
    async fn inheritable_permission(
        &self,
        blueprint: Uuid,
        registration: &Registration,
    ) -> Result<Option<Value>, AdminError> {
        let all = self.find(&inheritable(blueprint)).await?.unwrap_or_default();
        let mut all = all["value"].as_array().into_iter().flatten();
        let is_ours = |it: &&Value| {
            let resource = it["resourceAppId"].as_str();
            resource.is_some_and(|id| id.eq_ignore_ascii_case(registration.client_id()))
        };
        Ok(all.find(is_ours).cloned())
    }
}

impl ChangeSet<'_> {
    /// Lets the agents of a blueprint inherit its roles of a registration.
    pub(crate) async fn let_agents_inherit(
        &mut self,
        blueprint: &Identity,
        registration: &Registration,
    ) -> Result<(), AdminError> {
        let entry = self.admin.inheritable_permission(blueprint.app_id, registration).await?;
        let path = inheritable(blueprint.app_id);
        let roles =
            json!({ "@odata.type": "#microsoft.graph.allAllowedRoles", "kind": "allAllowed" });
        let call = match entry {
            Some(entry) if entry["inheritableRoles"]["kind"] == "allAllowed" => return Ok(()),
            Some(_) => {
                let path = format!("{path}/{}", registration.client_id());
                Call::new(Method::PATCH, path, json!({ "inheritableRoles": roles }))
            }
            None => {
                let scopes = json!({ "@odata.type": "#microsoft.graph.noScopes", "kind": "none" });
                let body = json!({
                    "resourceAppId": registration.client_id(),
                    "inheritableScopes": scopes,
                    "inheritableRoles": roles,
                });
                Call::new(Method::POST, path, body)
            }
        };
        let what = format!("let the agents of {} inherit its roles", blueprint.name);
        self.change_tenant(what, call).await.map(drop)
    }
}

fn inheritable(blueprint: Uuid) -> String {
    format!(
        "/v1.0/applications(appId='{blueprint}')/microsoft.graph.agentIdentityBlueprint/inheritablePermissions"
    )
}
