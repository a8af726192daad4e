//! The claims that tokens of agents have besides. Source: <https://learn.microsoft.com/entra/agent-id/agent-token-claims>
//! (read 2026-11-29), whose examples these are.

use serde_json::{Value, json};

use crate::{ServicePrincipal, User};

/// The facets of an agent identity, one of which is 11.
const AGENT_IDENTITY: &str = "3 9 11";
/// The facets of the user account of an agent, one of which is 13.
const AGENT_USER: &str = "3 13";
/// The facets of a person.
const PERSON: &str = "2 3";
const TENANT: &str = "3 9";
/// A service principal of the tenant, and a member of it.
const PRINCIPAL: &str = "7 10";
const MEMBER: &str = "1 8";

/// Of an agent identity in its own name.
pub(super) fn of_client(client: &ServicePrincipal) -> Value {
    if !client.is_agent_identity() {
        return json!({});
    }
    of_agent(client, AGENT_IDENTITY, PRINCIPAL)
}

/// Of an agent identity that acts for a person, or as its own user account.
pub(super) fn of_user(user: &User, client: Option<&ServicePrincipal>) -> Value {
    let subject = if user.is_agent_user() { AGENT_USER } else { PERSON };
    client.map_or(json!({}), |client| of_agent(client, subject, MEMBER))
}

fn of_agent(client: &ServicePrincipal, subject: &str, relation: &str) -> Value {
    let mut claims = json!({
        "xms_act_fct": AGENT_IDENTITY,
        "xms_sub_fct": subject,
        "xms_tnt_fct": TENANT,
        "xms_idrel": relation,
    });
    if let Some(blueprint) = client.agent_identity_blueprint_id {
        claims["xms_par_app_azp"] = json!(blueprint);
    }
    claims
}
