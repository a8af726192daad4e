//! What people have granted and clients have not collected yet: authorization codes and refresh tokens.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Seconds for which an authorization code is good.
const CODE_SECONDS: i64 = 600;

/// Seconds for which a refresh token is good: Entra's 90 days. It has to outlive the access token that it renews.
const REFRESH_SECONDS: i64 = 90 * 24 * 3600;

/// Codes and refresh tokens, each good once.
#[derive(Debug, Default)]
pub(crate) struct Grants(HashMap<String, Grant>);

/// That a person lets a client act for them.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) user_id: Uuid,
    pub(crate) client_id: Uuid,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    /// Where the code was sent; a refresh token was sent nowhere.
    pub(crate) redirect_uri: Option<String>,
    /// PKCE (RFC 7636).
    pub(crate) code_challenge: Option<String>,
    pub(crate) expires: i64,
}

impl Grants {
    /// Keeps a grant, and gives the words to collect it by.
    pub(crate) fn keep(&mut self, mut grant: Grant, now: i64) -> String {
        self.0.retain(|_, grant| now < grant.expires);
        let is_code = grant.redirect_uri.is_some();
        grant.expires = now + if is_code { CODE_SECONDS } else { REFRESH_SECONDS };
        let words = format!("0.{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        self.0.insert(words.clone(), grant);
        words
    }

    /// Takes a grant away that is still good.
    pub(crate) fn take(&mut self, words: &str, now: i64) -> Option<Grant> {
        self.0.remove(words).filter(|grant| now < grant.expires)
    }
}

impl Grant {
    /// A grant for which no code was sent.
    pub(super) fn without_code(user_id: Uuid, client_id: Uuid, scope: String) -> Self {
        let (nonce, redirect_uri, code_challenge) = (None, None, None);
        Self { user_id, client_id, scope, nonce, redirect_uri, code_challenge, expires: 0 }
    }

    /// Whether the client that collects it is the one that asked for it.
    pub(crate) fn is_verified_by(&self, verifier: Option<&str>) -> bool {
        match (&self.code_challenge, verifier) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => {
                *challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::LIFETIME_SECONDS;

    fn grant(redirect_uri: Option<&str>) -> Grant {
        Grant {
            user_id: Uuid::nil(),
            client_id: Uuid::nil(),
            scope: String::new(),
            nonce: None,
            redirect_uri: redirect_uri.map(str::to_owned),
            code_challenge: None,
            expires: 0,
        }
    }

    #[test]
    fn a_code_is_soon_stale_and_a_refresh_token_outlives_the_access_token() {
        let mut grants = Grants::default();
        let code = grants.keep(grant(Some("http://127.0.0.1/callback")), 0);
        assert!(grants.take(&code, CODE_SECONDS).is_none());
        let refresh = grants.keep(grant(None), 0);
        assert!(grants.take(&refresh, LIFETIME_SECONDS).is_some());
    }
}
