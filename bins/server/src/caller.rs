//! From who the identity provider says calls to who acts here, and what they may do.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use easyauth::{Principal, PrincipalKind, Requirement};
use restaurant_domain::{Actor, Author, Permissions};

/// Who may do what.
#[derive(Debug, Clone)]
pub struct AccessPolicy {
    /// Nobody may write.
    pub read_only: bool,
    /// The app role without which nobody may read.
    pub read_role: Option<String>,
    /// The app role without which nobody may write.
    pub write_role: Option<String>,
    /// What MCP asks of its callers.
    pub requirement: Requirement,
}

impl AccessPolicy {
    /// The caller as the adapters know them.
    ///
    /// Invariant: whom MCP refuses does not write on the pages either, but for a person at a browser: nobody grants a
    /// scope there. A person through a program needs the scope, a program the role, and an unclear kind only reads.
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
        // A kind that a later version knows is no person.
        _ => Author::agent(principal.object_id(), principal.name()),
    }
}

/// Who called what, for the request's log line.
#[derive(Debug, Clone)]
pub struct CallerInfo {
    /// `person` or `agent`.
    pub kind: &'static str,
    /// The object id.
    pub id: String,
    /// The route, which nobody knows outside of the authentication.
    pub route: Option<MatchedPath>,
}

/// Puts the [`Actor`] into the request; without a principal there is none, and the adapters serve nobody.
pub async fn insert_actor(
    State(callers): State<Arc<AccessPolicy>>,
    mut request: Request,
    next: Next,
) -> Response {
    let extensions = request.extensions_mut();
    extensions.remove::<Actor>();
    let Some(actor) = extensions.get().map(|principal| callers.actor(principal)) else {
        return next.run(request).await;
    };
    let id = actor.author().id().unwrap_or_default().to_owned();
    let info = CallerInfo {
        kind: actor.author().kind().as_str(),
        id,
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

    fn callers() -> AccessPolicy {
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
        assert_eq!(callers().actor(&agent(&["MCP.Access"])).permissions(), Permissions::ALL);
        assert_eq!(callers().actor(&agent(&["MCP.AccessX"])).permissions(), Permissions::READ);
        let actor = callers().actor(&person);
        assert_eq!(actor.permissions(), Permissions::ALL);
        assert_eq!(actor.author().kind(), AuthorKind::Person);
        assert_eq!(actor.author().name(), Some("Ann"));
    }

    #[test]
    fn a_person_through_a_program_writes_with_the_scope() {
        let person = || Principal::new(PrincipalKind::User, "1").with_roles(["MCP.Access"]);
        let permissions = |scopes: &[&str]| {
            callers().actor(&person().with_scopes(scopes.iter().copied())).permissions()
        };
        assert_eq!(permissions(&["user_impersonation"]), Permissions::ALL);
        assert_eq!(permissions(&["other"]), Permissions::READ);
        assert_eq!(permissions(&[]), Permissions::READ, "the kind is unclear");
        let program = agent(&[]).with_session();
        assert_eq!(callers().actor(&program).permissions(), Permissions::READ, "it has no browser");
    }

    #[test]
    fn finer_roles_hold_for_everybody() {
        let finer = AccessPolicy {
            read_role: Some("R".to_owned()),
            write_role: Some("W".to_owned()),
            ..callers()
        };
        let none = Permissions::default();
        assert_eq!(finer.actor(&agent(&["MCP.Access"])).permissions(), none);
        assert_eq!(finer.actor(&agent(&["MCP.Access", "R"])).permissions(), Permissions::READ);
        assert_eq!(finer.actor(&agent(&["MCP.Access", "R", "W"])).permissions(), Permissions::ALL);
        let person = Principal::new(PrincipalKind::User, "1").with_scopes(["R", "W"]);
        assert_eq!(finer.actor(&person).permissions(), none, "a scope is no role");
        let read_only = AccessPolicy { read_only: true, ..callers() };
        assert_eq!(read_only.actor(&agent(&["MCP.Access"])).permissions(), Permissions::READ);
    }
}
