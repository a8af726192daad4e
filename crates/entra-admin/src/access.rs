//! `list`: the allowed callers, and the callers with an incomplete permission.

use std::fmt;

use uuid::Uuid;

use crate::{
    Admin, AdminError, AgentRole, Identity,
    auth_settings::{AuthSettings, CLIENT_LISTS, at},
    printable::printable,
    registration::{ROLE, Registration},
};

/// A caller that has the role or is in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Access {
    /// The application id, as in tokens and lists; an entry of a list may be no id.
    pub app_id: String,
    /// The identity; `None` if the tenant has none with that id.
    pub identity: Option<Identity>,
    /// Whether it is the app's own registration, as which people sign in at the browser.
    pub is_the_app: bool,
    /// The client id of the blueprint whose role it inherits; `None` if the role is its own, or it has none.
    pub inherits_from: Option<Uuid>,
    /// The grants that it lacks to call in its own name; empty if it may.
    pub missing_grants: Vec<MissingGrant>,
}

/// A grant that a caller lacks to call in its own name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingGrant {
    /// A service principal: the tenant has none with that id.
    Principal,
    /// The app role. Without it a program may still call for people.
    Role,
    /// A place in `defaultAuthorizationPolicy.allowedApplications`.
    AllowedApplications,
    /// A place in `jwtClaimChecks.allowedClientApplications`.
    AllowedClientApplications,
    /// A place in `allowedPrincipals.identities`, which is in use.
    AllowedPrincipals,
    /// `accountEnabled`: a disabled service principal gets no token.
    Enabled,
}

impl fmt::Display for MissingGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal => f.write_str("a service principal in the tenant"),
            Self::Role => write!(f, "the role {ROLE}"),
            Self::AllowedApplications => {
                f.write_str("a place in defaultAuthorizationPolicy.allowedApplications")
            }
            Self::AllowedClientApplications => {
                f.write_str("a place in jwtClaimChecks.allowedClientApplications")
            }
            Self::AllowedPrincipals => f.write_str("a place in allowedPrincipals.identities"),
            Self::Enabled => f.write_str("an enabled service principal (accountEnabled)"),
        }
    }
}

impl Access {
    /// Whether it may call in its own name.
    #[must_use]
    pub fn may_call(&self) -> bool {
        self.missing_grants.is_empty()
    }
}

impl Admin {
    /// All callers with the role, in the order of the tenant, then the other entries of the lists of clients.
    ///
    /// # Errors
    /// When `setup` was not run, or Azure refuses.
    pub async fn list(&self) -> Result<Vec<Access>, AdminError> {
        let settings = self.auth_settings().await?;
        let registration = self.registration(&settings).await?;
        self.access(&settings, &registration).await
    }

    pub(crate) async fn access(
        &self,
        settings: &AuthSettings,
        registration: &Registration,
    ) -> Result<Vec<Access>, AdminError> {
        let mut all = Vec::new();
        for RoleHolder { identity, inherits_from } in self.role_holders(registration).await? {
            let access = Access::of(settings, registration, identity, true);
            all.push(Access { inherits_from, ..access });
        }
        for client in CLIENT_LISTS.iter().flat_map(|list| settings.list(list)) {
            if all.iter().any(|it| it.app_id.eq_ignore_ascii_case(client)) {
                continue;
            }
            let identity = match client.parse() {
                Ok(id) => self.find_identity(id).await?.filter(|it| it.app_id == id),
                Err(_) => None,
            };
            all.push(match identity {
                Some(identity) => Access::of(settings, registration, identity, false),
                None => Access::of_nobody(client),
            });
        }
        Ok(all)
    }

    /// The service principals with the role: those to which it is assigned, then those that inherit it.
    pub(crate) async fn role_holders(
        &self,
        registration: &Registration,
    ) -> Result<Vec<RoleHolder>, AdminError> {
        let Some(resource) = self.principal_of(registration).await? else { return Ok(Vec::new()) };
        let Some(role) = registration.usable_role() else { return Ok(Vec::new()) };
        let path = format!("/v1.0/servicePrincipals/{resource}/appRoleAssignedTo");
        let mut holders = Vec::new();
        for assignment in self.collection(&path).await? {
            let is_ours = assignment["appRoleId"] == role
                && assignment["principalType"] == "ServicePrincipal";
            let id = assignment["principalId"].as_str().and_then(|id| id.parse().ok());
            if let Some(id) = id.filter(|_| is_ours) {
                let identity = self.find_identity(id).await?;
                holders
                    .extend(identity.map(|identity| RoleHolder { identity, inherits_from: None }));
            }
        }
        self.add_heirs(&mut holders, registration).await?;
        Ok(holders)
    }

    /// Adds the agents that inherit the role from one of the holders.
    async fn add_heirs(
        &self,
        holders: &mut Vec<RoleHolder>,
        registration: &Registration,
    ) -> Result<(), AdminError> {
        let blueprints = holders.iter().map(|it| it.identity.clone());
        let blueprints = blueprints.filter(|it| it.agent_role == AgentRole::Blueprint);
        for blueprint in blueprints.collect::<Vec<_>>() {
            if !self.are_roles_inherited(blueprint.app_id, registration).await? {
                continue;
            }
            for identity in self.agents_of(&blueprint).await? {
                if holders.iter().all(|it| it.identity != identity) {
                    let inherits_from = Some(blueprint.app_id);
                    holders.push(RoleHolder { identity, inherits_from });
                }
            }
        }
        Ok(())
    }
}

/// A service principal with the role.
#[derive(Debug, Clone)]
pub(crate) struct RoleHolder {
    pub(crate) identity: Identity,
    /// The client id of the blueprint that gives it; `None` of one to which the role is assigned.
    inherits_from: Option<Uuid>,
}

impl Access {
    fn of(
        settings: &AuthSettings,
        registration: &Registration,
        identity: Identity,
        has_role: bool,
    ) -> Self {
        let app_id = identity.app_id.to_string();
        // An empty list excludes no client.
        let keeps_out =
            |list: &str, id: &str| !settings.list(list).is_empty() && !settings.names(list, id);
        let object_id = identity.object_id.to_string();
        let missing_grants = [
            (!identity.is_enabled, MissingGrant::Enabled),
            (!has_role, MissingGrant::Role),
            (keeps_out(at::POLICY, &app_id), MissingGrant::AllowedApplications),
            (keeps_out(at::CHECKS, &app_id), MissingGrant::AllowedClientApplications),
            (keeps_out(at::IDENTITIES, &object_id), MissingGrant::AllowedPrincipals),
        ];
        let missing_grants = missing_grants.into_iter().filter(|(is_lacking, _)| *is_lacking);
        Self {
            is_the_app: app_id.eq_ignore_ascii_case(registration.client_id()),
            app_id,
            identity: Some(identity),
            inherits_from: None,
            missing_grants: missing_grants.map(|(_, grant)| grant).collect(),
        }
    }

    fn of_nobody(client: &str) -> Self {
        Self {
            app_id: printable(client),
            identity: None,
            is_the_app: false,
            inherits_from: None,
            missing_grants: vec![MissingGrant::Principal, MissingGrant::Role],
        }
    }
}
