//! Where the tokens of the proof come from.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use azure_core::credentials::TokenCredential;
use tokio::io::AsyncReadExt as _;

use crate::{AccessToken, TokenKind, token::NotToken};

/// How many bytes of a token file are read.
const MAX_BYTES: u64 = 64 << 10;

/// A place to get a token from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TokenSource {
    /// It is there.
    Ready(AccessToken),
    /// A file that holds the token and nothing else.
    File(PathBuf),
    /// Entra, by a credential.
    Credential {
        /// Who asks.
        credential: Arc<dyn TokenCredential>,
        /// What for.
        scope: String,
    },
}

/// A token cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Its file cannot be read.
    #[error("{} cannot be read", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What the source has is none.
    #[error(transparent)]
    NotToken(#[from] NotToken),
    /// Entra gives none.
    #[error("{0}")]
    Refused(String),
}

impl TokenSource {
    /// Gets the token.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn get(&self) -> Result<AccessToken, TokenError> {
        match self {
            Self::Ready(token) => Ok(token.clone()),
            Self::File(path) => {
                let read = async {
                    let mut text = String::new();
                    let file = tokio::fs::File::open(path).await?;
                    file.take(MAX_BYTES).read_to_string(&mut text).await?;
                    Ok(text)
                };
                let text =
                    read.await.map_err(|source| TokenError::File { path: path.clone(), source })?;
                Ok(AccessToken::new(&text)?)
            }
            Self::Credential { credential, scope } => {
                let token = credential.get_token(&[scope], None).await;
                // The library's error has Entra's description, and no credential.
                let token =
                    token.map_err(|error| TokenError::Refused(first_lines(&error.to_string())))?;
                Ok(AccessToken::new(token.token.secret())?)
            }
        }
    }
}

/// Entra's descriptions go on with ids and times on further lines.
fn first_lines(text: &str) -> String {
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("To troubleshoot"));
    lines.take(2).collect::<Vec<_>>().join(" ").chars().take(500).collect()
}

/// The tokens that were given for the proof.
#[derive(Debug, Clone, Default)]
pub struct Tokens(BTreeMap<TokenKind, TokenSource>);

impl Tokens {
    /// Those that an identity gets from Entra: the good one, for the app's scope, and one for the scope of another API, which
    /// every identity of the tenant can have. Not Microsoft Graph's, whose signatures only Graph can check: an app that
    /// checks no audience refuses those too.
    #[must_use]
    pub fn of(
        credential: &Arc<dyn TokenCredential>,
        scope: impl Into<String>,
        other_scope: impl Into<String>,
    ) -> Self {
        let from =
            |scope: String| TokenSource::Credential { credential: credential.clone(), scope };
        Self::default()
            .with(TokenKind::Good, from(scope.into()))
            .with(TokenKind::WrongAudience, from(other_scope.into()))
    }

    /// Adds or replaces one.
    #[must_use]
    pub fn with(mut self, kind: TokenKind, source: TokenSource) -> Self {
        self.0.insert(kind, source);
        self
    }

    pub(crate) fn source(&self, kind: TokenKind) -> Option<&TokenSource> {
        self.0.get(&kind)
    }
}

#[cfg(test)]
mod tests {
    use super::{TokenError, TokenSource};

    #[tokio::test]
    async fn a_file_that_holds_no_token_is_told_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let missing = TokenSource::File(path.clone()).get().await.unwrap_err();
        assert!(matches!(missing, TokenError::File { .. }), "{missing}");
        tokio::fs::write(&path, "a-secret, but no token").await.unwrap();
        let wrong = TokenSource::File(path.clone()).get().await.unwrap_err();
        assert!(!format!("{wrong} {wrong:?}").contains("secret"), "{wrong}");
        tokio::fs::write(&path, "abc.def.ghi\n").await.unwrap();
        assert_eq!(TokenSource::File(path).get().await.unwrap().expose(), "abc.def.ghi");
    }
}
