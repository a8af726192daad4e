//! The 403 challenge for an MCP request that needs a permission which its caller lacks.

use std::sync::Arc;

use axum::{
    extract::{OriginalUri, Request, State},
    middleware::Next,
    response::Response,
};
use easyauth::{Principal, PrincipalKind, ProtectedResource};
use restaurant_mcp::MissingPermission;

use crate::caller::AccessPolicy;

/// The rules that a refused request is compared with, and the resource of the challenge.
#[derive(Debug, Clone)]
pub struct StepUp {
    /// The requirement of each permission.
    pub policy: Arc<AccessPolicy>,
    /// The protected resource.
    pub resource: Arc<ProtectedResource>,
}

/// Replaces the error of a refused MCP request by 403 `insufficient_scope`, if the caller is a user through a client
/// application that lacks the requirement of the permission.
///
/// An application in its own name keeps the error, which explains what is missing: no authorization that it could request
/// changes its roles.
pub async fn challenge(
    State(StepUp { policy, resource }): State<StepUp>,
    OriginalUri(uri): OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    let user = request.extensions().get::<Principal>().cloned();
    let user = user.filter(|caller| caller.kind() == PrincipalKind::User && !caller.is_session());
    let response = next.run(request).await;
    let missing = response.extensions().get::<MissingPermission>().copied();
    let (Some(user), Some(MissingPermission(permission))) = (user, missing) else {
        return response;
    };
    let Some(requirement) = policy.unmet_by(&user, permission) else { return response };
    let mut challenge = resource.insufficient_scope(requirement, uri.path());
    *challenge.extensions_mut() = response.into_parts().0.extensions;
    challenge
}
