//! What can be wrong, and what mends it.

use std::fmt;

use uuid::Uuid;

use crate::{Foreign, Identity, TakeBack};

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What is wrong.
    pub problem: Problem,
    /// What mends it.
    pub remedy: Remedy,
}

/// What is wrong, in the order in which it is looked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Authentication names no registration.
    #[error("the web app's authentication names no registration")]
    NoRegistration,
    /// It names one that is not there.
    #[error(
        "the web app's authentication names the registration {client_id}, which the tenant does not have"
    )]
    RegistrationMissing {
        /// Its client id.
        client_id: String,
    },
    /// Others than the operator speak for the registration, or change it.
    #[error("{0}")]
    Foreign(Foreign),
    /// No client can request a token.
    #[error("the registration has no identifier URI, so nobody can ask for a token for it")]
    NoIdentifierUri,
    /// No client can act for users.
    #[error("the registration has no scope user_impersonation")]
    ScopeMissing,
    /// No client can act for users any more.
    #[error("the scope user_impersonation is disabled")]
    ScopeDisabled,
    /// There is nothing to assign.
    #[error("the registration has no app role MCP.Access")]
    RoleMissing,
    /// What was assigned is worth nothing.
    #[error("the app role MCP.Access is disabled, so no token has it")]
    RoleDisabled,
    /// It is for people only.
    #[error(
        "the app role MCP.Access is not for applications (allowedMemberTypes), so no agent can be given it"
    )]
    RoleNotForApplications,
    /// Assignments have nothing to hold on to.
    #[error(
        "the registration has no service principal, so no role can be assigned and no token be had"
    )]
    PrincipalMissing,
    /// Everybody gets through.
    #[error("authentication is switched off (platform.enabled)")]
    PlatformOff,
    /// An older platform.
    #[error("platform.runtimeVersion is {found:?} and not \"~2\"")]
    RuntimeVersion {
        /// What it is.
        found: String,
    },
    /// Callers without a token get something else than 401.
    #[error(
        "callers without a token are not answered 401: globalValidation.requireAuthentication is {is_required}, and unauthenticatedClientAction is {found:?} (true and \"Return401\" are needed)"
    )]
    LetsThrough {
        /// Whether `requireAuthentication` is true.
        is_required: bool,
        /// What `unauthenticatedClientAction` is.
        found: String,
    },
    /// What is looked at here is not what the platform goes by.
    #[error(
        "the platform goes by a file of the app in place of these settings (platform.configFilePath)"
    )]
    ConfigFile,
    /// The platform lets everybody through to the tools.
    #[error(
        "globalValidation.excludedPaths excludes {path} and with it the MCP server, so the platform looks at no token there"
    )]
    PathExcluded {
        /// The path, as it stands there.
        path: String,
    },
    /// No token is taken.
    #[error("the identity provider azureActiveDirectory is switched off")]
    ProviderOff,
    /// No token matches.
    #[error(
        "openIdIssuer is {found:?}, which is no issuer of the registration's tokens: it has to be the cloud's sign-in address with the tenant and the version (https://login.microsoftonline.com/<tenant>/v2.0 in the public cloud), and a mixture with https://sts.windows.net/<tenant>/ matches none"
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
    /// Every client of the tenant is allowed, or none.
    #[error(
        "both lists of client applications are empty, so any client of the tenant may call, or none"
    )]
    ListsEmpty,
    /// One list excludes no client.
    #[error(
        "one of allowedApplications and allowedClientApplications is empty, and keeps nobody out: both have to name the same clients"
    )]
    ListEmpty,
    /// People cannot sign in everywhere.
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
    /// Its token has no role.
    #[error("{agent} does not have the role MCP.Access, so it gets 403 from the app")]
    AgentWithoutRole {
        /// The agent.
        agent: Identity,
    },
    /// The platform refuses it.
    #[error("{agent} is not in the lists of who may call, so it gets 403 from the platform")]
    AgentNotListed {
        /// The agent.
        agent: Identity,
    },
    /// Entra redirects no user back to the app.
    #[error(
        "the registration does not have the redirect address {address}, so nobody can sign in with a browser"
    )]
    NoWayBack {
        /// The address.
        address: String,
    },
    /// The platform asks for what Entra does not give.
    #[error("the registration gives no id tokens, so nobody can sign in with a browser")]
    NoIdTokens,
    /// The platform cannot prove that it is the app.
    #[error(
        "the app setting {setting:?}, which clientSecretSettingName names, is missing, so nobody can sign in with a browser"
    )]
    ProofMissing {
        /// The setting's name.
        setting: String,
    },
    /// Entra does not take the proof.
    #[error(
        "the registration has no federated credential for the managed identity {client_id}, so nobody can sign in with a browser"
    )]
    ProofNotTrusted {
        /// The identity's client id, as the app setting has it.
        client_id: String,
    },
}

/// What mends it: a command, or a change by hand where none may change what others set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Set up again: what is right stays.
    Setup {
        /// The registration in use, which may have any name; none where one is to be found by its name, or made.
        client_id: Option<Uuid>,
    },
    /// Let this identity in again.
    Preauthorize(Uuid),
    /// Shut this identity out whole.
    Remove(Uuid),
    /// Take this out of others' hands.
    TakeBack(TakeBack),
    /// Take the path out of the list.
    RequirePath,
    /// Take the file out of the settings.
    ForgetFile,
}

impl Problem {
    pub(super) fn mended_by(self, remedy: Remedy) -> Finding {
        Finding { problem: self, remedy }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  mend it: {}", self.problem, self.remedy)
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup { client_id: None } => f.write_str("cargo xtask entra setup"),
            Self::Setup { client_id: Some(id) } => {
                write!(f, "cargo xtask entra setup --client-id {id}")
            }
            Self::Preauthorize(id) => write!(f, "cargo xtask entra preauthorize {id}"),
            Self::Remove(id) => write!(f, "cargo xtask entra preauthorize --remove {id}"),
            Self::TakeBack(what) => what.fmt(f),
            Self::RequirePath => {
                f.write_str("take it out of excludedPaths, by a PUT of authsettingsV2 with all else that is there")
            }
            Self::ForgetFile => {
                f.write_str("set configFilePath to null, by a PUT of authsettingsV2 with all else that is there")
            }
        }
    }
}
