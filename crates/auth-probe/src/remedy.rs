//! What to do about a case that failed or was not judged, as data. The program that runs the probe makes commands of it.

use std::fmt;

use crate::{Target, TokenKind};

/// What to do about a case that failed or was not judged. Its text is plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Switch App Service Authentication on, and let it answer 401 to requests without a token.
    RequireAuthentication,
    /// Let App Service Authentication answer 401 to requests without a token.
    Return401,
    /// Set the issuer in the settings of authentication.
    SetIssuer(String),
    /// Compare the settings of authentication, or one section of them.
    ShowAuthSettings(Option<&'static str>),
    /// Set an app setting.
    SetAppSetting {
        /// The setting's name.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// Give an identity the app role, and allow it as a client.
    Preauthorize(String),
    /// Read the app's log.
    ReadLog,
    /// Look whether the web app is running.
    ShowState,
    /// Allow the probe to switch authentication off.
    AllowDisablingAuth,
    /// Name the web app, and allow the probe to switch its authentication off.
    NameWebApp,
    /// Request a token for the app.
    RequestScope {
        /// The app's scope.
        scope: String,
        /// The audience of the token that was given, which may be a name of the app too.
        audience: String,
    },
    /// Give the tenant that owns the app.
    GiveTenant,
    /// Give the path of the MCP endpoint.
    GiveMcpPath,
    /// Try again later.
    RetryLater,
    /// Add an identifier URI to the app's registration.
    AddIdentifierUri {
        /// The one that stays.
        existing: String,
        /// The one to add.
        added: String,
    },
    /// Compare the identifier URIs of the app's registration.
    ShowIdentifierUris,
    /// Create the service principal of the app's registration.
    CreateServicePrincipal,
    /// Assign one of the app roles to the caller.
    AssignAppRole,
    /// Correct the caller's client id, or the tenant.
    CheckCredential,
    /// Create a new client secret for the caller.
    ResetClientSecret,
    /// Compare the federated credentials of the caller.
    ShowFederatedCredentials,
    /// Compare the tenant of the account that is signed in.
    ShowTenant,
    /// Compare the clients that are preauthorized for the app's scope.
    ShowPreauthorizedClients,
    /// Look whether the caller gets a token at all.
    CheckIdentity,
    /// Add an item to the app, or allow the probe to write.
    AllowWrites,
    /// Give a token of a kind.
    GiveToken(TokenKind),
    /// Give another token of a kind.
    ReplaceToken(TokenKind),
    /// Correct the fault of another case first.
    FixCaseFirst(&'static str),
    /// Change the app: leave a part out of its responses, or add a check.
    ChangeApp(&'static str),
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::RequireAuthentication => {
                "switch authentication on, and answer 401 to requests without a token"
            }
            Self::Return401 => "answer 401 to requests without a token",
            Self::SetIssuer(issuer) => return write!(f, "set the issuer to {issuer}"),
            Self::ShowAuthSettings(None) => "compare the settings of authentication",
            Self::ShowAuthSettings(Some(section)) => {
                return write!(f, "compare {section} in the settings of authentication");
            }
            Self::SetAppSetting { name, value } => {
                return write!(f, "set the app setting {name} to {value}");
            }
            Self::Preauthorize(id) => {
                return write!(f, "give {id} the app role, and allow it as a client");
            }
            Self::ReadLog => "read the app's log",
            Self::ShowState => "look whether the web app is running",
            Self::AllowDisablingAuth => "allow the probe to switch authentication off",
            Self::NameWebApp => {
                "name the web app, and allow the probe to switch its authentication off"
            }
            Self::RequestScope { scope, audience } => {
                return write!(
                    f,
                    "request the scope {scope}; or, if {audience} is an identifier URI of the app, a scope of that"
                );
            }
            Self::GiveTenant => "give the tenant that owns the app",
            Self::GiveMcpPath => "give the path of the MCP endpoint",
            Self::RetryLater => "try again later",
            Self::AddIdentifierUri { added, .. } => {
                return write!(f, "add the identifier URI {added} to the registration");
            }
            Self::ShowIdentifierUris => "compare the identifier URIs of the registration",
            Self::CreateServicePrincipal => "create the service principal of the registration",
            Self::AssignAppRole => "assign one of the app roles to the caller",
            Self::CheckCredential => "check the caller's client id, and the tenant",
            Self::ResetClientSecret => "create a new client secret for the caller",
            Self::ShowFederatedCredentials => "compare the federated credentials of the caller",
            Self::ShowTenant => "compare the tenant of the account that is signed in",
            Self::ShowPreauthorizedClients => "compare the preauthorized clients of the scope",
            Self::CheckIdentity => "look whether the caller gets a token at all",
            Self::AllowWrites => "add an item to the app, or allow the probe to write",
            Self::GiveToken(kind) => return write!(f, "give a token of the kind {}", kind.name()),
            Self::ReplaceToken(kind) => {
                return write!(f, "give another token of the kind {}", kind.name());
            }
            Self::FixCaseFirst(id) => return write!(f, "mend what {id} says first"),
            Self::ChangeApp(change) => change,
        };
        f.write_str(text)
    }
}

/// The words of the program that runs the probe.
pub trait Wording: fmt::Debug + Send + Sync {
    /// The remedy in one line: a command, an option of the program, or plain words.
    fn remedy(&self, remedy: &Remedy, target: &Target) -> String;
}

/// Plain words, without a command.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PlainWording;

impl Wording for PlainWording {
    fn remedy(&self, remedy: &Remedy, _target: &Target) -> String {
        remedy.to_string()
    }
}
