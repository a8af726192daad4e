//! An App Service web app as ARM keeps it: its settings, and the settings of its authentication.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::gateway::{AuthSettings, InvalidSettings};

/// A web app. The gateway in front of it reads it with each request, so a change holds from the next one on.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its name in the subscription.
    pub name: String,
    /// Its resource id: `/subscriptions/…/resourceGroups/…/providers/Microsoft.Web/sites/<name>`.
    pub id: String,
    /// `config/appsettings`, such as `WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES`.
    pub app_settings: BTreeMap<String, String>,
    /// `properties` of `config/authsettingsV2`.
    pub auth_settings: Value,
    /// How often it was restarted.
    pub restarts: u32,
}

/// The subscription and resource group of sites that are made here.
const GROUP: &str = "/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/sample";

impl Site {
    /// The resource id of a site that is made here.
    pub(crate) fn id_of(name: &str) -> String {
        format!("{GROUP}/providers/Microsoft.Web/sites/{name}")
    }

    /// A site whose authentication is set by a deployment template: an `authsettingsV2` document with
    /// `__TENANT_ID__`, `__CLIENT_ID__` and `"__ALLOWED_CLIENTS__"` (which, quotes and all, becomes a list) in it.
    ///
    /// # Errors
    /// When what comes out is no document that the platform would take.
    pub fn from_template(
        name: &str,
        template: &str,
        tenant_id: Uuid,
        client_id: Uuid,
        allowed_clients: &[Uuid],
    ) -> Result<Self, SiteError> {
        let text = template
            .replace("\"__ALLOWED_CLIENTS__\"", &json!(allowed_clients).to_string())
            .replace("__TENANT_ID__", &tenant_id.to_string())
            .replace("__CLIENT_ID__", &client_id.to_string());
        let mut document: Value = serde_json::from_str(&text).map_err(SiteError::Json)?;
        let auth_settings = document.get_mut("properties").filter(|it| it.is_object());
        let auth_settings = auth_settings.map(Value::take).unwrap_or_default();
        AuthSettings::read(&auth_settings).map_err(SiteError::Settings)?;
        Ok(Self {
            name: name.to_owned(),
            id: Self::id_of(name),
            app_settings: BTreeMap::new(),
            auth_settings,
            restarts: 0,
        })
    }
}

/// The settings of authentication are none that the platform would take.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// They are not even JSON.
    #[error("no JSON document")]
    Json(#[source] serde_json::Error),
    /// `properties`, or what stands at this path below it, is not what it has to be.
    #[error("no authsettingsV2 document: properties.{}", .0.path())]
    Settings(#[source] InvalidSettings),
}
