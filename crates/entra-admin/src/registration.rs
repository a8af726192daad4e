//! The app registration of the web app, as Graph has it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Admin, AdminError,
    admin::encoded,
    auth_settings::{AuthSettings, at},
};

/// The app role that lets an identity call the tools; the server asks for it by this name.
pub(crate) const ROLE: &str = "MCP.Access";
/// The scope by which a program acts for a person.
pub(crate) const SCOPE: &str = "user_impersonation";
/// The app setting that switches the protected resource metadata on; its value are scopes, separated by commas.
pub(crate) const METADATA_SETTING: &str = "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES";

/// An application object of Graph.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Registration(pub(crate) Value);

impl Registration {
    pub(crate) fn client_id(&self) -> &str {
        self.0["appId"].as_str().unwrap_or_default()
    }

    pub(crate) fn name(&self) -> &str {
        self.0["displayName"].as_str().unwrap_or_default()
    }

    /// Its path under Graph's origin.
    pub(crate) fn path(&self) -> String {
        format!("/v1.0/applications/{}", self.0["id"].as_str().unwrap_or_default())
    }

    /// The path of its federated credentials.
    pub(crate) fn credentials_path(&self) -> String {
        format!("{}/federatedIdentityCredentials", self.path())
    }

    /// The path of its service principal.
    pub(crate) fn principal_path(&self) -> String {
        format!("/v1.0/servicePrincipals(appId='{}')", self.client_id())
    }

    pub(crate) fn identifier_uris(&self) -> Vec<&str> {
        let uris = self.0["identifierUris"].as_array().into_iter().flatten();
        uris.filter_map(Value::as_str).collect()
    }

    /// The name by which callers ask for tokens: the usual one, or else the first, as a template names it that cannot know
    /// the client id.
    pub(crate) fn identifier_uri(&self) -> Option<String> {
        let usual = self.usual_uri();
        let uris = self.identifier_uris();
        let other = || uris.first().map(|uri| (*uri).to_owned());
        if uris.contains(&&*usual) { Some(usual) } else { other() }
    }

    /// The name that a registration without one is given.
    pub(crate) fn usual_uri(&self) -> String {
        format!("api://{}", self.client_id())
    }

    /// The audience of its tokens, where the platform does not take it anyway: the client id, which tokens of version 2
    /// are for, it always takes.
    pub(crate) fn audience(&self) -> Option<String> {
        self.identifier_uri().filter(|_| !self.has_version_2())
    }

    /// Whether its tokens are of version 2.0.
    pub(crate) fn has_version_2(&self) -> bool {
        self.0["api"]["requestedAccessTokenVersion"] == 2
    }

    /// Whether a scope is its own, by any of its names.
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        let uri = scope.trim().strip_suffix(SCOPE).and_then(|uri| uri.strip_suffix('/'));
        uri.is_some_and(|uri| self.identifier_uris().contains(&uri))
    }

    /// The entry of a client among those that need no consent.
    pub(crate) fn preauthorization(&self, client_id: &str) -> Option<&Value> {
        let clients = self.0["api"]["preAuthorizedApplications"].as_array();
        let is_it =
            |it: &&Value| it["appId"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(client_id));
        clients.into_iter().flatten().find(is_it)
    }

    /// Whether a client needs no consent for a scope, by the scope's id.
    pub(crate) fn is_preauthorized(&self, client_id: &str, scope: &str) -> bool {
        let entry = self.preauthorization(client_id);
        let scopes = entry.and_then(|it| it["delegatedPermissionIds"].as_array());
        scopes.is_some_and(|scopes| scopes.contains(&json!(scope)))
    }

    /// All redirect addresses, whatever their platform.
    pub(crate) fn redirect_uris(&self) -> Vec<&str> {
        let platforms = ["web", "spa", "publicClient"].iter();
        let uris = platforms.filter_map(|platform| self.0[*platform]["redirectUris"].as_array());
        uris.flatten().filter_map(Value::as_str).collect()
    }

    pub(crate) fn role(&self) -> Option<&Value> {
        let roles = self.0["appRoles"].as_array();
        roles.into_iter().flatten().find(|role| role["value"] == ROLE)
    }

    /// The id of the role, if an identity may be given it.
    pub(crate) fn usable_role(&self) -> Option<&str> {
        self.role().filter(|role| is_usable(role))?["id"].as_str()
    }

    pub(crate) fn scope(&self) -> Option<&Value> {
        let scopes = self.0["api"]["oauth2PermissionScopes"].as_array();
        scopes.into_iter().flatten().find(|scope| scope["value"] == SCOPE)
    }
}

/// Whether a role may be given to an identity.
pub(crate) fn is_usable(role: &Value) -> bool {
    role["isEnabled"] == true && is_for_applications(role)
}

pub(crate) fn is_for_applications(role: &Value) -> bool {
    let types = role["allowedMemberTypes"].as_array();
    types.is_some_and(|types| types.contains(&json!("Application")))
}

impl Admin {
    /// The registration that the commands after `setup` are about.
    pub(crate) async fn registration(
        &self,
        settings: &AuthSettings,
    ) -> Result<Registration, AdminError> {
        let in_use = settings.text(at::CLIENT_ID).to_lowercase();
        let client_id = self.client_id.map_or(in_use.clone(), |client_id| client_id.to_string());
        if in_use.is_empty() {
            return Err(AdminError::NotSetUp);
        }
        if in_use != client_id {
            return Err(AdminError::OtherRegistration { in_use });
        }
        let found = self.registration_with(&client_id).await?;
        found.ok_or(AdminError::RegistrationMissing { client_id })
    }

    /// The registration with a client id, if there is one; what is no id names none.
    pub(crate) async fn registration_with(
        &self,
        client_id: &str,
    ) -> Result<Option<Registration>, AdminError> {
        let Ok(client_id) = client_id.parse::<Uuid>() else { return Ok(None) };
        let found = self.find(&format!("/v1.0/applications(appId='{client_id}')")).await?;
        Ok(found.map(Registration))
    }

    /// The registration with a name, if there is one.
    pub(crate) async fn registration_named(
        &self,
        name: &str,
    ) -> Result<Option<Registration>, AdminError> {
        let filter = encoded(&format!("displayName eq '{}'", name.replace('\'', "''")));
        let mut found = self.collection(&format!("/v1.0/applications?$filter={filter}")).await?;
        if found.len() > 1 {
            let ids = found.iter().filter_map(|it| it["appId"].as_str().map(str::to_owned));
            return Err(AdminError::AmbiguousName {
                name: name.to_owned(),
                client_ids: ids.collect(),
            });
        }
        Ok(found.pop().map(Registration))
    }

    /// The object id of the registration's service principal, if it has one.
    pub(crate) async fn principal_of(
        &self,
        registration: &Registration,
    ) -> Result<Option<String>, AdminError> {
        let found = self.find(&registration.principal_path()).await?;
        Ok(found.and_then(|it| it["id"].as_str().map(str::to_owned)))
    }

    /// The assignments of the registration's role that a principal has.
    pub(crate) async fn assignments_of(
        &self,
        principal: Uuid,
        resource: &str,
        role: &str,
    ) -> Result<Vec<Value>, AdminError> {
        let filter = encoded(&format!("resourceId eq {resource}"));
        let path =
            format!("/v1.0/servicePrincipals/{principal}/appRoleAssignments?$filter={filter}");
        let held = self.collection(&path).await?;
        Ok(held.into_iter().filter(|it| it["appRoleId"] == role).collect())
    }
}
