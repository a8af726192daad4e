//! `config/appsettings`: the environment variables of a web app.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use serde_json::{Value, json};

use super::{
    body::Properties,
    error::ArmError,
    site::{SiteId, config},
    version::{IfMatch, versioned},
};
use crate::Cloud;

const NAME: &str = "appsettings";

/// `POST …/config/appsettings/list`: they are secrets, so a GET has them not.
pub(super) async fn list(State(cloud): State<Cloud>, id: SiteId) -> Result<Response, ArmError> {
    let mut sites = cloud.sites();
    let site = id.of(&mut sites)?;
    let settings = json!(site.app_settings);
    Ok(versioned(&cloud, &settings, config(site, NAME, &settings)))
}

/// `PUT …/config/appsettings`: replaces them all, and restarts the web app.
pub(super) async fn replace(
    State(cloud): State<Cloud>,
    id: SiteId,
    version: IfMatch,
    Properties(properties): Properties,
) -> Result<Response, ArmError> {
    let mut sites = cloud.sites();
    let site = id.of(&mut sites)?;
    version.check(&cloud, &json!(site.app_settings))?;
    let settings: BTreeMap<String, String> = serde_json::from_value(Value::Object(properties))
        .map_err(|_| ArmError::bad_request("The value of an app setting is a string."))?;
    site.app_settings = settings;
    site.restarts += 1;
    cloud.tell_of_site_change();
    let settings = json!(site.app_settings);
    Ok(versioned(&cloud, &settings, config(site, NAME, &settings)))
}
