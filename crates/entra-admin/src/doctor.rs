//! `doctor`: the guide's troubleshooting table, gone through in order until something is wrong.

mod agents;
mod client;
mod finding;
mod sign_in;

use serde_json::Value;
use uuid::Uuid;

pub use self::finding::{Finding, Problem, Remedy};
use crate::{
    Admin, AdminError, AgentRole, AzureCloud, Exposure, Revocation,
    auth_settings::{AuthSettings, CLIENT_LISTS, at},
    printable::printable,
    registration::{METADATA_SETTING, Registration, is_for_applications},
    web_app::AppSettings,
};

impl Admin {
    /// The first thing that is wrong with the live configuration: of the registration, of the web app's authentication,
    /// and of those who are let in. `agents` are looked at as well, by their object ids or application ids, even if
    /// nothing was done for them yet.
    ///
    /// # Errors
    /// When an id is not that of a service principal, or Azure refuses; not when something is wrong.
    pub async fn doctor(&self, agents: &[Uuid]) -> Result<Option<Finding>, AdminError> {
        let settings = self.auth_settings().await?;
        let registration = match self.registration_to_examine(&settings).await? {
            Ok(registration) => registration,
            Err(problem) => {
                return Ok(Some(problem.remedied_by(Remedy::Setup { client_id: None })));
            }
        };
        let setup = Remedy::Setup { client_id: registration.client_id().parse().ok() };
        if let Some(finding) = void(&settings) {
            return Ok(Some(finding));
        }
        let app_settings = self.app_settings().await?;
        let exposures = self
            .exposures(&registration, &self.own_credential(&settings, &app_settings).await?)
            .await?;
        if let Some(found) = exposures.iter().find(|it| it.kind.is_of_people()) {
            return Ok(Some(self.finding(found)));
        }
        if let Some(problem) = self.examine(&registration, &settings).await? {
            return Ok(Some(problem.remedied_by(setup)));
        }
        let access = self.access(&settings, &registration).await?;
        if let Some(finding) = agents::lists(&settings, &access, &setup) {
            return Ok(Some(finding));
        }
        if let Some(problem) = metadata(&registration, &app_settings) {
            return Ok(Some(problem.remedied_by(setup)));
        }
        let mut named = Vec::new();
        for id in agents {
            named.push(self.identity(*id).await?);
        }
        if let Some(finding) = agents::half_let_in(&access, &named) {
            return Ok(Some(finding));
        }
        for blueprint in named.iter().filter(|it| it.agent_role == AgentRole::Blueprint) {
            if !self.are_roles_inherited(blueprint.app_id, &registration).await? {
                let remedy = Remedy::Preauthorize(blueprint.object_id);
                let problem = Problem::RoleNotInherited { blueprint: blueprint.clone() };
                return Ok(Some(problem.remedied_by(remedy)));
            }
        }
        let problem = self.examine_sign_in(&registration, &settings, &app_settings).await?;
        // The credentials in use are known now, so any other is an exposure.
        let credential = || exposures.first().map(|found| self.finding(found));
        Ok(problem.map(|problem| problem.remedied_by(setup)).or_else(credential))
    }

    fn finding(&self, found: &Exposure) -> Finding {
        let remedy = Remedy::Revoke(Revocation::of(found, self.cloud));
        Problem::Exposure(found.clone()).remedied_by(remedy)
    }

    async fn registration_to_examine(
        &self,
        settings: &AuthSettings,
    ) -> Result<Result<Registration, Problem>, AdminError> {
        match self.registration(settings).await {
            Ok(registration) => Ok(Ok(registration)),
            Err(AdminError::NotSetUp) => Ok(Err(Problem::NoRegistration)),
            Err(AdminError::RegistrationMissing { client_id }) => {
                Ok(Err(Problem::RegistrationMissing { client_id }))
            }
            Err(error) => Err(error),
        }
    }

    /// What `setup` mends: the registration first, then the platform's settings.
    async fn examine(
        &self,
        registration: &Registration,
        settings: &AuthSettings,
    ) -> Result<Option<Problem>, AdminError> {
        if let Some(problem) = definition(registration) {
            return Ok(Some(problem));
        }
        if self.principal_of(registration).await?.is_none() {
            return Ok(Some(Problem::PrincipalMissing));
        }
        Ok(platform(settings)
            .or_else(|| self.issuer(settings, registration))
            .or_else(|| audience(settings, registration)))
    }

