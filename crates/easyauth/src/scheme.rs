//! One way to authenticate a request, and its three outcomes.

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderMap;

use crate::{error::AuthnError, principal::Principal};

/// One way to authenticate a request.
#[async_trait]
pub trait Scheme: Send + Sync {
    /// The name of its credentials for the log, such as `API key`.
    fn name(&self) -> &'static str;

    /// The authentication scheme of its challenge (RFC 9110, section 11.1). A response with 401 has one challenge
    /// (`WWW-Authenticate`) for each. An invalid name, which is no token, is left out.
    fn challenge(&self) -> &'static str {
        "Bearer"
    }

    /// Reads the request's headers. Malformed credentials are [`Outcome::Failed`], never [`Outcome::NotRequested`].
    async fn authenticate(&self, headers: &HeaderMap) -> Outcome;
}

#[async_trait]
impl<S: Scheme + ?Sized> Scheme for Arc<S> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn challenge(&self) -> &'static str {
        (**self).challenge()
    }

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
