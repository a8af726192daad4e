//! `remove`: takes back what `preauthorize` gave, and nothing else.

use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Admin, AdminError, AgentRole, Identity, Step,
    admin::encoded,
    auth_settings::{AuthSettings, CLIENT_LISTS, at},
    call::Call,
    change_set::ChangeSet,
    registration::{ROLE, Registration},
};

/// What `remove` did, or would do.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Removed {
    /// The steps that were needed; none where nothing was left.
    pub steps: Vec<Step>,
    /// Those of the identities that are still in the tenant.
    pub identities: Vec<Identity>,
}

impl Admin {
    /// Shuts identities out again: takes the role `MCP.Access` from them, and takes them out of the lists. Other roles of
    /// theirs stay. With a blueprint go those of its agents that have the role only by it. An identity that is no longer in the tenant is taken out of the lists by the id that stands there.
    ///
    /// A list that would become empty names the app itself instead, since an empty one lets in everybody; and the last
    /// object id stays in its list for the same reason: its owner is shut out by the others.
    ///
    /// # Errors
    /// When nothing in the tenant and in the lists has an id, `setup` was not run, or Azure refuses.
    pub async fn remove(&self, ids: &[Uuid]) -> Result<Removed, AdminError> {
        let mut run = ChangeSet::new(self);
        let settings = self.auth_settings().await?;
        let registration = self.registration(&settings).await?;
        let (mut identities, mut named) = (Vec::new(), Vec::new());
        for id in ids {
            match self.find_identity(*id).await? {
                Some(identity) => {
                    named.extend([identity.app_id, identity.object_id].map(|id| id.to_string()));
                    for agent in self.mere_heirs(&identity, &registration).await? {
                        named.extend([agent.app_id, agent.object_id].map(|id| id.to_string()));
                    }
                    identities.push(identity);
                }
                None if is_listed(&settings, &id.to_string()) => named.push(id.to_string()),
                None => return Err(AdminError::IdentityMissing { id: *id }),
            }
        }
        let shut_out_all = |settings: &mut AuthSettings| {
            for id in &named {
                shut_out(settings, id, registration.client_id());
            }
        };
        // The lists are read anew by the platform with each request, while a token keeps its roles until it expires: a managed identity's
        // after up to a day.
        run.update_auth_settings("take them out of the lists of clients", shut_out_all).await?;
        for identity in &identities {
            run.take_role(identity, &registration).await?;
        }
        Ok(Removed { steps: run.steps, identities })
    }
}

impl Admin {
    /// The agents of a blueprint that have no other role than its.
    async fn mere_heirs(
        &self,
        blueprint: &Identity,
        registration: &Registration,
    ) -> Result<Vec<Identity>, AdminError> {
        if blueprint.agent_role != AgentRole::Blueprint {
            return Ok(Vec::new());
        }
        let role = registration.role().and_then(|role| role["id"].as_str());
        let resource = self.principal_of(registration).await?;
        let (Some(role), Some(resource)) = (role, resource) else { return Ok(Vec::new()) };
        let mut heirs = Vec::new();
        for agent in self.agents_of(blueprint).await? {
            if self.assignments_of(agent.object_id, &resource, role).await?.is_empty() {
                heirs.push(agent);
            }
        }
        Ok(heirs)
    }
}

impl ChangeSet<'_> {
    async fn take_role(
        &mut self,
        identity: &Identity,
        registration: &Registration,
    ) -> Result<(), AdminError> {
        let role = registration.role().and_then(|role| role["id"].as_str());
        let resource = self.admin.principal_of(registration).await?;
        let (Some(role), Some(resource)) = (role, resource) else { return Ok(()) };
        let held = self.admin.assignments_of(identity.object_id, &resource, role).await?;
        for assignment in held.iter().filter_map(|it| it["id"].as_str()) {
            let id = encoded(assignment);
            let path = format!("/v1.0/servicePrincipals/{resource}/appRoleAssignedTo/{id}");
            let what = format!("take the role {ROLE} from {}", identity.name);
            match self.change_tenant(what, Call::new(Method::DELETE, path, Value::Null)).await {
                // Another writer has removed it meanwhile.
                Ok(_) | Err(AdminError::Refused { status: 404, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn is_listed(settings: &AuthSettings, id: &str) -> bool {
    [at::POLICY, at::CHECKS, at::IDENTITIES].iter().any(|list| settings.names(list, id))
}

/// Takes an id out of the lists. One that would become empty names the app itself.
fn shut_out(settings: &mut AuthSettings, id: &str, own_client_id: &str) {
    for list in CLIENT_LISTS {
        let had_entries = !settings.list(list).is_empty();
        settings.take(list, id);
        if had_entries && settings.list(list).is_empty() {
            settings.add(list, own_client_id);
        }
    }
    if settings.list(at::IDENTITIES).len() > 1 {
        settings.take(at::IDENTITIES, id);
    }
}
