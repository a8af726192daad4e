//! The [`Actor`] of an authenticated caller, with the caller's permissions.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use easyauth::{Principal, PrincipalKind, Requirement};
use restaurant_domain::{Actor, AuthorKind, Budget, Permission, Permissions};

use crate::attribution;

/// The permissions of authenticated callers.
#[derive(Debug, Clone)]
pub struct AccessPolicy {
    /// Whether no caller may write.
    pub read_only: bool,
    /// What reading requires, if anything.
    pub read: OperationPolicy,
    /// What writing requires, if anything.
    pub write: OperationPolicy,
    /// The role or scope that MCP requires.
    pub mcp: Requirement,
    /// The role that a person needs, besides the permission to write, to hide and restore what others wrote.
    pub moderate: Requirement,
    /// How much each caller may write.
    pub budgets: Budgets,
}

/// What an operation requires, in addition to what MCP requires.
#[derive(Debug, Clone, Default)]
pub struct OperationPolicy {
    /// The app role of every caller.
    pub role: Option<Requirement>,
    /// The scopes of a client application that acts for a user: those of MCP too, since a client that asks for them asks for
    /// all that it needs.
    pub scope: Option<Requirement>,
}

impl OperationPolicy {
    /// The requirement that the caller does not meet, if any: the role first, because a client can request a scope only.
    fn unmet_by(&self, principal: &Principal) -> Option<&Requirement> {
        let is_delegated = principal.kind() == PrincipalKind::User && !principal.is_session();
        let scope = self.scope.as_ref().filter(|_| is_delegated);
        self.role.iter().chain(scope).find(|requirement| !requirement.is_met_by(principal))
    }
}

/// How much each caller may write.
#[derive(Debug, Clone, Copy, Default)]
pub struct Budgets {
    /// A program, also one that acts for a person.
    pub agent: Budget,
    /// A person at a browser.
    pub person: Budget,
}

impl Budgets {
    /// The budget of a kind of author.
    fn of(&self, kind: AuthorKind) -> Budget {
        match kind {
            AuthorKind::Person => self.person,
            kind if kind.is_agent() => self.agent,
            _ => Budget::default(),
        }
    }
}

impl AccessPolicy {
    /// The actor for a caller.
    ///
    /// Invariant: the permissions come from [`Principal::kind`], roles, scopes and session alone. The claims that only attribute
    /// a write ([`attribution::author`]) may take the permission to moderate away, and never add one.
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
        let author = attribution::author(principal);
        let may_moderate =
            author.kind() == AuthorKind::Person && self.moderate.is_met_by(principal);
        let actor = Actor::new(author, permissions);
        if may_moderate { actor.moderator() } else { actor }
    }

    /// The requirement of this permission, if there is one and the caller does not meet it.
    pub fn unmet_by(&self, principal: &Principal, permission: Permission) -> Option<&Requirement> {
        match permission {
            Permission::Read => self.read.unmet_by(principal),
            _ => self.write.unmet_by(principal),
        }
    }
}

/// The caller and the route of a request, in the response's extensions for the log.
#[derive(Debug, Clone)]
pub struct CallerInfo {
    /// The kind of author, such as `person` or `agent`.
    pub kind: &'static str,
    /// The object id.
    pub id: String,
    /// The client application.
    pub client: Option<String>,
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
    let mut context = attribution::context(extensions);
    context.budget = policy.budgets.of(actor.author().kind());
    let actor = actor.with_context(context);
    let info = CallerInfo {
        kind: actor.author().kind().as_str(),
        id: actor.author().id().unwrap_or_default().to_owned(),
        client: actor.author().client().map(|client| client.id().to_owned()),
        route: extensions.get::<MatchedPath>().cloned(),
    };
    extensions.insert(actor);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(info);
    response
}

