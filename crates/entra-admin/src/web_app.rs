//! The web app in Resource Manager: its settings, read and written whole.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::{
    Admin, AdminError, Endpoint,
    auth_settings::AuthSettings,
    call::Call,
    resource_id::check_resource_id,
    update::{Content, Document},
};

const API_VERSION: &str = "2024-11-01";
/// What people see in place of an app setting's value.
const HIDDEN: &str = "(not shown)";

/// The environment variables of the web app. Each may be a secret.
pub(crate) type AppSettings = Map<String, Value>;

/// A web app in Azure Resource Manager.
#[derive(Debug, Clone)]
pub struct WebApp {
    pub(crate) resource_manager: Endpoint,
    resource_id: String,
}

/// A document of a web app's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebAppSettings {
    /// App Service Authentication: `authsettingsV2`.
    Authentication,
    /// The environment variables of the app; each may be a secret.
    App,
}

impl WebAppSettings {
    const fn path(self) -> &'static str {
        match self {
            Self::Authentication => "/config/authsettingsV2",
            Self::App => "/config/appsettings",
        }
    }
}

impl WebApp {
    /// The web app with this resource id.
    ///
    /// # Errors
    /// When the resource id is not that of a web app.
    pub fn new(resource_manager: Endpoint, resource_id: &str) -> Result<Self, AdminError> {
        check_resource_id(resource_id)?;
        Ok(Self { resource_manager, resource_id: resource_id.to_owned() })
    }

    /// Sets the time limit for sending a request again. Two minutes by default.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.resource_manager.retry.patience = patience;
        self
    }

    /// Sends each request that may be sent twice until the time limit is reached: also where Resource Manager cannot be
    /// reached, and where it asks for a pause of more than 30 seconds, which is cut to that. For changes that must not
    /// stay half done.
    #[must_use]
    pub fn persistent(mut self) -> Self {
        self.resource_manager.retry.is_persistent = true;
        self
    }

    /// The web app's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.resource_id.rsplit('/').next().unwrap_or_default()
    }

    /// The resource id.
    #[must_use]
    pub fn resource_id(&self) -> &str {
        &self.resource_id
    }

    /// The address of a document for a `PUT`, with the version of the API; `authsettingsV2` is read there too.
    #[must_use]
    pub fn address(&self, settings: WebAppSettings) -> String {
        self.resource_manager.address(&self.path(settings.path()))
    }

    /// The hosts at which the web app answers.
    ///
    /// # Errors
    /// When Resource Manager refuses, or its answer is not complete.
    pub async fn hosts(&self) -> Result<Vec<String>, AdminError> {
        let call = Call::get(self.path(""));
        let answer = self.resource_manager.send(&call).await?;
        let names = answer["properties"]["hostNames"].as_array();
        let names = names.ok_or_else(|| self.resource_manager.unexpected(&call))?;
        Ok(names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
    }

    /// Reads a document: its `properties`, an object.
    ///
    /// # Errors
    /// When Resource Manager refuses, or its answer is not complete.
    pub async fn read(&self, settings: WebAppSettings) -> Result<Value, AdminError> {
        Ok(self.document(settings).read().await?.content)
    }

    /// Applies a change to a document until it holds. The document is read just before each write, so that what others
    /// write stays; a write is for the version that was read (`If-Match`); and the document is read again after it.
    /// `what` says in an error what the change does.
    ///
    /// # Errors
    /// When others undo the change each time, or Resource Manager refuses, or its answer is not complete.
    pub async fn update(
        &self,
        settings: WebAppSettings,
        what: &str,
        change: impl Fn(&mut Value) + Sync,
    ) -> Result<(), AdminError> {
        let change = |content: &mut Value| {
            change(content);
            Some(what.to_owned())
        };
        self.document(settings).update(change, |_| {}).await.map(drop)
    }

    pub(crate) fn document(&self, settings: WebAppSettings) -> Document<'_> {
        let path = self.path(settings.path());
        let read = match settings {
            WebAppSettings::Authentication => Call::get(&path),
            WebAppSettings::App => {
                let path = self.path(&format!("{}/list", settings.path()));
                Call::new(Method::POST, path, json!({})).reading()
            }
        };
        Document { endpoint: &self.resource_manager, read, content: Content::Settings { path } }
    }

    fn path(&self, below: &str) -> String {
        format!("{}{below}?api-version={API_VERSION}", self.resource_id)
    }

    /// The host name under which the web app is reached.
    pub(crate) async fn default_host(&self) -> Result<String, AdminError> {
        let call = Call::get(self.path(""));
        let answer = self.resource_manager.send(&call).await?;
        let host = answer["properties"]["defaultHostName"].as_str().map(str::to_owned);
        host.ok_or_else(|| self.resource_manager.unexpected(&call))
    }
}

impl Admin {
    /// The origin under which the web app is reached.
    ///
    /// # Errors
    /// When Resource Manager refuses, or its answer is not complete.
    pub async fn origin(&self) -> Result<String, AdminError> {
        Ok(format!("https://{}", self.web_app.default_host().await?))
    }

    pub(crate) async fn auth_settings(&self) -> Result<AuthSettings, AdminError> {
        Ok(AuthSettings(self.web_app.read(WebAppSettings::Authentication).await?))
    }

    pub(crate) async fn app_settings(&self) -> Result<AppSettings, AdminError> {
        let settings = self.web_app.read(WebAppSettings::App).await?;
        Ok(settings.as_object().cloned().unwrap_or_default())
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
