//! What a route asks of its caller: an app role or a scope.

use std::{
    future::ready,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{body::Body, response::Response};
use http::{Request, StatusCode, header::WWW_AUTHENTICATE};
use tower::{Layer, Service};

use crate::{
    Principal, PrincipalKind, ProtectedResource,
    authentication::{Answer, empty, path, unauthorized},
};

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
}

/// Lets nobody pass who does not meet a requirement: 403 `insufficient_scope` (RFC 6750, section 3.1), and 401 for a request that no [`crate::AuthenticationLayer`] let in.
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

    /// The answer to who may not pass.
    fn refusal(&self, request: &Request<Body>) -> Option<Response> {
        let path = path(request);
        let Some(principal) = request.extensions().get::<Principal>() else {
            tracing::error!(
                "nobody may pass: no AuthenticationLayer stands before the RequirementLayer"
            );
            return Some(unauthorized(&self.resource, path));
        };
        if self.requirement.is_met_by(principal) {
            return None;
        }
        let Requirement { role, scope } = &*self.requirement;
        tracing::info!(
            caller_id = principal.object_id(),
            caller_kind = ?principal.kind(),
            reason = "the caller has not the role, or not the scope",
            role, scope,
            "a caller may not pass"
        );
        let mut response = empty(StatusCode::FORBIDDEN);
        response.headers_mut().insert(WWW_AUTHENTICATE, self.resource.insufficient_scope(path));
        Some(response)
    }
}

impl<S> Layer<S> for RequirementLayer {
    type Service = Required<S>;

    fn layer(&self, inner: S) -> Required<S> {
        Required { inner, gate: self.clone() }
    }
}

/// The service that [`RequirementLayer`] makes.
#[derive(Debug, Clone)]
pub struct Required<S> {
    inner: S,
    gate: RequirementLayer,
}

impl<S> Service<Request<Body>> for Required<S>
where
    S: Service<Request<Body>, Response = Response>,
    S::Error: Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Answer<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.gate.refusal(&request) {
            Some(refusal) => Box::pin(ready(Ok(refusal))),
            None => Box::pin(self.inner.call(request)),
        }
    }
}
