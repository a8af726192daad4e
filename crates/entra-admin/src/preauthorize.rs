//! `preauthorize`: lets identities call the tools in their own name.

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    Admin, AdminError, AgentRole, Identity, Step,
    auth_settings::{AuthSettings, CLIENT_LISTS, at},
    call::Call,
    change_set::ChangeSet,
    registration::ROLE,
};

/// What `preauthorize` did, or would do.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Preauthorized {
    /// The steps that were needed; none where all was done.
    pub steps: Vec<Step>,
    /// The allowed identities, in the order of the ids, then the agents of blueprints among them.
    pub identities: Vec<Identity>,
}

impl Admin {
    /// Allows service principals of any type, each given by its object id or application id: gives them the role
    /// `MCP.Access`, and puts them into both lists of client applications (and into that of object ids, if it is used).
    /// All are looked up before anything is changed. An agent that inherits the role is not given it again.
    ///
    /// Of an agent identity blueprint the agents are allowed that it has now: they inherit the role, but the lists name each
    /// by its own id. The blueprint itself makes no calls.
    ///
    /// # Errors
    /// When an id is not that of a service principal, `setup` was not run, or Azure refuses.
    pub async fn preauthorize(&self, ids: &[Uuid]) -> Result<Preauthorized, AdminError> {
        let mut run = ChangeSet::new(self);
        let registration = self.registration(&self.auth_settings().await?).await?;
        let role = registration.usable_role().ok_or(AdminError::RoleMissing)?;
        let mut identities = Vec::new();
        for id in ids {
            identities.push(self.identity(*id).await?);
        }
        let resource = self.principal_of(&registration).await?;
        let is_new = resource.is_none();
        let resource = match resource {
            Some(resource) => resource,
            None => run.ensure_principal(&registration).await?,
        };
        let mut agents = Vec::new();
        for identity in &identities {
            let has_role = !is_new
                && (!self.assignments_of(identity.object_id, &resource, role).await?.is_empty()
                    || self.inherits_role(identity, &registration, &resource, role).await?);
            if !has_role {
                run.give_role(identity, &resource, role).await?;
            }
            if identity.agent_role == AgentRole::Blueprint {
                run.let_agents_inherit(identity, &registration).await?;
                agents.extend(self.agents_of(identity).await?);
            }
        }
        agents.retain(|agent| !identities.contains(agent));
        identities.extend(agents);
        let admit_all = |settings: &mut AuthSettings| {
            settings.shut_empty_lists(registration.client_id());
            for identity in identities.iter().filter(|it| it.agent_role != AgentRole::Blueprint) {
                admit(settings, identity);
            }
        };
        run.update_auth_settings("put them into the lists of clients", admit_all).await?;
        Ok(Preauthorized { steps: run.steps, identities })
    }
}

impl ChangeSet<'_> {
    async fn give_role(
        &mut self,
        identity: &Identity,
        resource: &str,
        role: &str,
    ) -> Result<(), AdminError> {
        let body = json!({
            "principalId": identity.object_id,
            "resourceId": resource,
            "appRoleId": role,
        });
        let path = format!("/v1.0/servicePrincipals/{resource}/appRoleAssignedTo");
        let call = Call::new(Method::POST, path, body).about_new();
        match self.change_tenant(format!("give {} the role {ROLE}", identity.name), call).await {
            // A replica that does not have the assignment yet made us ask again.
            Err(AdminError::Duplicate { message })
                if message.contains("Permission being assigned already exists") =>
            {
                Ok(())
            }
            answer => answer.map(drop),
        }
    }
}

fn admit(settings: &mut AuthSettings, identity: &Identity) {
    for list in CLIENT_LISTS {
        settings.add(list, &identity.app_id.to_string());
    }
    if !settings.list(at::IDENTITIES).is_empty() {
        settings.add(at::IDENTITIES, &identity.object_id.to_string());
    }
}
