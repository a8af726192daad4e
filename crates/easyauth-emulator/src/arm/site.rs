//! Web apps: finding, listing, restarting them.

use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE, request::Parts};
use serde_json::{Value, json};

use super::error::ArmError;
use crate::{Cloud, Directory, Site};

/// Where they all are.
pub(super) const LOCATION: &str = "West Europe";

/// What a path says of a web app.
#[derive(Debug, Clone)]
pub(super) struct SiteId {
    subscription: String,
    group: String,
    name: String,
}

impl<S: Send + Sync> FromRequestParts<S> for SiteId {
    type Rejection = ArmError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ArmError> {
        let path: Result<Path<(String, String, String)>, _> =
            Path::from_request_parts(parts, state).await;
        let Path((subscription, group, name)) =
            path.map_err(|_| ArmError::bad_request("The path cannot be read."))?;
        Ok(Self { subscription, group, name })
    }
}

impl SiteId {
    /// The web app, to read or change.
    ///
    /// # Errors
    /// There is no such subscription, resource group, or web app.
    pub(super) fn of<'a>(&self, sites: &'a mut [Site]) -> Result<&'a mut Site, ArmError> {
        let Self { subscription, group, name } = self;
        let subscription = format!("/subscriptions/{subscription}/");
        let group_path = format!("{subscription}resourcegroups/{group}/");
        let id = format!("{group_path}providers/microsoft.web/sites/{name}");
        check_subscription(sites, &self.subscription)?;
        if !sites.iter().any(|site| site.id.to_lowercase().starts_with(&group_path)) {
            return Err(no_such_group(group));
        }
        sites.iter_mut().find(|site| site.id.to_lowercase() == id).ok_or_else(|| {
            let message = format!(
                "The Resource 'Microsoft.Web/sites/{name}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
            );
            ArmError::not_found("ResourceNotFound", message)
        })
    }
}

/// `GET …/sites/{name}`
pub(super) async fn find(State(cloud): State<Cloud>, id: SiteId) -> Result<Json<Value>, ArmError> {
    let site = id.of(&mut cloud.sites())?.clone();
    Ok(Json(render(&cloud.directory(), &site)))
}

/// `GET /subscriptions/{subscription}/providers/Microsoft.Web/sites`
pub(super) async fn of_subscription(
    State(cloud): State<Cloud>,
    Path(subscription): Path<String>,
) -> Result<Json<Value>, ArmError> {
    let sites = cloud.sites().clone();
    check_subscription(&sites, &subscription)?;
    Ok(below(&cloud, &sites, &format!("/subscriptions/{subscription}/")))
}

/// `GET /subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites`
pub(super) async fn of_group(
    State(cloud): State<Cloud>,
    Path((subscription, group)): Path<(String, String)>,
) -> Result<Json<Value>, ArmError> {
    let sites = cloud.sites().clone();
    check_subscription(&sites, &subscription)?;
    Ok(below(&cloud, &sites, &format!("/subscriptions/{subscription}/resourcegroups/{group}/")))
}

/// `POST …/sites/{name}/restart`
pub(super) async fn restart(
    State(cloud): State<Cloud>,
    id: SiteId,
) -> Result<StatusCode, ArmError> {
    id.of(&mut cloud.sites())?.restarts += 1;
    cloud.tell_of_site_change();
    Ok(StatusCode::OK)
}

/// `GET …/config/web`
pub(super) async fn web_config(
    State(cloud): State<Cloud>,
    id: SiteId,
) -> Result<Json<Value>, ArmError> {
    Ok(config(id.of(&mut cloud.sites())?, "web", &site_config()))
}

/// `GET …/config/slotConfigNames`: there are no slots.
pub(super) async fn slot_names(
    State(cloud): State<Cloud>,
    id: SiteId,
) -> Result<Json<Value>, ArmError> {
    let none = json!({ "appSettingNames": null, "connectionStringNames": null });
    Ok(config(id.of(&mut cloud.sites())?, "slotConfigNames", &none))
}

/// `POST …/publishxml`: a profile without an address, since nothing can be published.
pub(super) async fn publishing_profiles(
    State(cloud): State<Cloud>,
    id: SiteId,
) -> Result<Response, ArmError> {
    id.of(&mut cloud.sites())?;
    let profile =
        "<publishData><publishProfile publishMethod=\"FTP\" publishUrl=\"\"/></publishData>";
    Ok(([(CONTENT_TYPE, "application/xml")], profile).into_response())
}

pub(super) fn no_such_group(group: &str) -> ArmError {
    let message = format!("Resource group '{group}' could not be found.");
    ArmError::not_found("ResourceGroupNotFound", message)
}

fn site_config() -> Value {
    json!({ "minTlsVersion": "1.2", "ftpsState": "Disabled" })
}

/// A setting document of a web app.
pub(super) fn config(site: &Site, name: &str, properties: &Value) -> Json<Value> {
    Json(json!({
        "id": format!("{}/config/{name}", site.id),
        "name": name,
        "type": "Microsoft.Web/sites/config",
        "location": LOCATION,
        "properties": properties,
    }))
}

pub(super) fn check_subscription(sites: &[Site], subscription: &str) -> Result<(), ArmError> {
    let prefix = format!("/subscriptions/{subscription}/");
    if sites.iter().any(|site| site.id.to_lowercase().starts_with(&prefix)) {
        return Ok(());
    }
    let message = format!("The subscription '{subscription}' could not be found.");
    Err(ArmError::not_found("SubscriptionNotFound", message))
}

fn below(cloud: &Cloud, sites: &[Site], prefix: &str) -> Json<Value> {
    let directory = cloud.directory();
    let sites = sites.iter().filter(|site| site.id.to_lowercase().starts_with(prefix));
    let sites: Vec<_> = sites.map(|site| render(&directory, site)).collect();
    Json(json!({ "value": sites }))
}

/// The part of a web app's id up to the provider.
fn provider(id: &str) -> &str {
    id.rsplit_once("/sites/").map_or(id, |(provider, _)| provider)
}

/// As Resource Manager shows it. The identity is the managed identity that has the web app's name; the host name is the setting `WEBSITE_HOSTNAME`, or what Azure would call it.
fn render(directory: &Directory, site: &Site) -> Value {
    let default_host = || format!("{}.azurewebsites.net", site.name);
    let host = site.app_settings.get("WEBSITE_HOSTNAME").cloned().unwrap_or_else(default_host);
    let identity = directory.service_principals.iter().find(|principal| {
        principal.service_principal_type == "ManagedIdentity" && principal.display_name == site.name
    });
    let mut object = json!({
        "id": site.id,
        "name": site.name,
        "type": "Microsoft.Web/sites",
        "kind": "app,linux,container",
        "location": LOCATION,
        "properties": {
            "state": "Running",
            "enabled": true,
            "httpsOnly": true,
            "defaultHostName": host,
            "hostNames": [host],
            "enabledHostNames": [host],
            "siteConfig": site_config(),
            "resourceGroup": site.id.split('/').nth(4),
            "serverFarmId": format!("{}/serverfarms/plan", provider(&site.id)),
            "hostNameSslStates": [],
            "sku": "Basic",
        },
    });
    if let Some(identity) = identity {
        object["identity"] = json!({
            "type": "SystemAssigned",
            "principalId": identity.id,
            "tenantId": directory.tenant_id,
        });
    }
    object
}
