//! A credential for Azure's libraries that has one source of tokens, such as a file.

use auth_probe::TokenSource;
use azure_core::{
    credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
    time::OffsetDateTime,
};

/// A credential that gives the source's token, whatever the scope.
#[derive(Debug)]
pub struct TokenSourceCredential(pub TokenSource);

#[async_trait::async_trait]
impl TokenCredential for TokenSourceCredential {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let token = self.0.get().await;
        let token = token.map_err(|error| azure_core::Error::new(ErrorKind::Credential, error))?;
        // Expired at once, so that the next use asks the source again.
        Ok(AccessToken::new(Secret::new(token.expose().to_owned()), OffsetDateTime::UNIX_EPOCH))
    }
}
