//! The [`Actor`] of an authenticated caller, with the caller's permissions.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use easyauth::{Principal, PrincipalKind, Requirement};
use restaurant_domain::{Actor, Author, Permissions};

/// The permissions of authenticated callers.
#[derive(Debug, Clone)]
pub struct AccessPolicy {
    /// Whether no caller may write.
    pub read_only: bool,
    /// The app role that reading requires, if any.
    pub read_role: Option<String>,
    /// The app role that writing requires, if any.
    pub write_role: Option<String>,
    /// The role or scope that MCP requires.
    pub requirement: Requirement,
}

impl AccessPolicy {
    /// The actor for a caller.
    ///
    /// Invariant: a caller that MCP rejects does not write on the pages either, except a user with a browser session, who
    /// grants no scope. A user through a client application needs the scope, an application the role, and a caller of an
    /// unclear kind only reads.
    fn actor(&self, principal: &Principal) -> Actor {
        let has = |role: &Option<String>| role.as_ref().is_none_or(|role| principal.has_role(role));
        let may_write = principal.is_session() || self.requirement.is_met_by(principal);
        let permissions = Permissions {
            read: has(&self.read_role),
            write: has(&self.write_role) && may_write && !self.read_only,
        };
        Actor::new(author(principal), permissions)
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
            read_role: None,
            write_role: None,
            requirement: Requirement::role_or_scope("MCP.Access", "user_impersonation"),
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
            read_role: Some("R".to_owned()),
            write_role: Some("W".to_owned()),
            ..policy()
        };
        let none = Permissions::default();
        assert_eq!(finer.actor(&agent(&["MCP.Access"])).permissions(), none);
        assert_eq!(finer.actor(&agent(&["MCP.Access", "R"])).permissions(), Permissions::READ);
        assert_eq!(finer.actor(&agent(&["MCP.Access", "R", "W"])).permissions(), Permissions::ALL);
        let person = Principal::new(PrincipalKind::User, "1").with_scopes(["R", "W"]);
        assert_eq!(finer.actor(&person).permissions(), none, "a scope is no role");
        let read_only = AccessPolicy { read_only: true, ..policy() };
        assert_eq!(read_only.actor(&agent(&["MCP.Access"])).permissions(), Permissions::READ);
    }
}
