//! The settings of App Service Authentication, as far as the gateway acts by them.

use serde::Deserialize;
use serde_json::Value;

/// `properties` of an `authsettingsV2` document. Properties that are not named here mean nothing to the gateway. Source:
/// <https://learn.microsoft.com/azure/templates/microsoft.web/sites/config-authsettingsv2>.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AuthSettings {
    pub(super) platform: Platform,
    pub(super) global_validation: GlobalValidation,
    identity_providers: IdentityProviders,
    pub(super) login: Login,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Platform {
    pub(super) enabled: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct GlobalValidation {
    pub(super) require_authentication: bool,
    pub(super) unauthenticated_client_action: Option<UnauthenticatedClientAction>,
    pub(super) excluded_paths: Vec<String>,
}

/// What becomes of a request that says nothing of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum UnauthenticatedClientAction {
    RedirectToLoginPage,
    AllowAnonymous,
    Return401,
    Return403,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct IdentityProviders {
    azure_active_directory: AzureActiveDirectory,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AzureActiveDirectory {
    pub(super) enabled: bool,
    pub(super) registration: Registration,
    pub(super) validation: Validation,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Registration {
    pub(super) open_id_issuer: String,
    pub(super) client_id: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Validation {
    pub(super) allowed_audiences: Vec<String>,
    jwt_claim_checks: JwtClaimChecks,
    default_authorization_policy: DefaultAuthorizationPolicy,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct JwtClaimChecks {
    allowed_client_applications: Vec<String>,
    allowed_groups: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DefaultAuthorizationPolicy {
    allowed_applications: Vec<String>,
    allowed_principals: AllowedPrincipals,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AllowedPrincipals {
    identities: Vec<String>,
    groups: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Login {
    pub(super) token_store: TokenStore,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TokenStore {
    pub(super) enabled: bool,
}

/// Where a value is that the platform would not take, and why.
pub(crate) type InvalidSettings = serde_path_to_error::Error<serde_json::Error>;

impl AuthSettings {
    /// Reads the document's `properties`. Azure writes null for what is not set.
    pub(crate) fn read(properties: &Value) -> Result<Self, InvalidSettings> {
        serde_path_to_error::deserialize(without_nulls(properties))
    }

    /// The identity provider, if it is on.
    pub(super) fn entra(&self) -> Option<&AzureActiveDirectory> {
        Some(&self.identity_providers.azure_active_directory).filter(|entra| entra.enabled)
    }

    /// What becomes of a request that says nothing of its caller.
    pub(super) fn action(&self) -> UnauthenticatedClientAction {
        let validation = &self.global_validation;
        if !validation.require_authentication {
            return UnauthenticatedClientAction::AllowAnonymous;
        }
        validation
            .unauthenticated_client_action
            .unwrap_or(UnauthenticatedClientAction::RedirectToLoginPage)
    }

    /// Whether a path is open to all: it is named, or is under a named one that ends with `/*`.
    pub(super) fn excludes(&self, path: &str) -> bool {
        self.global_validation.excluded_paths.iter().any(|excluded| {
            match excluded.strip_suffix("/*") {
                Some(folder) => path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')),
                None => excluded == path,
            }
        })
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let set = members.iter().filter(|(_, value)| !value.is_null());
            set.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        value => value.clone(),
    }
}

impl Validation {
    /// The lists of client applications that have anybody in them: each has to name the caller's.
    pub(super) fn client_lists(&self) -> impl Iterator<Item = &[String]> {
        let policy = &self.default_authorization_policy.allowed_applications;
        let checks = &self.jwt_claim_checks.allowed_client_applications;
        [policy, checks].into_iter().map(Vec::as_slice).filter(|list| !list.is_empty())
    }

    /// The lists of groups that have any in them: a group of the caller has to be in each.
    pub(super) fn group_lists(&self) -> impl Iterator<Item = &[String]> {
        let policy = &self.default_authorization_policy.allowed_principals.groups;
        let checks = &self.jwt_claim_checks.allowed_groups;
        [policy, checks].into_iter().map(Vec::as_slice).filter(|list| !list.is_empty())
    }

    /// The object ids of callers, if the list has any.
    pub(super) fn identities(&self) -> Option<&[String]> {
        let identities = &self.default_authorization_policy.allowed_principals.identities;
        (!identities.is_empty()).then_some(identities)
    }
}
