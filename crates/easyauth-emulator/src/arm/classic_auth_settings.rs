//! `config/authsettings`: the older document of authentication, which `az webapp auth` reads and writes. It is a view of
//! `authsettingsV2`; what it has and that document has not, is refused.

use axum::{extract::State, response::Response};
use serde_json::{Map, Value, json};

use super::{
    body::Properties,
    error::ArmError,
    site::{SiteId, config},
    version::{IfMatch, versioned},
};
use crate::Cloud;

const NAME: &str = "authsettings";

/// The properties, and where `authsettingsV2` has them.
const SAME: &[(&str, &str)] = &[
    ("enabled", "platform/enabled"),
    ("runtimeVersion", "platform/runtimeVersion"),
    ("unauthenticatedClientAction", "globalValidation/unauthenticatedClientAction"),
    ("tokenStoreEnabled", "login/tokenStore/enabled"),
    ("clientId", "identityProviders/azureActiveDirectory/registration/clientId"),
    ("issuer", "identityProviders/azureActiveDirectory/registration/openIdIssuer"),
    (
        "clientSecretSettingName",
        "identityProviders/azureActiveDirectory/registration/clientSecretSettingName",
    ),
    ("allowedAudiences", "identityProviders/azureActiveDirectory/validation/allowedAudiences"),
    ("allowedExternalRedirectUrls", "login/allowedExternalRedirectUrls"),
];

/// What says nothing of its own.
const IMPLIED: [(&str, &str); 3] =
    [("configVersion", "v2"), ("defaultProvider", "AzureActiveDirectory"), ("kind", "")];

/// `POST …/config/authsettings/list`
pub(super) async fn list(State(cloud): State<Cloud>, id: SiteId) -> Result<Response, ArmError> {
    let mut sites = cloud.sites();
    let site = id.of(&mut sites)?;
    let properties = view(&site.auth_settings);
    Ok(versioned(&cloud, &site.auth_settings, config(site, NAME, &properties)))
}

/// `PUT …/config/authsettings`
pub(super) async fn replace(
    State(cloud): State<Cloud>,
    id: SiteId,
    version: IfMatch,
    Properties(properties): Properties,
) -> Result<Response, ArmError> {
    let mut sites = cloud.sites();
    let site = id.of(&mut sites)?;
    version.check(&cloud, &site.auth_settings)?;
    let mut settings = site.auth_settings.clone();
    merge(&mut settings, &properties)?;
    let Value::Object(checked) = &settings else { return Err(invalid("properties")) };
    super::auth_settings::check(checked)?;
    site.auth_settings = settings;
    cloud.tell_of_site_change();
    let properties = view(&site.auth_settings);
    Ok(versioned(&cloud, &site.auth_settings, config(site, NAME, &properties)))
}

fn view(settings: &Value) -> Value {
    let same = SAME.iter().map(|(name, path)| {
        let value = settings.pointer(&format!("/{path}")).cloned().unwrap_or_default();
        ((*name).to_owned(), value)
    });
    let mut properties: Map<_, _> = same.collect();
    properties.insert("configVersion".to_owned(), json!("v2"));
    Value::Object(properties)
}

fn merge(settings: &mut Value, properties: &Map<String, Value>) -> Result<(), ArmError> {
    for (name, value) in properties.iter().filter(|(_, value)| !value.is_null()) {
        let is_implied = |(known, implied): &(&str, &str)| known == name && value == implied;
        if IMPLIED.iter().any(is_implied) {
            continue;
        }
        let same = SAME.iter().find(|(known, _)| known == name);
        let (_, path) = same.ok_or_else(|| invalid(name))?;
        set(settings, path, value.clone()).ok_or_else(|| invalid(name))?;
    }
    // The older document has no other way to say it.
    set(settings, "globalValidation/requireAuthentication", json!(requires(settings)));
    Ok(())
}

/// Whether the action for requests without a caller is another than to let them pass.
fn requires(settings: &Value) -> bool {
    let action = settings.pointer("/globalValidation/unauthenticatedClientAction");
    action.is_some_and(|action| action != "AllowAnonymous")
}

fn set(document: &mut Value, path: &str, value: Value) -> Option<()> {
    let mut place = document;
    for name in path.split('/') {
        if place.is_null() {
            *place = json!({});
        }
        place = place.as_object_mut()?.entry(name).or_insert(Value::Null);
    }
    *place = value;
    Some(())
}

fn invalid(name: &str) -> ArmError {
    ArmError::bad_request(format!(
        "The parameter properties.{name} has an invalid value, or this emulator does not implement it."
    ))
}
