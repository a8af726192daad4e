//! An App Service web app as ARM keeps it: its settings, and the settings of its authentication.

use std::collections::BTreeMap;

use serde_json::Value;

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
