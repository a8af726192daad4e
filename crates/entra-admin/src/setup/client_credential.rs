//! The credential of the registration: how the platform authenticates to Entra when people sign in.

use uuid::Uuid;

/// The app setting that names the managed identity; the platform knows its name.
pub(crate) const IDENTITY_SETTING: &str = "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID";
/// The app setting that has the secret, named as Azure's portal names it.
pub(crate) const SECRET_SETTING: &str = "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET";

/// How the platform proves to Entra that it speaks for the registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientCredential {
    /// By the token of a user-assigned managed identity of the web app, given by its object id or client id.
    ManagedIdentity(Uuid),
    /// By a secret, which is written to the app settings and is never shown. It is kept if it is there already.
    ClientSecret,
}
