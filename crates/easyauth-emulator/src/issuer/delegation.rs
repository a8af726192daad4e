//! The request of a client for a person's token: whether its API, its scopes and itself fit.

use serde_json::Value;
use uuid::Uuid;

use super::{
    error::TokenError,
    token::{audience, check_resource, resource},
};
use crate::{Application, Cloud};

/// Checks a request for scopes, in the order that is documented nowhere: the API is in the tenant (500011), it is not the
/// client itself (90009), its name is the `resource` (9010010), and the client needs no consent (65001). Whether the API
/// defines the scopes (70011) is checked with the code.
pub(super) fn check(
    cloud: &Cloud,
    client_id: Uuid,
    scope: &str,
    target: Option<&str>,
) -> Result<(), TokenError> {
    let api = audience(client_id, scope);
    if api == client_id.to_string() {
        return check_resource(cloud, client_id, scope, target);
    }
    let options = cloud.options().issuer.clone();
    {
        let directory = cloud.directory();
        let owner = resource(cloud, &directory, &api)?;
        if options.refuses_own_scope && owner.app_id == client_id {
            return Err(TokenError::OwnScope);
        }
    }
    check_resource(cloud, client_id, scope, target)?;
    let directory = cloud.directory();
    let owner = resource(cloud, &directory, &api)?;
    let of_api = scope.split(' ').filter_map(|scope| scope.rsplit_once('/'));
    let names: Vec<_> = of_api.filter(|(it, _)| *it == api).map(|(_, name)| name).collect();
    if options.asks_consent && !is_preauthorized(owner, client_id, &names) {
        return Err(TokenError::NoConsent);
    }
    Ok(())
}

/// Whether an API has a client among its preauthorized ones, with all of these scopes.
fn is_preauthorized(api: &Application, client_id: Uuid, scopes: &[&str]) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
    let mut entries = api.api.pre_authorized_applications.iter();
    let entry = entries.find(|entry| text(&entry["appId"]) == client_id.to_string());
    let Some(entry) = entry else { return false };
    let ids = entry["delegatedPermissionIds"].as_array().into_iter().flatten();
    let ids: Vec<_> = ids.map(text).collect();
    let defined = api.api.oauth2_permission_scopes.iter();
    let is_covered = |id: Uuid| ids.contains(&id.to_string());
    if scopes == [".default"] {
        return defined.filter(|it| it.is_enabled).all(|it| is_covered(it.id));
    }
    scopes.iter().all(|name| defined.clone().any(|it| it.value == *name && is_covered(it.id)))
}
