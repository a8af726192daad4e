//! What a route asks of its caller: an app role or a scope.

use std::sync::Arc;

use crate::{Principal, PrincipalKind, ProtectedResource};

/// An app role for programs, a scope for people. Nobody has both ways: a person's role does not stand in for the scope that they did not grant to the program.
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

/// Lets nobody pass who does not meet a requirement: 403 `insufficient_scope`, and 401 for a request that no [`crate::AuthenticationLayer`] let in.
#[derive(Debug, Clone)]
pub struct RequirementLayer {
    requirement: Requirement,
    resource: Arc<ProtectedResource>,
}

impl RequirementLayer {
    /// Asks for this; challenges are the resource's.
    #[must_use]
    pub fn new(requirement: Requirement, resource: Arc<ProtectedResource>) -> Self {
        Self { requirement, resource }
    }
}
