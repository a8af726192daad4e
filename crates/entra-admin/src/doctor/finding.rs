//! What can be wrong, and what mends it.

use std::fmt;

use uuid::Uuid;

use crate::Identity;

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
    /// Nobody can ask for a token.
    #[error("the registration has no identifier URI, so nobody can ask for a token for it")]
    NoIdentifierUri,
    /// Nobody can act for people.
    #[error("the registration has no scope user_impersonation")]
    ScopeMissing,
    /// Nobody can act for people any more.
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
        "callers without a token are not refused: globalValidation has to require authentication and answer Return401, not {found:?}"
    )]
    LetsThrough {
        /// What `unauthenticatedClientAction` is.
        found: String,
    },
    /// No token is taken.
    #[error("the identity provider azureActiveDirectory is switched off")]
    ProviderOff,
    /// No token matches.
    #[error(
        "openIdIssuer is {found:?}, which is no issuer of this tenant's tokens: it has to be https://login.microsoftonline.com/<tenant>/v2.0, and a mixture with https://sts.windows.net/<tenant>/ matches none"
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
    /// Everybody in the tenant is let in, or nobody.
    #[error(
        "both lists of client applications are empty, so any client of the tenant may call, or none"
    )]
    ListsEmpty,
    /// Who is in one list only gets 403.
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
        /// Who.
        agent: Identity,
    },
    /// The platform refuses it.
    #[error("{agent} is not in the lists of who may call, so it gets 403 from the platform")]
    AgentNotListed {
        /// Who.
        agent: Identity,
    },
}

/// The command that mends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Set up again: what is right stays.
    Setup,
    /// Let this identity in again.
    Preauthorize(Uuid),
    /// Shut this identity out whole.
    Remove(Uuid),
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
            Self::Setup => f.write_str("cargo xtask entra setup"),
            Self::Preauthorize(id) => write!(f, "cargo xtask entra preauthorize {id}"),
            Self::Remove(id) => write!(f, "cargo xtask entra preauthorize --remove {id}"),
        }
    }
}
