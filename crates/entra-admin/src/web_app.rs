//! The web app in Resource Manager: its settings, read and written whole.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::{Admin, AdminError, auth_settings::AuthSettings, endpoint::Call, step::Run};

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
        let call = Call::get(self.site(AUTH_SETTINGS));
        Ok(AuthSettings(Value::Object(self.properties(call).await?)))
    }

    pub(crate) async fn app_settings(&self) -> Result<AppSettings, AdminError> {
        let path = self.site(&format!("{APP_SETTINGS}/list"));
        self.properties(Call::new(Method::POST, path, json!({}))).await
    }

    /// What is read here is merged and written back: an answer without it must not be taken for settings that are empty.
    async fn properties(&self, call: Call) -> Result<Map<String, Value>, AdminError> {
        let mut answer = self.resource_manager.send(&call, self.patience).await?;
        match answer.get_mut("properties").map(Value::take) {
            Some(Value::Object(properties)) => Ok(properties),
            _ => Err(self.unexpected(call)),
        }
    }

    fn unexpected(&self, call: Call) -> AdminError {
        AdminError::Unexpected {
            service: self.resource_manager.name(),
            method: call.method,
            path: call.path,
        }
    }

    /// The host name under which the web app is reached.
    pub(crate) async fn host(&self) -> Result<String, AdminError> {
        let call = Call::get(self.site(""));
        let answer = self.resource_manager.send(&call, self.patience).await?;
        let host = answer["properties"]["defaultHostName"].as_str().map(str::to_owned);
        host.ok_or_else(|| self.unexpected(call))
    }
}

impl Run<'_> {
    /// Writes the settings of authentication, if they are not what they were.
    pub(crate) async fn put_auth_settings(
        &mut self,
        what: &str,
        before: &AuthSettings,
        after: &AuthSettings,
    ) -> Result<(), AdminError> {
        if before == after {
            return Ok(());
        }
        let body = json!({ "properties": after.0 });
        let call = Call::new(Method::PUT, self.admin.site(AUTH_SETTINGS), body.clone());
        self.change_web_app(what, call, body).await
    }

    /// Writes the app settings, if they are not what they were; the web app restarts.
    pub(crate) async fn put_app_settings(
        &mut self,
        what: &str,
        before: &AppSettings,
        after: &AppSettings,
        is_secret: impl Fn(&str) -> bool,
    ) -> Result<(), AdminError> {
        if before == after {
            return Ok(());
        }
        let show = |(name, value): (&String, &Value)| {
            let is_shown = before.get(name) != Some(value) && !is_secret(name);
            (name.clone(), if is_shown { value.clone() } else { json!(HIDDEN) })
        };
        let shown: AppSettings = after.iter().map(show).collect();
        let call =
            Call::new(Method::PUT, self.admin.site(APP_SETTINGS), json!({ "properties": after }));
        self.change_web_app(what, call, json!({ "properties": shown })).await
    }
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
