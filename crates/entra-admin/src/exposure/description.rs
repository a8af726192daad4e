//! The kinds of exposure and their descriptions.

use std::fmt;

use uuid::Uuid;

/// The accounts that a registration is for: those of its tenant alone.
pub(super) const OWN_TENANT: &str = "AzureADMyOrg";

/// An owner, a credential or a setting by which others than the operator can change a registration or act as it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exposure {
    /// What it is.
    pub kind: ExposureKind,
    /// What it is called, without control characters.
    pub name: String,
    /// The client id of the registration.
    pub client_id: Uuid,
    /// Its object id, key id or credential id; nil where it has none.
    pub id: Uuid,
}

/// The kind of an exposure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExposureKind {
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

impl ExposureKind {
    /// Whether it is about people and accounts, not about a credential.
    pub(crate) fn is_of_people(self) -> bool {
        matches!(self, Self::Audience | Self::Owner | Self::PrincipalOwner)
    }
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, id, .. } = self;
        match kind {
            ExposureKind::Audience => write!(
                f,
                "the registration is for accounts of other tenants too: signInAudience is {name}, and has to be {OWN_TENANT}"
            ),
            ExposureKind::Owner => {
                write!(f, "{name} ({id}) owns the registration, and may change it")
            }
            ExposureKind::PrincipalOwner => {
                write!(
                    f,
                    "{name} ({id}) owns the registration's service principal, and may change it"
                )
            }
            ExposureKind::Secret => write!(
                f,
                "the registration has a secret that the web app does not use ({name}, key id {id})"
            ),
            ExposureKind::Certificate => {
                write!(
                    f,
                    "the registration has a certificate that nothing uses ({name}, key id {id})"
                )
            }
            ExposureKind::PrincipalSecret => {
                write!(f, "the registration's service principal has a secret ({name}, key id {id})")
            }
            ExposureKind::PrincipalCertificate => {
                write!(
                    f,
                    "the registration's service principal has a certificate ({name}, key id {id})"
                )
            }
            ExposureKind::FederatedCredential => write!(
                f,
                "the registration has a federated credential that is not for the web app's identity ({name}, id {id})"
            ),
        }
    }
}
