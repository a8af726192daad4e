//! `config/authsettingsV2`: how the platform authenticates the callers of a web app.

use axum::{extract::State, response::Response};
use serde_json::{Map, Value};

use super::{
    body::Properties,
    error::ArmError,
    site::{SiteId, config},
    version::{IfMatch, versioned},
};
use crate::Cloud;

const NAME: &str = "authsettingsV2";

/// What a property must be.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Flag,
    Text,
    Texts,
    OneOf(&'static [&'static str]),
}

const ENTRA: &str = "identityProviders/azureActiveDirectory";

/// The types of those properties of `SiteAuthSettingsV2` that concern Entra ID. Others are kept as they come.
const TYPES: &[(&str, &str, Kind)] = &[
    ("platform", "enabled", Kind::Flag),
    ("platform", "runtimeVersion", Kind::Text),
    ("platform", "configFilePath", Kind::Text),
    ("globalValidation", "requireAuthentication", Kind::Flag),
    (
        "globalValidation",
        "unauthenticatedClientAction",
        Kind::OneOf(&["RedirectToLoginPage", "AllowAnonymous", "Return401", "Return403"]),
    ),
    ("globalValidation", "redirectToProvider", Kind::Text),
    ("globalValidation", "excludedPaths", Kind::Texts),
    (ENTRA, "enabled", Kind::Flag),
    (ENTRA, "isAutoProvisioned", Kind::Flag),
    (ENTRA, "registration/openIdIssuer", Kind::Text),
    (ENTRA, "registration/clientId", Kind::Text),
    (ENTRA, "registration/clientSecretSettingName", Kind::Text),
    (ENTRA, "login/disableWWWAuthenticate", Kind::Flag),
    (ENTRA, "login/loginParameters", Kind::Texts),
    (ENTRA, "validation/allowedAudiences", Kind::Texts),
    (ENTRA, "validation/jwtClaimChecks/allowedClientApplications", Kind::Texts),
    (ENTRA, "validation/jwtClaimChecks/allowedGroups", Kind::Texts),
    (ENTRA, "validation/defaultAuthorizationPolicy/allowedApplications", Kind::Texts),
    (ENTRA, "validation/defaultAuthorizationPolicy/allowedPrincipals/identities", Kind::Texts),
    (ENTRA, "validation/defaultAuthorizationPolicy/allowedPrincipals/groups", Kind::Texts),
    ("login", "tokenStore/enabled", Kind::Flag),
    ("login", "preserveUrlFragmentsForLogins", Kind::Flag),
    ("login", "allowedExternalRedirectUrls", Kind::Texts),
    ("httpSettings", "requireHttps", Kind::Flag),
    ("httpSettings", "routes/apiPrefix", Kind::Text),
    ("httpSettings", "forwardProxy/convention", Kind::OneOf(&["NoProxy", "Standard", "Custom"])),
];

/// `GET …/config/authsettingsV2`, and with `/list`
pub(super) async fn find(State(cloud): State<Cloud>, id: SiteId) -> Result<Response, ArmError> {
    let mut sites = cloud.sites();
    let site = id.of(&mut sites)?;
    Ok(versioned(&cloud, &site.auth_settings, config(site, NAME, &site.auth_settings)))
}

/// `PUT …/config/authsettingsV2`: replaces the whole document; what it leaves out is gone.
pub(super) async fn replace(
    State(cloud): State<Cloud>,
    id: SiteId,
    version: IfMatch,
    Properties(properties): Properties,
) -> Result<Response, ArmError> {
    let mut sites = cloud.sites();
    let site = id.of(&mut sites)?;
    version.check(&cloud, &site.auth_settings)?;
    check(&properties)?;
    site.auth_settings = Value::Object(properties);
    cloud.tell_of_site_change();
    Ok(versioned(&cloud, &site.auth_settings, config(site, NAME, &site.auth_settings)))
}

pub(super) fn check(properties: &Map<String, Value>) -> Result<(), ArmError> {
    let document = Value::Object(properties.clone());
    for (parent, path, kind) in TYPES {
        let path = format!("{parent}/{path}");
        let wrong = || {
            let path = path.replace('/', ".");
            let message = format!("The parameter properties.{path} has an invalid value.");
            ArmError::bad_request(message)
        };
        match at(&document, &path) {
            Some(value) if kind.admits(value) => {}
            _ => return Err(wrong()),
        }
    }
    Ok(())
}

/// The value at a path; null where nothing is; `None` where the way there is no object.
fn at<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('/').try_fold(document, |value, name| match value {
        Value::Object(object) => Some(object.get(name).unwrap_or(&Value::Null)),
        Value::Null => Some(&Value::Null),
        _ => None,
    })
}

impl Kind {
    fn admits(self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null) | (Self::Flag, Value::Bool(_)) | (Self::Text, Value::String(_)) => {
                true
            }
            (Self::Texts, Value::Array(items)) => items.iter().all(Value::is_string),
            (Self::OneOf(names), Value::String(name)) => names.contains(&name.as_str()),
            _ => false,
        }
    }
}
