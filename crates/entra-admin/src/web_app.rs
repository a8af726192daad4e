//! The web app in Resource Manager: its settings, read and written whole.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::{Admin, AdminError, auth_settings::AuthSettings, call::Call};

const API_VERSION: &str = "2024-11-01";
const AUTH_SETTINGS: &str = "/config/authsettingsV2";
const APP_SETTINGS: &str = "/config/appsettings";
/// What people see in place of an app setting's value.
const HIDDEN: &str = "(not shown)";

/// The environment variables of the web app. Each may be a secret.
pub(crate) type AppSettings = Map<String, Value>;

impl Admin {
    fn site(&self, below: &str) -> String {
        format!("{}{below}?api-version={API_VERSION}", self.resource_id)
    }

    pub(crate) async fn auth_settings(&self) -> Result<AuthSettings, AdminError> {
        Ok(AuthSettings(self.read_auth_settings().await?.0))
    }

    pub(crate) async fn app_settings(&self) -> Result<AppSettings, AdminError> {
        let (settings, _) = self.read_app_settings().await?;
        Ok(settings.as_object().cloned().unwrap_or_default())
    }

    /// The settings of authentication, and their version.
    pub(crate) async fn read_auth_settings(&self) -> Result<(Value, Option<String>), AdminError> {
        self.properties(&Call::get(self.site(AUTH_SETTINGS))).await
    }

    /// The app settings, and their version.
    pub(crate) async fn read_app_settings(&self) -> Result<(Value, Option<String>), AdminError> {
        let path = self.site(&format!("{APP_SETTINGS}/list"));
        self.properties(&Call::new(Method::POST, path, json!({}))).await
    }

    pub(crate) fn put_auth_settings(&self, properties: &Value) -> Call {
        let body = json!({ "properties": properties });
        Call::new(Method::PUT, self.site(AUTH_SETTINGS), body)
    }

    pub(crate) fn put_app_settings(&self, properties: &Value) -> Call {
        let body = json!({ "properties": properties });
        Call::new(Method::PUT, self.site(APP_SETTINGS), body)
    }

    /// What is read here is merged and written back: an answer without it must not be taken for settings that are empty.
    async fn properties(&self, call: &Call) -> Result<(Value, Option<String>), AdminError> {
        let mut answer = self.resource_manager.ask(call, self.patience).await?;
        match answer.body.get_mut("properties").map(Value::take) {
            Some(properties) if properties.is_object() => Ok((properties, answer.version)),
            _ => Err(self.resource_manager.unexpected(call)),
        }
    }

    /// The host name under which the web app is reached.
    pub(crate) async fn host(&self) -> Result<String, AdminError> {
        let call = Call::get(self.site(""));
        let answer = self.resource_manager.send(&call, self.patience).await?;
        let host = answer["properties"]["defaultHostName"].as_str().map(str::to_owned);
        host.ok_or_else(|| self.resource_manager.unexpected(&call))
    }
}

/// The app settings of a write as people may see them: only what is new, and no secret.
pub(crate) fn shown_settings(before: &Value, after: &Value, secrets: &[&str]) -> Value {
    let show = |(name, value): (&String, &Value)| {
        let is_shown = before.get(name) != Some(value) && !secrets.contains(&name.as_str());
        (name.clone(), if is_shown { value.clone() } else { json!(HIDDEN) })
    };
    let shown: AppSettings = after.as_object().into_iter().flatten().map(show).collect();
    json!({ "properties": shown })
}
