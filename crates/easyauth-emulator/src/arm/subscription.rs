//! Subscriptions, tenants and resource groups, as the web apps' ids name them.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{
    error::ArmError,
    site::{LOCATION, check_subscription, no_such_group},
};
use crate::Cloud;

/// `GET /subscriptions`
pub(super) async fn list(State(cloud): State<Cloud>) -> Json<Value> {
    let ids = cloud.sites().iter().filter_map(|site| Some(part(&site.id, 2)?.to_owned())).collect();
    let ids: std::collections::BTreeSet<String> = ids;
    Json(json!({ "value": ids.iter().map(|id| render(&cloud, id)).collect::<Vec<_>>() }))
}

/// `GET /subscriptions/{subscription}`
pub(super) async fn find(
    State(cloud): State<Cloud>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ArmError> {
    check_subscription(&cloud.sites(), &id)?;
    Ok(Json(render(&cloud, &id)))
}

/// `GET /tenants`
pub(super) async fn tenants(State(cloud): State<Cloud>) -> Json<Value> {
    let id = cloud.tenant_id();
    let tenant = json!({
        "id": format!("/tenants/{id}"),
        "tenantId": id,
        "displayName": "Emulated tenant",
        "tenantCategory": "Home",
    });
    Json(json!({ "value": [tenant] }))
}

/// `GET /subscriptions/{subscription}/resourceGroups`
pub(super) async fn groups(
    State(cloud): State<Cloud>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ArmError> {
    check_subscription(&cloud.sites(), &id)?;
    Ok(Json(json!({ "value": groups_of(&cloud, &id).into_values().collect::<Vec<_>>() })))
}

/// `GET /subscriptions/{subscription}/resourceGroups/{group}`
pub(super) async fn group(
    State(cloud): State<Cloud>,
    Path((id, group)): Path<(String, String)>,
) -> Result<Json<Value>, ArmError> {
    check_subscription(&cloud.sites(), &id)?;
    groups_of(&cloud, &id).remove(&group).map(Json).ok_or_else(|| no_such_group(&group))
}

/// `GET …/providers/Microsoft.Authorization/roleAssignments` and `…/roleDefinitions`: roles of Azure are not emulated, so there
/// are none.
pub(super) async fn nothing() -> Json<Value> {
    Json(json!({ "value": [] }))
}

/// The groups of a subscription, by their names in lower case.
fn groups_of(cloud: &Cloud, subscription: &str) -> BTreeMap<String, Value> {
    let sites = cloud.sites();
    let ids = sites.iter().filter_map(|site| {
        let of = part(&site.id, 2)?.eq_ignore_ascii_case(subscription);
        Some((part(&site.id, 2)?, part(&site.id, 4)?)).filter(|_| of)
    });
    let groups = ids.map(|(subscription, name)| {
        let group = json!({
            "id": format!("/subscriptions/{subscription}/resourceGroups/{name}"),
            "name": name,
            "type": "Microsoft.Resources/resourceGroups",
            "location": LOCATION,
            "properties": { "provisioningState": "Succeeded" },
        });
        (name.to_lowercase(), group)
    });
    groups.collect()
}

/// A part of a resource id between its slashes.
fn part(id: &str, at: usize) -> Option<&str> {
    id.split('/').nth(at)
}

fn render(cloud: &Cloud, id: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{id}"),
        "subscriptionId": id,
        "tenantId": cloud.tenant_id(),
        "displayName": "Emulated subscription",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
    })
}
