//! The layer that requires app roles and scopes of a route's callers.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use http::Request;
use tower::Layer;
use tower_http::validate_request::{
    ValidateRequest, ValidateRequestHeader, ValidateRequestHeaderLayer,
};

use crate::{
    error::AuthnError, principal::Principal, protected_resource::ProtectedResource,
    requirement::Requirement, response,
};

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
            return Err(self.resource.reject(&AuthnError::missing(), &["Bearer"], request));
        };
        if self.requirement.is_met_by(caller) {
            return Ok(());
        }
        // The log names the caller, so that an administrator can assign the role.
        tracing::info!(
            target: "easyauth",
            reason = "the caller lacks the app role or scope",
            role = joined(self.requirement.roles()),
            scope = joined(self.requirement.scopes()),
            caller_id = caller.object_id(),
            caller_kind = ?caller.kind(),
            path = response::logged_path(request),
            "rejected"
        );
        let path = response::original_path(request);
        Err(self.resource.insufficient_scope(&self.requirement, path))
    }
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(" ")
}
