//! The faults that `doctor` finds, and their remedies.

use std::fmt;

use uuid::Uuid;

use crate::{Exposure, Identity, InteractiveClient, Revocation};

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What is wrong.
    pub problem: Problem,
    /// What corrects it.
    pub remedy: Remedy,
}

/// What is wrong, in the order in which it is looked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Authentication names no registration.
    #[error("the web app's authentication names no registration")]
    NoRegistration,
    /// It names one that does not exist.
    #[error(
        "the web app's authentication names the registration {client_id}, which the tenant does not have"
    )]
    RegistrationMissing {
        /// Its client id.
        client_id: String,
    },
    /// Others than the operator can change the registration or act as it.
    #[error("{0}")]
    Exposure(Exposure),
    /// No client can request a token.
    #[error("the registration has no identifier URI, so no client can request a token for it")]
    NoIdentifierUri,
    /// No client can act for users.
    #[error("the registration has no scope user_impersonation")]
    ScopeMissing,
    /// No client can act for users any more.
    #[error("the scope user_impersonation is disabled")]
    ScopeDisabled,
    /// The app role does not exist.
    #[error("the registration has no app role MCP.Access")]
    RoleMissing,
    /// The app role is disabled.
    #[error("the app role MCP.Access is disabled, so no token has it")]
    RoleDisabled,
    /// The app role is for people only.
    #[error(
        "the app role MCP.Access is not for applications (allowedMemberTypes), so no agent can be given it"
    )]
    RoleNotForApplications,
    /// The registration has no service principal.
    #[error(
        "the registration has no service principal, so no role can be assigned and no token can be issued"
    )]
    PrincipalMissing,
    /// Authentication is off.
    #[error("authentication is switched off (platform.enabled)")]
    PlatformOff,
    /// Callers without a token do not get 401.
    #[error(
        "callers without a token do not get 401: globalValidation.requireAuthentication is {is_required}, and unauthenticatedClientAction is {found:?} (true and \"Return401\" are needed)"
    )]
    AnonymousAllowed {
        /// Whether `requireAuthentication` is true.
        is_required: bool,
        /// What `unauthenticatedClientAction` is.
        found: String,
    },
    /// The platform uses a file instead of these settings.
    #[error(
        "the platform uses a file of the app instead of these settings (platform.configFilePath)"
    )]
    ConfigFile,
    /// The platform does not check callers of the MCP server.
    #[error(
        "globalValidation.excludedPaths excludes {path} and with it the MCP server, so the platform checks no token there"
    )]
    PathExcluded {
        /// The path, as the setting has it.
        path: String,
    },
    /// No token is accepted.
    #[error("the identity provider azureActiveDirectory is switched off")]
    ProviderOff,
    /// No token matches.
    #[error(
        "openIdIssuer is {found:?}, which does not issue the registration's tokens: it must be the cloud's sign-in address with the tenant and the version (https://login.microsoftonline.com/<tenant>/v2.0 in the public cloud)"
    )]
    Issuer {
        /// What it is.
        found: String,
    },
    /// Tokens for the identifier URI are refused.
    #[error("allowedAudiences does not have {uri}, so tokens for it are refused")]
    AudienceMissing {
        /// The identifier URI.
        uri: String,
    },
    /// Both lists are empty.
    #[error(
        "both lists of client applications are empty, so the platform may allow every client of the tenant or no client"
    )]
    ListsEmpty,
    /// One list excludes no client.
    #[error(
        "one of allowedApplications and allowedClientApplications is empty and excludes no client: both must name the same clients"
    )]
    ListEmpty,
    /// Browser sign-in fails where the platform checks the other list.
    #[error(
        "the app itself is in only one of allowedApplications and allowedClientApplications, so people who sign in with a browser may get 403"
    )]
    AppNotListed,
    /// A client in only one list gets 403.
    #[error(
        "the client {client} is in only one of allowedApplications and allowedClientApplications, so it gets 403"
    )]
    ListsDiffer {
        /// The client.
        client: Uuid,
    },
    /// Clients do not find the issuer.
    #[error(
        "the app setting WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES does not have the registration's scope, so clients find no metadata"
    )]
    MetadataMissing,
    /// The agent's token has no role.
    #[error("{agent} does not have the role MCP.Access, so it gets 403 from the app")]
    AgentWithoutRole {
        /// The agent.
        agent: Identity,
    },
    /// The platform refuses the agent.
    #[error("{agent} is not in the lists of allowed clients, so it gets 403 from the platform")]
    AgentNotListed {
        /// The agent.
        agent: Identity,
    },
    /// The agents of a blueprint do not get its role.
    #[error(
        "{blueprint} has the role MCP.Access, but its agents do not inherit it (inheritablePermissions of the blueprint)"
    )]
    RoleNotInherited {
        /// The blueprint.
        blueprint: Identity,
    },
    /// Entra refuses the sign-in of a client.
    #[error("{client} {} AADSTS{code}: {reason}", if *is_certain { "gets" } else { "may get" })]
    SignInRefused {
        /// The client.
        client: InteractiveClient,
        /// The number after `AADSTS`. Source:
        /// <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.
        code: u32,
        /// Why.
        reason: String,
        /// Whether each tenant refuses it; else it depends on the tenant or on the user's consent.
        is_certain: bool,
    },
    /// The platform refuses the client after its sign-in.
    #[error("{client} is not in both lists of allowed clients, so it gets 403 from the platform")]
    ClientNotListed {
        /// The client.
        client: InteractiveClient,
    },
    /// Entra redirects no user back to the app.
    #[error("the registration does not have the redirect URI {address}, so browser sign-in fails")]
    RedirectUriMissing {
        /// The redirect URI.
        address: String,
    },
    /// Entra issues no ID token to the platform.
    #[error("the registration issues no ID tokens, so browser sign-in fails")]
    NoIdTokens,
    /// The platform lacks its client secret.
    #[error(
        "the app setting {setting:?}, which clientSecretSettingName names, is missing, so browser sign-in fails"
    )]
    SecretSettingMissing {
        /// The setting's name.
        setting: String,
    },
    /// Entra does not accept the platform's managed identity.
    #[error(
        "the registration has no federated credential for the managed identity {client_id}, so browser sign-in fails"
    )]
    FederatedCredentialMissing {
        /// The identity's client id, as the app setting has it.
        client_id: String,
    },
}

