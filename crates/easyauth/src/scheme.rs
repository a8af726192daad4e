//! A way in which a request may say who calls, and its three outcomes.

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderMap;

use crate::{ClientPrincipalError, Principal, TokenError};

/// A way in which a request may say who calls.
#[async_trait]
pub trait Scheme: Send + Sync {
    /// Reads the request's headers. Whatever is there but wrong is [`Outcome::Failed`], never "nobody".
    async fn authenticate(&self, headers: &HeaderMap) -> Outcome;
}

#[async_trait]
impl<S: Scheme + ?Sized> Scheme for Arc<S> {
    async fn authenticate(&self, headers: &HeaderMap) -> Outcome {
        (**self).authenticate(headers).await
    }
}

/// What a scheme found.
#[derive(Debug)]
pub enum Outcome {
    /// The request has nothing that the scheme reads.
    NotRequested,
    /// The caller is known.
    Authenticated(Principal),
    /// The request has something that the scheme reads, and it is refused.
    Failed(AuthnError),
}

/// Why a caller was not let in. It is for the log: the caller is told nothing of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthnError {
    /// Nothing in the request says who calls, or not all that has to.
    #[error("the request names no caller")]
    Missing,
    /// The platform's header is wrong.
    #[error("the platform's header: {0}")]
    ClientPrincipalHeader(#[from] ClientPrincipalError),
    /// The access token is wrong.
    #[error("access token: {0}")]
    Token(#[from] TokenError),
    /// Two schemes name two callers.
    #[error("the platform's header and the access token name different callers")]
    DifferentCallers,
}

impl AuthnError {
    /// Whether the refusal is no verdict on the caller: the keys to judge by could not be had, and they may try again.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.retry_after_seconds().is_some()
    }

    /// Seconds after which they may.
    pub(crate) fn retry_after_seconds(&self) -> Option<u32> {
        match self {
            Self::Token(refusal) => refusal.retry_after_seconds(),
            _ => None,
        }
    }
}
