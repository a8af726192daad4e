//! One way to authenticate a request, and its three outcomes.

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderMap;

use crate::{error::AuthnError, principal::Principal};

/// One way to authenticate a request.
#[async_trait]
pub trait Scheme: Send + Sync {
    /// Reads the request's headers. Malformed credentials are [`Outcome::Failed`], never [`Outcome::NotRequested`].
    async fn authenticate(&self, headers: &HeaderMap) -> Outcome;
}

#[async_trait]
impl<S: Scheme + ?Sized> Scheme for Arc<S> {
    async fn authenticate(&self, headers: &HeaderMap) -> Outcome {
        (**self).authenticate(headers).await
    }
}

/// The result of a scheme.
#[derive(Debug)]
pub enum Outcome {
    /// The request has no credentials of this scheme.
    NotRequested,
    /// The credentials are valid, and this is the caller.
    Authenticated(Principal),
    /// The credentials are invalid, or could not be checked.
    Failed(AuthnError),
}

impl<E: Into<AuthnError>> From<Result<Principal, E>> for Outcome {
    fn from(result: Result<Principal, E>) -> Self {
        result.map_or_else(|error| Self::Failed(error.into()), Self::Authenticated)
    }
}
