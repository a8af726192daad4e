//! The app roles and scopes that an operation requires of its caller.

use crate::principal::{Principal, PrincipalKind};

/// The app roles and scopes that an operation requires of its caller.
///
/// Invariants: names are compared whole and case-sensitively, so `MCP.AccessX` is not `MCP.Access`; no caller meets an empty
/// [`Self::any`] or [`Self::all`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement(Rule);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Role(String),
    Scope(String),
    RoleOrScope { role: String, scope: String },
    Any(Vec<Requirement>),
    All(Vec<Requirement>),
}

impl Requirement {
    /// Requires this app role of an application, and this scope of a client that acts for a user. A user's role does not
    /// replace the scope that the user did not grant to the client application.
    pub fn role_or_scope(role: impl Into<String>, scope: impl Into<String>) -> Self {
        Self(Rule::RoleOrScope { role: role.into(), scope: scope.into() })
    }

    /// Requires this app role of every caller. A user's counts too, through a client application or at a browser: combine it
    /// with [`Self::scope`] where the user's consent to the client application matters.
    pub fn role(role: impl Into<String>) -> Self {
        Self(Rule::Role(role.into()))
    }

    /// Requires this scope, which only a client that acts for a user has.
    pub fn scope(scope: impl Into<String>) -> Self {
        Self(Rule::Scope(scope.into()))
    }

    /// Requires at least one of these.
    pub fn any(requirements: impl IntoIterator<Item = Self>) -> Self {
        Self(Rule::Any(requirements.into_iter().collect()))
    }

    /// Requires all of these.
    pub fn all(requirements: impl IntoIterator<Item = Self>) -> Self {
        Self(Rule::All(requirements.into_iter().collect()))
    }

    /// Whether the caller has the required roles and scopes.
    #[must_use]
    pub fn is_met_by(&self, principal: &Principal) -> bool {
        let is_user = principal.kind() == PrincipalKind::User;
        match &self.0 {
            Rule::Scope(scope) => is_user && principal.has_scope(scope),
            Rule::RoleOrScope { scope, .. } if is_user => principal.has_scope(scope),
            Rule::Role(role) | Rule::RoleOrScope { role, .. } => principal.has_role(role),
            Rule::Any(requirements) => requirements.iter().any(|it| it.is_met_by(principal)),
            Rule::All(requirements) => {
                !requirements.is_empty() && requirements.iter().all(|it| it.is_met_by(principal))
            }
        }
    }

    /// All app roles that it names, in order.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.leaves().into_iter().filter_map(|rule| match rule {
            Rule::Role(role) | Rule::RoleOrScope { role, .. } => Some(role.as_str()),
            _ => None,
        })
    }

    /// All scopes that it names, in order.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.leaves().into_iter().filter_map(|rule| match rule {
            Rule::Scope(scope) | Rule::RoleOrScope { scope, .. } => Some(scope.as_str()),
            _ => None,
        })
    }

    /// The rules that contain no others.
    fn leaves(&self) -> Vec<&Rule> {
        match &self.0 {
            Rule::Any(requirements) | Rule::All(requirements) => {
                requirements.iter().flat_map(Self::leaves).collect()
            }
            rule => vec![rule],
        }
    }
}
