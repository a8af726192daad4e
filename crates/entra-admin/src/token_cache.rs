//! The access tokens of one service: each is used for a while, and the last one also where there is no new one.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use azure_core::credentials::{Secret, TokenCredential};
use tokio::time::Instant;

/// How long a token is used again. The Azure CLI takes a second each time that it is asked, and what it gives is good for
/// five minutes at least.
const TOKEN_USE: Duration = Duration::from_secs(120);
/// The time limit of a credential: the Azure CLI may wait for something.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(60);

/// A credential, and the last token that it gave. Clones share the token.
#[derive(Debug, Clone)]
pub(crate) struct TokenCache {
    credential: Arc<dyn TokenCredential>,
    scope: String,
    /// The last token, and since when it is there.
    last: Arc<Mutex<Option<(Instant, Secret)>>>,
}

impl TokenCache {
    pub(crate) fn new(credential: Arc<dyn TokenCredential>, scope: String) -> Self {
        Self { credential, scope, last: Arc::default() }
    }

    /// Returns a token. Where the credential gives none, that is the last one, which the service may still take.
    ///
    /// # Errors
    /// The issuer's reason, without the credential, when there was no token before either.
    pub(crate) async fn token(&self) -> Result<Secret, String> {
        let last = self.last().clone();
        if let Some((since, token)) = &last
            && since.elapsed() < TOKEN_USE
        {
            return Ok(token.clone());
        }
        let scope = [self.scope.as_str()];
        let asked = self.credential.get_token(&scope, None);
        let reason = match tokio::time::timeout(TOKEN_TIMEOUT, asked).await {
            Ok(Ok(token)) => {
                *self.last() = Some((Instant::now(), token.token.clone()));
                return Ok(token.token);
            }
            // The library's error has the issuer's description, and no credential.
            Ok(Err(error)) => error.to_string().lines().next().unwrap_or_default().to_owned(),
            Err(_) => format!("the credential gave none within {} s", TOKEN_TIMEOUT.as_secs()),
        };
        last.map(|(_, token)| token).ok_or(reason)
    }

    fn last(&self) -> MutexGuard<'_, Option<(Instant, Secret)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        time::Duration,
    };

    use azure_core::{
        credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions},
        error::ErrorKind,
        time::OffsetDateTime,
    };

    use super::TokenCache;

    /// A credential that gives some tokens, then errors, or no answer at all.
    #[derive(Debug)]
    struct Ends {
        after: u32,
        hangs: bool,
        asked: AtomicU32,
    }

    #[async_trait::async_trait]
    impl TokenCredential for Ends {
        async fn get_token(
            &self,
            _: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<AccessToken> {
            let nth = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            if nth <= self.after {
                let token = Secret::new(format!("token {nth}"));
                return Ok(AccessToken::new(token, OffsetDateTime::UNIX_EPOCH));
            }
            if self.hangs {
                std::future::pending::<()>().await;
            }
            Err(azure_core::Error::with_message(ErrorKind::Credential, "signed out"))
        }
    }

    fn ends(after: u32, hangs: bool) -> TokenCache {
        let credential = Ends { after, hangs, asked: AtomicU32::new(0) };
        TokenCache::new(Arc::new(credential), "a scope".to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_used_for_a_while_and_the_last_one_where_there_is_no_new_one() {
        for hangs in [false, true] {
            let cache = ends(2, hangs);
            for token in ["token 1", "token 1", "token 2", "token 2", "token 2", "token 2"] {
                assert_eq!(cache.token().await.unwrap().secret(), token, "hangs: {hangs}");
                tokio::time::advance(Duration::from_secs(80)).await;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_first_token_that_does_not_come_is_told() {
        assert_eq!(ends(0, false).token().await.unwrap_err(), "signed out");
        let reason = ends(0, true).token().await.unwrap_err();
        assert_eq!(reason, "the credential gave none within 60 s");
    }
}