/// What corrects it. The program that shows a finding words the remedy; the displayed text names no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Remedy {
    /// Set up again: what is right stays.
    #[error("run the setup again{}", of_registration(.client_id.as_ref()))]
    Setup {
        /// The registration in use, which may have any name. `None`: one is found by its name, or made.
        client_id: Option<Uuid>,
    },
    /// Allow this identity again.
    #[error("preauthorize {0}")]
    Preauthorize(Uuid),
    /// Remove every permission of this identity.
    #[error("remove {0}")]
    Remove(Uuid),
    /// Revoke an exposure, by hand.
    #[error("revoke {} of the registration {}", .0.id, .0.client_id)]
    Revoke(Revocation),
    /// Remove the path from `excludedPaths`, by hand.
    #[error(
        "remove the path from excludedPaths, with a PUT of authsettingsV2 that keeps all other settings"
    )]
    RemoveExcludedPath,
    /// Clear `configFilePath`, by hand.
    #[error(
        "set configFilePath to null, with a PUT of authsettingsV2 that keeps all other settings"
    )]
    ClearConfigFile,
    /// Request another token.
    #[error("request a new token with the scope {scope}")]
    RequestToken {
        /// The scope to request.
        scope: String,
    },
    /// Set the clock of the machine that requested the token.
    #[error("set the clock of this machine, or of the one that requested the token")]
    CorrectClock,
    /// Set up a client that acts for users.
    #[error("set up the client {0}, which acts for users")]
    SetUpClient(InteractiveClient),
    /// Give the app a name that clients may send as the resource.
    #[error(
        "give the app a custom domain, and its registration the identifier URI {0}; *.azurewebsites.net cannot be one"
    )]
    NameResource(String),
    /// Add an object id to `allowedPrincipals.identities`, by hand.
    #[error(
        "add {0} to allowedPrincipals.identities, with a PUT of authsettingsV2 that keeps all other settings"
    )]
    AllowIdentity(Uuid),
    /// Change the lists of groups, by hand.
    #[error(
        "add a group of the user to the lists of groups, with a PUT of authsettingsV2 that keeps all other settings"
    )]
    AllowGroup,
    /// The token names no caller by a UUID.
    #[error("request a token that names its client and its caller: this is not one of Entra ID's")]
    NameCaller,
}

fn of_registration(client_id: Option<&Uuid>) -> String {
    client_id.map(|id| format!(" for the registration {id}")).unwrap_or_default()
}

impl Problem {
    pub(super) fn remedied_by(self, remedy: Remedy) -> Finding {
        Finding { problem: self, remedy }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  to correct it: {}", self.problem, self.remedy)
    }
}
