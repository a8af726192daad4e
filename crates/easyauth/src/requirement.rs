//! The app role or scope that a route requires of its caller.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use http::Request;
use tower::Layer;
use tower_http::validate_request::{
    ValidateRequest, ValidateRequestHeader, ValidateRequestHeaderLayer,
};

use crate::{
    error::AuthnError,
    principal::{Principal, PrincipalKind},
    protected_resource::ProtectedResource,
    response,
};

/// An app role for applications, a scope for users. A user's role does not replace the scope that the user did not grant
/// to the client application.
///
/// Invariant: names are compared whole and case-sensitively; `MCP.AccessX` is not `MCP.Access`.
#[derive(Debug, Clone)]
pub struct Requirement {
    role: String,
    scope: String,
}

impl Requirement {
    /// Requires this app role of an application, and this scope of a client that acts for a user.
    pub fn role_or_scope(role: impl Into<String>, scope: impl Into<String>) -> Self {
        Self { role: role.into(), scope: scope.into() }
    }

    /// Whether the caller has the role or scope.
    #[must_use]
    pub fn is_met_by(&self, principal: &Principal) -> bool {
        match principal.kind() {
            PrincipalKind::Application => principal.has_role(&self.role),
            PrincipalKind::User => principal.has_scope(&self.scope),
        }
    }
}

/// Rejects callers that do not meet a requirement with 403 `insufficient_scope`, and requests without a [`Principal`] with
/// 401.
#[derive(Debug, Clone)]
#[must_use]
pub struct RequirementLayer {
    requirement: Arc<Requirement>,
    resource: Arc<ProtectedResource>,
}

impl RequirementLayer {
    /// Requires this, and challenges for this resource.
    pub fn new(requirement: Requirement, resource: Arc<ProtectedResource>) -> Self {
        Self { requirement: Arc::new(requirement), resource }
    }
}

impl<S> Layer<S> for RequirementLayer {
    type Service = ValidateRequestHeader<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        ValidateRequestHeaderLayer::custom(self.clone()).layer(inner)
    }
}

impl<B> ValidateRequest<B> for RequirementLayer {
    type ResponseBody = Body;

    fn validate(&mut self, request: &mut Request<B>) -> Result<(), Response> {
        let Some(caller) = request.extensions().get::<Principal>() else {
            return Err(self.resource.reject(&AuthnError::missing(), request));
        };
        if self.requirement.is_met_by(caller) {
            return Ok(());
        }
        // The log names the caller, so that an administrator can assign the role.
        tracing::info!(
            target: "easyauth",
            reason = "the caller lacks the app role or scope",
            role = self.requirement.role,
            scope = self.requirement.scope,
            caller_id = caller.object_id(),
            caller_kind = ?caller.kind(),
            path = response::logged_path(request),
            "rejected"
        );
        Err(self.resource.insufficient_scope(request))
    }
}