/// Puts the actor of every caller into the request's extensions, where there is no authentication.
pub async fn insert_anonymous(
    State(actor): State<Arc<Actor>>,
    mut request: Request,
    next: Next,
) -> Response {
    let context = attribution::context(request.extensions());
    request.extensions_mut().insert(Actor::clone(&actor).with_context(context));
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample, sample::select};

    use super::*;

    fn policy() -> AccessPolicy {
        AccessPolicy {
            read_only: false,
            read: OperationPolicy::default(),
            write: OperationPolicy::default(),
            mcp: Requirement::role_or_scope("MCP.Access", "user_impersonation"),
            moderate: Requirement::role("Reviews.Moderate"),
            budgets: Budgets::default(),
        }
    }

    fn role(name: &str) -> OperationPolicy {
        OperationPolicy { role: Some(Requirement::role(name)), scope: None }
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
        let finer = AccessPolicy { read: role("R"), write: role("W"), ..policy() };
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

    #[test]
    fn a_scope_of_an_operation_is_asked_of_clients_that_act_for_a_user() {
        let scope = Requirement::all([policy().mcp, Requirement::scope("Write")]);
        let finer = AccessPolicy {
            write: OperationPolicy { role: Some(Requirement::role("W")), scope: Some(scope) },
            ..policy()
        };
        let user = || Principal::new(PrincipalKind::User, "1").with_roles(["W"]);
        let permissions = |principal: Principal| finer.actor(&principal).permissions();
        let reader = user().with_scopes(["user_impersonation"]);
        assert_eq!(permissions(reader.clone()), Permissions::READ);
        let missing = finer.unmet_by(&reader, Permission::Write).unwrap();
        assert_eq!(missing.scopes().collect::<Vec<_>>(), ["user_impersonation", "Write"]);
        let without_role = reader.with_roles(Vec::<String>::new());
        let missing = finer.unmet_by(&without_role, Permission::Write).unwrap();
        assert_eq!(missing.scopes().count(), 0, "no scope replaces the role");
        assert_eq!(permissions(user().with_scopes(["Write"])), Permissions::READ);
        let writer = user().with_scopes(["user_impersonation", "Write"]);
        assert_eq!(permissions(writer), Permissions::ALL);
        assert_eq!(permissions(user().with_session()), Permissions::ALL, "a session has no scopes");
        assert_eq!(
            permissions(agent(&["MCP.Access", "W"])),
            Permissions::ALL,
            "nor an application"
        );
    }

    #[test]
    fn a_person_at_a_browser_moderates_with_the_role() {
        let may = |principal: Principal| policy().actor(&principal).may_moderate().is_ok();
        let person = || Principal::new(PrincipalKind::User, "1").with_session();
        assert!(may(person().with_roles(["Reviews.Moderate"])));
        assert!(!may(person().with_roles(["Reviews.ModerateX"])));
        assert!(!may(person().with_scopes(["Reviews.Moderate"])), "a scope is no role");
        let through = Principal::new(PrincipalKind::User, "1").with_scopes(["user_impersonation"]);
        assert!(!may(through.with_roles(["Reviews.Moderate"])), "a program acts for the person");
        assert!(!may(agent(&["MCP.Access", "Reviews.Moderate"])));
    }

    proptest! {
        /// The claims that attribute a write give no permission that the same caller has not without them.
        #[test]
        fn no_claim_of_attribution_widens_a_permission(
            is_application in any::<bool>(),
            is_session in any::<bool>(),
            roles in sample::subsequence(vec!["MCP.Access", "Reviews.Moderate", "R", "W"], 0..=4),
            scopes in sample::subsequence(vec!["user_impersonation", "Reviews.Moderate"], 0..=2),
            claims in vec((select(attribution::CLAIMS.to_vec()), vec("[0-9 a-zA-Z.]{0,12}", 0..3)), 0..6),
        ) {
            let kind = if is_application { PrincipalKind::Application } else { PrincipalKind::User };
            let bare = Principal::new(kind, "1").with_roles(roles).with_scopes(scopes);
            let bare = if is_session { bare.with_session() } else { bare };
            let claims = claims.into_iter().map(|(name, values)| (name.to_owned(), values));
            let claimed = bare.clone().with_claims(claims);
            for policy in [
                policy(),
                AccessPolicy {
                    read: role("R"),
                    write: role("W"),
                    ..policy()
                },
            ] {
                let (bare, claimed) = (policy.actor(&bare), policy.actor(&claimed));
                prop_assert_eq!(bare.permissions(), claimed.permissions());
                prop_assert!(bare.may_moderate().is_ok() || claimed.may_moderate().is_err());
                prop_assert_eq!(bare.author().id(), claimed.author().id());
            }
        }
    }
}
