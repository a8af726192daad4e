//! Agents with an incomplete permission: in one list of two, with the role but in no list, or the reverse.

use super::{Finding, Problem, Remedy, only_in_one};
use crate::{
    Access, AgentRole, Identity, MissingGrant,
    auth_settings::{AuthSettings, CLIENT_LISTS, at},
};

/// The two lists of clients: neither may be empty, and both must be equal. `setup` is what sets up again.
pub(super) fn lists(settings: &AuthSettings, access: &[Access], setup: &Remedy) -> Option<Finding> {
    match CLIENT_LISTS.iter().filter(|list| settings.list(list).is_empty()).count() {
        0 => {}
        1 => return Some(Problem::ListEmpty.remedied_by(setup.clone())),
        _ => return Some(Problem::ListsEmpty.remedied_by(setup.clone())),
    }
    let client = only_in_one(settings)?;
    if settings.text(at::CLIENT_ID).eq_ignore_ascii_case(&client.to_string()) {
        return Some(Problem::AppNotListed.remedied_by(setup.clone()));
    }
    let found = access.iter().find(|it| it.app_id.eq_ignore_ascii_case(&client.to_string()));
    let shall_call =
        found.is_some_and(|it| !it.missing_grants.contains(&MissingGrant::Role) || is_agent(it));
    let remedy = if shall_call { Remedy::Preauthorize(client) } else { Remedy::Remove(client) };
    Some(Problem::ListsDiffer { client }.remedied_by(remedy))
}

/// The first agent without the role, or else the first that is in no list.
pub(super) fn half_let_in(access: &[Access], named: &[Identity]) -> Option<Finding> {
    let known = |identity: &Identity| {
        let mut identities = access.iter().filter_map(|it| it.identity.as_ref());
        identities.any(|it| it == identity)
    };
    let is_named = |identity: &Identity| named.contains(identity);
    let unknown = named.iter().find(|identity| !known(identity)).cloned();
    let without_role = || {
        let mut all = access.iter().filter(|it| it.missing_grants.contains(&MissingGrant::Role));
        let found = all.find(|it| is_agent(it) || it.identity.as_ref().is_some_and(is_named));
        found.and_then(|it| it.identity.clone())
    };
    if let Some(agent) = unknown.or_else(without_role) {
        let remedy = Remedy::Preauthorize(agent.object_id);
        return Some(Problem::AgentWithoutRole { agent }.remedied_by(remedy));
    }
    let mut half = access
        .iter()
        .filter(|it| !it.may_call() && !it.missing_grants.contains(&MissingGrant::Role));
    let agent = half.find_map(|it| {
        // A blueprint makes no calls, and need not let in each of its agents.
        let is_meant = |identity: &&Identity| {
            let is_blueprint = identity.agent_role == AgentRole::Blueprint;
            !is_blueprint && (it.inherits_from.is_none() || is_named(identity))
        };
        it.identity.as_ref().filter(is_meant).cloned()
    })?;
    let remedy = Remedy::Preauthorize(agent.object_id);
    Some(Problem::AgentNotListed { agent }.remedied_by(remedy))
}

/// Whether it can call in its own name alone: people never sign in to managed and agent identities, so without the role
/// its place in the lists is good for nothing.
fn is_agent(access: &Access) -> bool {
    let kind = access.identity.as_ref().map(|identity| &*identity.kind);
    matches!(kind, Some("ServiceIdentity" | "ManagedIdentity"))
}
