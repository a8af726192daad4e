//! The caller as an argument of an axum handler.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::request::Parts;

use crate::{challenge, principal::Principal};

/// The rejection of a request without a caller, because the route has no [`crate::AuthenticationLayer`]: a 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request has no caller")]
pub struct NotAuthenticated;

impl IntoResponse for NotAuthenticated {
    fn into_response(self) -> Response {
        challenge::unauthorized_anywhere()
    }
}

/// The caller that [`crate::AuthenticationLayer`] authenticated.
impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = NotAuthenticated;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NotAuthenticated> {
        parts.extensions.get().cloned().ok_or(NotAuthenticated)
    }
}

/// The caller, or `None` on routes without authentication.
impl<S: Sync> OptionalFromRequestParts<S> for Principal {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get().cloned())
    }
}
