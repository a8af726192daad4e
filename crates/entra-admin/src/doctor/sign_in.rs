//! The settings that browser sign-in needs; agents do not need them.

use serde_json::{Value, json};

use super::Problem;
use crate::{
    Admin, AdminError,
    auth_settings::{AuthSettings, at},
    registration::Registration,
    setup::{IDENTITY_SETTING, callback},
    web_app::AppSettings,
};

impl Admin {
    /// The way back to the app, and the proof that the platform speaks for the registration.
    pub(super) async fn examine_sign_in(
        &self,
        registration: &Registration,
        settings: &AuthSettings,
        app_settings: &AppSettings,
    ) -> Result<Option<Problem>, AdminError> {
        let address = callback(&self.web_app.default_host().await?);
        let web = &registration.0["web"];
        if !web["redirectUris"].as_array().is_some_and(|all| all.contains(&json!(address))) {
            return Ok(Some(Problem::RedirectUriMissing { address }));
        }
        if web["implicitGrantSettings"]["enableIdTokenIssuance"] != true {
            return Ok(Some(Problem::NoIdTokens));
        }
        let setting = settings.text(at::SECRET_NAME);
        let value = app_settings.get(setting).and_then(Value::as_str).unwrap_or_default();
        if value.is_empty() {
            return Ok(Some(Problem::SecretSettingMissing { setting: setting.to_owned() }));
        }
        if setting == IDENTITY_SETTING && !self.is_trusted(registration, value).await? {
            return Ok(Some(Problem::FederatedCredentialMissing { client_id: value.to_owned() }));
        }
        Ok(None)
    }

    async fn is_trusted(
        &self,
        registration: &Registration,
        client_id: &str,
    ) -> Result<bool, AdminError> {
        let Ok(client_id) = client_id.parse() else { return Ok(false) };
        match self.find_identity(client_id).await? {
            Some(identity) => self.trusts(registration, &identity).await,
            None => Ok(false),
        }
    }
}
