//! Signing in to PostgreSQL by an Entra access token: the app's managed identity, and no password anywhere.

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use async_trait::async_trait;
use azure_core::{
    credentials::{AccessToken, TokenCredential},
    http::{ClientOptions, Transport},
    time::OffsetDateTime,
};
use azure_identity::{ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId};
use reqwest::redirect::Policy;
use restaurant_storage::PasswordSource;

/// What Azure Database for PostgreSQL takes as password. Source:
/// <https://learn.microsoft.com/azure/postgresql/flexible-server/how-to-configure-sign-in-azure-ad-authentication>.
const SCOPE: &str = "https://ossrdbms-aad.database.windows.net/.default";

/// The same in the national clouds, by the host of their authority, as the Azure CLI has it.
const NATIONAL_SCOPES: [(&str, &str); 3] = [
    (
        "https://login.partner.microsoftonline.cn",
        "https://ossrdbms-aad.database.chinacloudapi.cn/.default",
    ),
    ("https://login.chinacloudapi.cn", "https://ossrdbms-aad.database.chinacloudapi.cn/.default"),
    (
        "https://login.microsoftonline.us",
        "https://ossrdbms-aad.database.usgovcloudapi.net/.default",
    ),
];

/// The scope of the databases of an authority's cloud.
fn scope(authority: &str) -> &'static str {
    let authority = authority.trim_end_matches('/');
    let is_it = |(of, _): &&(&str, &str)| of.eq_ignore_ascii_case(authority);
    NATIONAL_SCOPES.iter().find(is_it).map_or(SCOPE, |(_, scope)| scope)
}

/// Access tokens of a managed identity as passwords. The credential keeps one, and gets another five minutes before it ends.
pub struct EntraPassword {
    credential: Arc<dyn TokenCredential>,
    scope: &'static str,
    /// The last one, for when the identity's endpoint is away for a moment.
    last: Mutex<Option<AccessToken>>,
}

impl EntraPassword {
    /// Tokens of the machine's managed identity (of this one, where there are several), for the databases of the
    /// authority's cloud.
    ///
    /// # Errors
    /// When the identity's endpoint is not as the platform has it, or the machine knows no certificate authority.
    pub fn new(client_id: Option<&str>, authority: &str) -> anyhow::Result<Self> {
        // The library's own client would panic where ours fails.
        let client = reqwest::Client::builder().redirect(Policy::none()).build();
        let client = client.context("cannot make a client for the identity's endpoint")?;
        let transport = Some(Transport::new(Arc::new(client)));
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: client_id.map(|id| UserAssignedId::ClientId(id.to_owned())),
            client_options: ClientOptions { transport, ..Default::default() },
        };
        // The library's error repeats the endpoint's address.
        let credential = ManagedIdentityCredential::new(Some(options)).map_err(|_| {
            anyhow::anyhow!("IDENTITY_ENDPOINT is not the URL that the platform sets")
        })?;
        Ok(Self { credential, scope: scope(authority), last: Mutex::default() })
    }

    /// The last token, while it is good.
    fn last(&self) -> Option<AccessToken> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.filter(|token| token.expires_on > OffsetDateTime::now_utc())
    }
}

#[async_trait]
impl PasswordSource for EntraPassword {
    async fn password(&self) -> Result<String, Box<dyn Error + Send + Sync>> {
        let token = match self.credential.get_token(&[self.scope], None).await {
            Ok(token) => token,
            Err(error) => {
                let Some(last) = self.last() else { return Err(error.into()) };
                let error = error.to_string();
                tracing::warn!(error, "no new token for the database; the last one is still good");
                last
            }
        };
        let password = token.token.secret().to_owned();
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
        Ok(password)
    }
}

impl fmt::Debug for EntraPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntraPassword").finish_non_exhaustive()
    }
}
