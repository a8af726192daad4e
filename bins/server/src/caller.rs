//! The [`Actor`] of an authenticated caller, with the caller's permissions.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use easyauth::{Principal, PrincipalKind, Requirement};
use restaurant_domain::{Actor, Author, Permission, Permissions};

/// The permissions of authenticated callers.
#[derive(Debug, Clone)]
pub struct AccessPolicy {
    /// Whether no caller may write.
    pub read_only: bool,
    /// What reading requires, if anything.
    pub read: Option<Requirement>,
    /// What writing requires, if anything.
    pub write: Option<Requirement>,
    /// The role or scope that MCP requires.
    pub mcp: Requirement,
}

impl AccessPolicy {
    /// The actor for a caller.
    ///
    /// Invariant: a caller that MCP rejects does not write on the pages either, except a user with a browser session, who
    /// grants no scope. A user through a client application needs the scope, an application the role, and a caller of an
    /// unclear kind only reads.
    fn actor(&self, principal: &Principal) -> Actor {
        let has = |permission| self.unmet_by(principal, permission).is_none();
        let may_write = principal.is_session() || self.mcp.is_met_by(principal);
        let permissions = Permissions {
            read: has(Permission::Read),
            write: has(Permission::Write) && may_write && !self.read_only,
        };
        Actor::new(author(principal), permissions)
    }

    /// The requirement of this permission, if there is one and the caller does not meet it.
    pub fn unmet_by(&self, principal: &Principal, permission: Permission) -> Option<&Requirement> {
        let requirement = match permission {
            Permission::Read => self.read.as_ref(),
            _ => self.write.as_ref(),
        };
        requirement.filter(|requirement| !requirement.is_met_by(principal))
    }
}

fn author(principal: &Principal) -> Author {
    match principal.kind() {
        PrincipalKind::User => Author::person(principal.object_id(), principal.name()),
        // A kind that a later version adds is not a person.
        _ => Author::agent(principal.object_id(), principal.name()),
    }
}

/// The caller and the route of a request, in the response's extensions for the log.
#[derive(Debug, Clone)]
pub struct CallerInfo {
    /// `person` or `agent`.
    pub kind: &'static str,
    /// The object id.
    pub id: String,
    /// The route, which the router resolves only after authentication.
    pub route: Option<MatchedPath>,
}

/// Puts the [`Actor`] into the request's extensions. Without a principal there is none, and the adapters permit nothing.
pub async fn insert_actor(
    State(policy): State<Arc<AccessPolicy>>,
    mut request: Request,
    next: Next,
) -> Response {
    let extensions = request.extensions_mut();
    extensions.remove::<Actor>();
    let Some(actor) = extensions.get().map(|principal| policy.actor(principal)) else {
        return next.run(request).await;
    };
    let info = CallerInfo {
        kind: actor.author().kind().as_str(),
        id: actor.author().id().unwrap_or_default().to_owned(),
        route: extensions.get::<MatchedPath>().cloned(),
    };
    extensions.insert(actor);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(info);
    response
}

#[cfg(test)]
mod tests {
    use restaurant_domain::AuthorKind;

    use super::*;

    fn policy() -> AccessPolicy {
        AccessPolicy {
            read_only: false,
            read: None,
            write: None,
            mcp: Requirement::role_or_scope("MCP.Access", "user_impersonation"),
        }
    }

    fn agent(roles: &[&str]) -> Principal {
        Principal::new(PrincipalKind::Application, "1").with_roles(roles.iter().copied())
    }

    #[test]
    fn a_program_writes_with_the_role_and_a_person_at_a_browser_without() {
        let person = Principal::new(PrincipalKind::User, "1").with_name("Ann").with_session();
        assert_eq!(policy().actor(&agent(&["MCP.Access"])).permissions(), Permissions::ALL);
        assert_eq!(policy().actor(&agent(&["MCP.AccessX"])).permissions(), Permissions::READ);
        let actor = policy().actor(&person);
        assert_eq!(actor.permissions(), Permissions::ALL);
        assert_eq!(actor.author().kind(), AuthorKind::Person);
        assert_eq!(actor.author().name(), Some("Ann"));
    }

    #[test]
    fn a_person_through_a_program_writes_with_the_scope() {
        let person = || Principal::new(PrincipalKind::User, "1").with_roles(["MCP.Access"]);
        let permissions = |scopes: &[&str]| {
            policy().actor(&person().with_scopes(scopes.iter().copied())).permissions()
        };
        assert_eq!(permissions(&["user_impersonation"]), Permissions::ALL);
        assert_eq!(permissions(&["other"]), Permissions::READ);
        assert_eq!(permissions(&[]), Permissions::READ, "the kind is unclear");
        let program = agent(&[]).with_session();
        assert_eq!(policy().actor(&program).permissions(), Permissions::READ, "it has no browser");
    }

    #[test]
    fn finer_roles_hold_for_everybody() {
        let finer = AccessPolicy {
            read: Some(Requirement::role("R")),
            write: Some(Requirement::role("W")),
            ..policy()
        };
        let none = Permissions::default();
        assert_eq!(finer.actor(&agent(&["MCP.Access"])).permissions(), none);
        assert_eq!(finer.actor(&agent(&["MCP.Access", "R"])).permissions(), Permissions::READ);
        assert_eq!(finer.actor(&agent(&["MCP.Access", "R", "W"])).permissions(), Permissions::ALL);
        let person = Principal::new(PrincipalKind::User, "1").with_scopes(["R", "W"]);
        assert_eq!(finer.actor(&person).permissions(), none, "a scope is no role");
        let person = person.with_scopes(["user_impersonation"]).with_roles(["R", "W"]);
        assert_eq!(finer.actor(&person).permissions(), Permissions::ALL, "a user's role counts");
        let read_only = AccessPolicy { read_only: true, ..policy() };
        assert_eq!(read_only.actor(&agent(&["MCP.Access"])).permissions(), Permissions::READ);
    }
}
