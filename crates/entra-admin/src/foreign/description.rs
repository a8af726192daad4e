//! The description of a foreign right over the registration.

use std::fmt;

use uuid::Uuid;

/// The accounts that a registration is for: those of its tenant alone.
pub(super) const OWN_TENANT: &str = "AzureADMyOrg";

/// Something of a registration by which others than its operator speak for it or change it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Foreign {
    /// What it is.
    pub kind: ForeignKind,
    /// What it is called, without control characters.
    pub name: String,
    /// The client id of the registration.
    pub client_id: Uuid,
    /// Its object id, key id or credential id; nil where it has none.
    pub id: Uuid,
}

/// What is in others' hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignKind {
    /// `signInAudience`: accounts of other tenants, or personal ones.
    Audience,
    /// An owner that is neither the signed-in identity nor known.
    Owner,
    /// An owner of the service principal.
    PrincipalOwner,
    /// A secret that the web app does not use.
    Secret,
    /// A certificate.
    Certificate,
    /// A secret of the service principal.
    PrincipalSecret,
    /// A certificate of the service principal.
    PrincipalCertificate,
    /// A federated credential that is not for the web app's identity.
    FederatedCredential,
}

impl ForeignKind {
    /// Whether it is about people and accounts, not about a credential.
    pub(crate) fn is_of_people(self) -> bool {
        matches!(self, Self::Audience | Self::Owner | Self::PrincipalOwner)
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, id, .. } = self;
        match kind {
            ForeignKind::Audience => write!(
                f,
                "the registration is for accounts of other tenants too: signInAudience is {name}, and has to be {OWN_TENANT}"
            ),
            ForeignKind::Owner => {
                write!(f, "{name} ({id}) owns the registration, and may change it")
            }
            ForeignKind::PrincipalOwner => {
                write!(
                    f,
                    "{name} ({id}) owns the registration's service principal, and may change it"
                )
            }
            ForeignKind::Secret => write!(
                f,
                "the registration has a secret that the web app does not use ({name}, key id {id})"
            ),
            ForeignKind::Certificate => {
                write!(
                    f,
                    "the registration has a certificate that nothing uses ({name}, key id {id})"
                )
            }
            ForeignKind::PrincipalSecret => {
                write!(f, "the registration's service principal has a secret ({name}, key id {id})")
            }
            ForeignKind::PrincipalCertificate => {
                write!(
                    f,
                    "the registration's service principal has a certificate ({name}, key id {id})"
                )
            }
            ForeignKind::FederatedCredential => write!(
                f,
                "the registration has a federated credential that is not for the web app's identity ({name}, id {id})"
            ),
        }
    }
}
