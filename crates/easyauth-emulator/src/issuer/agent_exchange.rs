//! The exchange by which an agent identity gets its tokens: it has no credentials, so its blueprint's token is its assertion.
//! Sources: <https://learn.microsoft.com/entra/agent-id/agent-autonomous-app-oauth-flow> and
//! <https://learn.microsoft.com/entra/agent-id/agent-user-oauth-flow> (read 2026-11-29).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use uuid::{Uuid, uuid};

use super::{client::Client, error::TokenError, form::Parameters};
use crate::{ApiApplication, Application, Cloud, Directory, ServicePrincipal};

/// The audience of tokens that are exchanged for others.
pub(super) const TOKEN_EXCHANGE: &str = "api://AzureADTokenExchange";
/// The application that has this audience, which is the `aud` of its tokens.
const TOKEN_EXCHANGE_ID: Uuid = uuid!("fb60f99c-7a34-4190-8149-302f77469936");

/// The claims of a token that can be exchanged. Its subject is `fmi_path` of the client, or else the client.
pub(super) fn claims(
    cloud: &Cloud,
    directory: &Directory,
    client: &ServicePrincipal,
    fmi_path: Option<&str>,
) -> Value {
    let api =
        ApiApplication { requested_access_token_version: Some(2), ..ApiApplication::default() };
    let exchange = Application { app_id: TOKEN_EXCHANGE_ID, api, ..Application::default() };
    let mut claims = cloud.claims(directory, &exchange).of_client(client);
    if let Some(path) = fmi_path {
        claims["sub"] = json!(subject(directory.tenant_id, client.app_id, path));
    }
    claims
}

/// The subject of a token for a path of a client.
fn subject(tenant_id: Uuid, client_id: Uuid, path: &str) -> String {
    let encode = |id: Uuid| URL_SAFE_NO_PAD.encode(id.to_bytes_le());
    format!("/eid1/c/pub/t/{}/a/{}/{path}", encode(tenant_id), encode(client_id))
}

/// Checks the assertion of an agent identity: a token that its blueprint got for it.
pub(super) fn check_assertion(
    cloud: &Cloud,
    agent_id: Uuid,
    blueprint_id: Uuid,
    assertion: &str,
) -> Result<(), TokenError> {
    let claims = cloud.verify(assertion).ok_or(TokenError::Assertion)?;
    let wanted = subject(cloud.tenant_id(), blueprint_id, &agent_id.to_string());
    let is_for_agent = is_for_exchange(&claims) && claims.get("sub") == Some(&json!(wanted));
    is_for_agent.then_some(()).ok_or(TokenError::Federation)
}

/// The user account of an agent identity that proves by a token of its own that it acts as this account.
pub(super) fn user(cloud: &Cloud, client: &Client, form: &Parameters) -> Result<Uuid, TokenError> {
    let agent_id = client.agent_id.ok_or(TokenError::GrantType)?;
    let credential = form.required("user_federated_identity_credential")?;
    let claims = cloud.verify(credential).ok_or(TokenError::UserAssertion)?;
    let is_own = |name: &str| claims.get(name) == Some(&json!(agent_id));
    if !is_for_exchange(&claims) || !is_own("oid") || !is_own("sub") {
        return Err(TokenError::UserAssertionAudience);
    }
    let directory = cloud.directory();
    let mut users = directory.users.iter();
    let user = match (form.get("user_id"), form.get("username")) {
        (Some(id), _) => users.find(|user| user.id.to_string() == id.to_lowercase()),
        (None, Some(name)) => users.find(|user| user.user_principal_name == name),
        (None, None) => return Err(TokenError::Missing("user_id")),
    };
    let user = user.ok_or(TokenError::NoUser)?;
    let is_its_account = user.identity_parent_id == Some(agent_id);
    is_its_account.then_some(user.id).ok_or(TokenError::Grant)
}

fn is_for_exchange(claims: &Map<String, Value>) -> bool {
    claims.get("aud") == Some(&json!(TOKEN_EXCHANGE_ID))
}
