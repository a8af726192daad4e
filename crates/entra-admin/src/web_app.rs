//! The web app in Resource Manager: its settings, read and written whole.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::{Admin, AdminError, auth_settings::AuthSettings, endpoint::Call};

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

/// Refuses what is no resource id of a web app.
pub(crate) fn check_resource_id(id: &str) -> Result<(), AdminError> {
    let parts: Vec<_> = id.split('/').collect();
    let is_plain = |part: &&str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.()".contains(c))
    };
    let ["", subscriptions, _, groups, _, providers, provider, sites, _] = parts.as_slice() else {
        return Err(AdminError::ResourceId);
    };
    let said = [subscriptions, groups, providers, provider, sites].map(|it| it.to_lowercase());
    let is_web_app =
        said == ["subscriptions", "resourcegroups", "providers", "microsoft.web", "sites"];
    if is_web_app && parts[1..].iter().all(is_plain) { Ok(()) } else { Err(AdminError::ResourceId) }
}

#[cfg(test)]
mod tests {
    use super::check_resource_id;

    #[test]
    fn a_resource_id_is_taken_whole() {
        let good = "/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/a_b(1)/providers/Microsoft.Web/sites/app";
        assert!(check_resource_id(good).is_ok());
        assert!(check_resource_id(&good.to_lowercase()).is_ok());
        for wrong in [
            "",
            "app",
            &good[1..],
            &format!("{good}/"),
            &format!("{good}/slots/x"),
            &good.replace("Microsoft.Web", "Microsoft.Sql"),
            &good.replace("a_b(1)", "a b"),
            &good.replace("app", "a?b"),
        ] {
            assert!(check_resource_id(wrong).is_err(), "{wrong}");
        }
    }
}
