//! What a route asks of its caller: an app role or a scope.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use axum::response::Response;
use futures_util::future::{Either, Ready, ready};
use http::Request;
use tower::{Layer, Service};

use crate::{AuthnError, Principal, PrincipalKind, ProtectedResource, response};

/// An app role for programs, a scope for people. Nobody has both ways: a person's role does not stand in for the scope that they did not grant to the program.
///
/// Invariant: names are compared whole and by case; `MCP.AccessX` is not `MCP.Access`.
#[derive(Debug, Clone)]
pub struct Requirement {
    role: String,
    scope: String,
}

impl Requirement {
    /// Wants this app role of a program in its own name, and this scope of one that acts for a person.
    #[must_use]
    pub fn role_or_scope(role: impl Into<String>, scope: impl Into<String>) -> Self {
        Self { role: role.into(), scope: scope.into() }
    }

    /// Whether the caller has what is wanted.
    #[must_use]
    pub fn is_met_by(&self, principal: &Principal) -> bool {
        match principal.kind() {
            PrincipalKind::Application => principal.has_role(&self.role),
            PrincipalKind::User => principal.has_scope(&self.scope),
        }
    }

    pub(crate) fn role(&self) -> &str {
        &self.role
    }

    pub(crate) fn scope(&self) -> &str {
        &self.scope
    }
}

/// Lets nobody pass who does not meet a requirement: 403 `insufficient_scope`, and 401 for a request that no [`crate::AuthenticationLayer`] let in.
#[derive(Debug, Clone)]
pub struct RequirementLayer {
    requirement: Arc<Requirement>,
    resource: Arc<ProtectedResource>,
}

impl RequirementLayer {
    /// Asks for this; challenges are the resource's.
    #[must_use]
    pub fn new(requirement: Requirement, resource: Arc<ProtectedResource>) -> Self {
        Self { requirement: Arc::new(requirement), resource }
    }

    /// The answer to a request that may not pass.
    fn refuse<B>(&self, request: &Request<B>) -> Option<Response> {
        match request.extensions().get::<Principal>() {
            None => {
                let missing = AuthnError::Missing;
                Some(response::unauthenticated(&missing, request, &self.resource))
            }
            Some(caller) if self.requirement.is_met_by(caller) => None,
            Some(caller) => Some(response::insufficient_scope(
                caller,
                &self.requirement,
                request,
                &self.resource,
            )),
        }
    }
}

impl<S> Layer<S> for RequirementLayer {
    type Service = Required<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Required { inner, layer: self.clone() }
    }
}

/// The service of [`RequirementLayer`].
#[derive(Debug, Clone)]
pub struct Required<S> {
    inner: S,
    layer: RequirementLayer,
}

impl<S, B> Service<Request<B>> for Required<S>
where
    S: Service<Request<B>, Response = Response>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Either<Ready<Result<Response, S::Error>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.layer.refuse(&request) {
            Some(refused) => Either::Left(ready(Ok(refused))),
            None => Either::Right(self.inner.call(request)),
        }
    }
}