    /// Tokens of version 1.0 and 2.0 name their issuer differently. The platform takes both by the newer form; the older
    /// one is good for tokens of version 1.0 alone. The setting only locates the metadata, so the mixture that the portal
    /// writes is good too, though no token has it as its issuer.
    fn issuer(&self, settings: &AuthSettings, registration: &Registration) -> Option<Problem> {
        let found = settings.text(at::ISSUER);
        let older = self.cloud.v1_issuer(self.tenant_id);
        let is_good = locates_v2(self.cloud, self.tenant_id, found)
            || older.eq_ignore_ascii_case(found) && !registration.has_version_2();
        (!is_good).then(|| Problem::Issuer { found: found.to_owned() })
    }
}

/// Whether `openIdIssuer` locates the metadata of a tenant's version 2.0 tokens; the form that the portal writes does too.
pub(crate) fn locates_v2(cloud: AzureCloud, tenant_id: Uuid, issuer: &str) -> bool {
    let portals = format!("{}v2.0", cloud.v1_issuer(tenant_id));
    cloud.is_issuer(tenant_id, issuer) || portals.eq_ignore_ascii_case(issuer)
}

/// What makes all other settings void. Others put it there, so no command takes it away.
fn void(settings: &AuthSettings) -> Option<Finding> {
    if !settings.text(at::CONFIG_FILE).is_empty() {
        return Some(Problem::ConfigFile.remedied_by(Remedy::ClearConfigFile));
    }
    let path = settings.list(at::EXCLUDED).into_iter().find(|path| opens_tools(path))?;
    Some(Problem::PathExcluded { path: printable(path) }.remedied_by(Remedy::RemoveExcludedPath))
}

/// Whether an excluded path is one of the MCP server's, or ends in a `*` that stands for one.
fn opens_tools(excluded: &str) -> bool {
    ["/mcp", "/mcp/mcp"].iter().any(|tools| match excluded.split_once('*') {
        Some((start, _)) => tools.starts_with(start),
        None => excluded.trim_end_matches('/') == *tools,
    })
}

fn definition(registration: &Registration) -> Option<Problem> {
    if registration.identifier_uri().is_none() {
        return Some(Problem::NoIdentifierUri);
    }
    match registration.scope() {
        None => return Some(Problem::ScopeMissing),
        Some(scope) if scope["isEnabled"] != true => return Some(Problem::ScopeDisabled),
        Some(_) => {}
    }
    match registration.role() {
        None => Some(Problem::RoleMissing),
        Some(role) if role["isEnabled"] != true => Some(Problem::RoleDisabled),
        Some(role) if !is_for_applications(role) => Some(Problem::RoleNotForApplications),
        Some(_) => None,
    }
}

fn platform(settings: &AuthSettings) -> Option<Problem> {
    let found = |way: &str| settings.text(way).to_owned();
    if !settings.is_on(at::ENABLED) {
        Some(Problem::PlatformOff)
    } else if !settings.is_on(at::REQUIRED) || settings.text(at::ACTION) != "Return401" {
        let is_required = settings.is_on(at::REQUIRED);
        Some(Problem::AnonymousAllowed { is_required, found: found(at::ACTION) })
    } else if !settings.is_on(at::PROVIDER) {
        Some(Problem::ProviderOff)
    } else {
        None
    }
}

fn audience(settings: &AuthSettings, registration: &Registration) -> Option<Problem> {
    let uri = registration.audience()?;
    let is_allowed = settings.list(at::AUDIENCES).contains(&&*uri);
    (!is_allowed).then_some(Problem::AudienceMissing { uri })
}

fn metadata(registration: &Registration, settings: &AppSettings) -> Option<Problem> {
    let scopes = settings.get(METADATA_SETTING).and_then(Value::as_str).unwrap_or_default();
    let has_ours = scopes.split(',').any(|scope| registration.has_scope(scope));
    (!has_ours).then_some(Problem::MetadataMissing)
}

/// The clients that are in one of the lists alone; what is no id matches no client, and is left alone.
fn only_in_one(settings: &AuthSettings) -> Option<Uuid> {
    let [policy, checks] = CLIENT_LISTS;
    let missing_in = |from: &str, other: &str| {
        let mut clients = settings.list(from).into_iter();
        clients.find_map(|it| it.parse().ok().filter(|_| !settings.names(other, it)))
    };
    missing_in(policy, checks).or_else(|| missing_in(checks, policy))
}
