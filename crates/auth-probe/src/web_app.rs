//! The web app in Azure Resource Manager: its authentication is switched off for group A, and on again whatever happens.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::{Client, Method, StatusCode, Url, redirect::Policy};
use serde_json::{Map, Value, json};
use tokio::{fs::OpenOptions, io::AsyncWriteExt as _};

use crate::{
    AccessToken, TargetError, TokenSource,
    context::lock,
    target::{is_loopback, parse_origin},
    tokens::TokenError,
};

/// Where Azure Resource Manager is.
pub const RESOURCE_MANAGER: &str = "https://management.azure.com";

const API_VERSION: &str = "2024-11-01";

/// How often a request is tried, and how long at most Azure is believed when it says when to come again.
const ATTEMPTS: u32 = 6;
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long a token may take to come: the Azure CLI may wait for something.
const TOKEN_TIMEOUT: Duration = Duration::from_mins(1);

/// App settings without which a server that guards itself does not start, or lets nobody in, while the platform's
/// authentication is off. `AUTH_MODE` is changed only where it is set.
const OPEN: [(&str, &str); 2] = [("ALLOW_INSECURE", "true"), ("AUTH_MODE", "none")];

/// A web app whose authentication may be switched off for a while.
#[derive(Debug, Clone)]
pub struct WebApp {
    endpoint: Url,
    resource_id: String,
    token: TokenSource,
    /// The last token that was had: for the way back, should there be none then.
    last_token: Arc<Mutex<Option<AccessToken>>>,
    client: Client,
}

/// The settings cannot be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebAppError {
    /// Resource Manager's address is not one that tokens may be sent to.
    #[error("the address of Resource Manager: {0}")]
    Endpoint(#[from] TargetError),
    /// The resource id is none of a web app.
    #[error(
        "the resource id has to be /subscriptions/…/resourceGroups/…/providers/Microsoft.Web/sites/<name>"
    )]
    ResourceId,
    /// There is no token for Resource Manager.
    #[error("there is no token for Resource Manager: {0}")]
    Token(#[from] TokenError),
    /// It cannot be reached.
    #[error("Resource Manager cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// It answers with a fault.
    #[error("Resource Manager answers {status} to {method} {what}: {message}")]
    Refused {
        /// The status.
        status: u16,
        /// The method.
        method: Method,
        /// What of the web app; empty for itself.
        what: &'static str,
        /// Its own words.
        message: String,
    },
    /// It answers with success, and the settings are not in it, or not to their end.
    #[error("Resource Manager's answer to {method} {what} is not whole")]
    NotWhole {
        /// The method.
        method: Method,
        /// What of the web app; empty for itself.
        what: &'static str,
    },
    /// The settings cannot be written to a file, so they are not changed.
    #[error("the settings cannot be saved to {}, so they are not changed", .path.display())]
    Save {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not the app that is asked, so nothing of it is changed.
    #[error(
        "the web app {name} answers at {}, and not at {host}: its authentication is left as it is", .hosts.join(", ")
    )]
    OtherApp {
        /// The web app's name.
        name: String,
        /// The hosts at which it answers.
        hosts: Vec<String>,
        /// The host that is asked.
        host: String,
    },
    /// What is there after the change is not what was written.
    #[error("the settings are not what was written")]
    Differs,
}

impl WebApp {
    /// A web app by its resource id, reached with tokens for Resource Manager.
    ///
    /// # Errors
    /// When the endpoint is not one that tokens may be sent to, or the id is none of a web app.
    pub fn new(endpoint: &str, resource_id: &str, token: TokenSource) -> Result<Self, WebAppError> {
        let endpoint = parse_origin(endpoint)?;
        if !is_web_app(resource_id) {
            return Err(WebAppError::ResourceId);
        }
        let builder = Client::builder().redirect(Policy::none()).timeout(Duration::from_mins(1));
        let near = endpoint.host_str().is_some_and(is_loopback);
        let builder = if near { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(WebAppError::Unreachable)?;
        let (resource_id, last_token) = (resource_id.to_owned(), Arc::default());
        Ok(Self { endpoint, resource_id, token, last_token, client })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.resource_id.rsplit('/').next().unwrap_or_default()
    }

    /// A token, or the last one where nobody gives a new one: it is good for longer than a proof takes.
    async fn token(&self) -> Result<AccessToken, TokenError> {
        let got = tokio::time::timeout(TOKEN_TIMEOUT, self.token.get()).await;
        let got =
            got.unwrap_or_else(|_| Err(TokenError::Refused("nobody gave one in time".to_owned())));
        let mut last = lock(&self.last_token);
        match (got, last.as_ref()) {
            (Ok(token), _) => Ok(last.insert(token).clone()),
            (Err(_), Some(token)) => Ok(token.clone()),
            (Err(error), None) => Err(error),
        }
    }

    /// Makes sure that it is what answers at a host.
    async fn check_host(&self, host: &str) -> Result<(), WebAppError> {
        let properties = self.properties(Method::GET, "", None).await?;
        let names = properties["hostNames"].as_array().into_iter().flatten();
        let hosts: Vec<_> = names.filter_map(|name| name.as_str().map(str::to_owned)).collect();
        if hosts.iter().any(|it| it.eq_ignore_ascii_case(host)) {
            return Ok(());
        }
        let (name, host) = (self.name().to_owned(), host.to_owned());
        Err(WebAppError::OtherApp { name, hosts, host })
    }

    async fn auth_settings(&self) -> Result<Value, WebAppError> {
        self.properties(Method::GET, "config/authsettingsV2", None).await
    }

    async fn put_auth_settings(&self, properties: &Value) -> Result<(), WebAppError> {
        self.properties(Method::PUT, "config/authsettingsV2", Some(properties)).await.map(drop)
    }

    async fn app_settings(&self) -> Result<Map<String, Value>, WebAppError> {
        let settings = self.properties(Method::POST, "config/appsettings/list", None).await?;
        Ok(settings.as_object().cloned().unwrap_or_default())
    }

    async fn put_app_settings(&self, settings: Map<String, Value>) -> Result<(), WebAppError> {
        let settings = Value::Object(settings);
        self.properties(Method::PUT, "config/appsettings", Some(&settings)).await.map(drop)
    }

    /// Sends a request until it is answered with success, or with a fault that does not pass.
    async fn properties(
        &self,
        method: Method,
        what: &'static str,
        properties: Option<&Value>,
    ) -> Result<Value, WebAppError> {
        let mut attempt = 1;
        loop {
            let error = match self.try_once(method.clone(), what, properties).await {
                Ok(found) => return Ok(found),
                Err((error, None)) => return Err(error),
                Err((error, Some(_))) if attempt == ATTEMPTS => return Err(error),
                Err((_, Some(pause))) => pause,
            };
            tokio::time::sleep(error.min(LONGEST_PAUSE)).await; // tidy: Azure says when to come again
            attempt += 1;
        }
    }

    /// The properties, or why there are none; and when it may be tried again, if at all.
    async fn try_once(
        &self,
        method: Method,
        what: &'static str,
        properties: Option<&Value>,
    ) -> Result<Value, (WebAppError, Option<Duration>)> {
        let token = self.token().await.map_err(|error| (error.into(), None))?;
        let mut url = self.endpoint.clone();
        url.set_path(format!("{}/{what}", self.resource_id).trim_end_matches('/'));
        url.set_query(Some(&format!("api-version={API_VERSION}")));
        let mut request = self.client.request(method.clone(), url).bearer_auth(token.expose());
        request = match properties {
            Some(properties) => request.json(&json!({ "properties": properties })),
            None if method == Method::POST => request.json(&json!({})),
            None => request,
        };
        let soon = Duration::from_millis(500);
        let unreachable =
            |error: reqwest::Error| (WebAppError::Unreachable(error.without_url()), Some(soon));
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let pause =
            answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let body: Value = answer.json().await.unwrap_or_default();
        if status.is_success() {
            let properties = body.get("properties").filter(|it| it.is_object()).cloned();
            // What is read is written back: half of it, or nothing, would wipe the rest.
            return match properties {
                None if method != Method::PUT => {
                    Err((WebAppError::NotWhole { method, what }, Some(soon)))
                }
                properties => Ok(properties.unwrap_or_default()),
            };
        }
        let message = body["error"]["message"].as_str().unwrap_or("it does not say why").to_owned();
        let error = WebAppError::Refused { status: status.as_u16(), method, what, message };
        let passes = status == StatusCode::TOO_MANY_REQUESTS
            || status == StatusCode::CONFLICT
            || status.is_server_error();
        Err((error, passes.then(|| pause.map_or(soon, Duration::from_secs))))
    }
}

fn is_web_app(id: &str) -> bool {
    let parts: Vec<_> = id.split('/').collect();
    let is_plain = |part: &&str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.()".contains(c))
    };
    let ["", names @ ..] = parts.as_slice() else { return false };
    let [subscriptions, _, groups, _, providers, provider, sites, _] = names else { return false };
    let said = [*subscriptions, groups, providers, provider, sites].map(str::to_ascii_lowercase);
    said == ["subscriptions", "resourcegroups", "providers", "microsoft.web", "sites"]
        && names.iter().all(is_plain)
}

/// The settings as they were, and the way back to them.
#[derive(Debug)]
pub(crate) struct Saved<'a> {
    app: &'a WebApp,
    auth_settings: Value,
    /// The app settings that are changed, with their values; nothing where there was none.
    app_settings: Vec<(&'static str, Option<Value>)>,
    path: PathBuf,
}

impl<'a> Saved<'a> {
    /// Reads the settings of the web app at a host, and saves those of authentication to a new file, which a PUT takes as
    /// it is.
    pub(crate) async fn of(
        app: &'a WebApp,
        host: &str,
        folder: &Path,
        run: &str,
    ) -> Result<Self, WebAppError> {
        app.check_host(host).await?;
        let auth_settings = app.auth_settings().await?;
        let settings = app.app_settings().await?;
        let changed =
            OPEN.iter().filter(|(name, _)| *name != "AUTH_MODE" || settings.contains_key(*name));
        let app_settings = changed.map(|(name, _)| (*name, settings.get(*name).cloned())).collect();
        let path = folder.join(format!("authsettings-{}-{run}.json", app.name()));
        let saved = Self { app, auth_settings, app_settings, path };
        saved
            .write()
            .await
            .map_err(|source| WebAppError::Save { path: saved.path.clone(), source })?;
        Ok(saved)
    }

    async fn write(&self) -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&self.path).await?;
        let document = json!({ "properties": self.auth_settings });
        file.write_all(format!("{document:#}\n").as_bytes()).await?;
        file.sync_all().await
    }

    /// Where the settings are saved.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What a person runs when this program cannot.
    pub(crate) fn restore_command(&self) -> String {
        let id = quoted(&self.app.resource_id);
        let endpoint = self.app.endpoint.as_str().trim_end_matches('/');
        let resource = &self.app.resource_id;
        let uri = format!("{endpoint}{resource}/config/authsettingsV2?api-version={API_VERSION}");
        let body = format!("@{}", self.path.display());
        let mut command =
            format!("az rest --method put --uri {} --body {}", quoted(&uri), quoted(&body));
        for (name, value) in &self.app_settings {
            let change = match value.as_ref().and_then(Value::as_str) {
                Some(value) => {
                    format!("set --ids {id} --settings {}", quoted(&format!("{name}={value}")))
                }
                None => format!("delete --ids {id} --setting-names {name}"),
            };
            command = format!("{command}\naz webapp config appsettings {change}");
        }
        command
    }

    /// Switches authentication off; everything else stays. The app's own settings come first: the app is open only when
    /// it has restarted for the last time.
    pub(crate) async fn switch_off(&self) -> Result<(), WebAppError> {
        let value = |name| OPEN.iter().find(|(it, _)| *it == name).map(|(_, value)| json!(value));
        self.change_app_settings(|name, _| value(name)).await?;
        let mut settings = self.auth_settings.clone();
        settings["platform"]["enabled"] = json!(false);
        self.app.put_auth_settings(&settings).await
    }

    /// Puts everything back, and looks whether it is there. Authentication comes first; what fails of it keeps nothing
    /// else from being put back, since the app's own settings shut it too.
    pub(crate) async fn restore(&self) -> Result<(), WebAppError> {
        let guarded = self.restore_auth_settings().await;
        let own = self.change_app_settings(|_, before| before.cloned()).await;
        guarded.and(own)
    }

    async fn restore_auth_settings(&self) -> Result<(), WebAppError> {
        self.app.put_auth_settings(&self.auth_settings).await?;
        let is_restored = self.app.auth_settings().await? == self.auth_settings;
        if is_restored { Ok(()) } else { Err(WebAppError::Differs) }
    }

    async fn change_app_settings(
        &self,
        value: impl Fn(&'static str, Option<&Value>) -> Option<Value>,
    ) -> Result<(), WebAppError> {
        let before = self.app.app_settings().await?;
        let mut settings = before.clone();
        for (name, saved) in &self.app_settings {
            match value(name, saved.as_ref()) {
                Some(value) => settings.insert((*name).to_owned(), value),
                None => settings.remove(*name),
            };
        }
        if settings == before { Ok(()) } else { self.app.put_app_settings(settings).await }
    }
}

/// A word for a shell, whatever is in it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::is_web_app;

    #[test]
    fn a_resource_id_is_taken_whole() {
        let good = "/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/a_b(1)/providers/Microsoft.Web/sites/app";
        assert!(is_web_app(good) && is_web_app(&good.to_lowercase()));
        for wrong in [
            "",
            "app",
            &good[1..],
            &format!("{good}/"),
            &format!("{good}/slots/x"),
            &good.replace("Microsoft.Web", "Microsoft.Sql"),
            &good.replace("a_b(1)", "a b"),
            &good.replace("a_b(1)", "$(id)"),
            &good.replace("app", "a?b"),
        ] {
            assert!(!is_web_app(wrong), "{wrong}");
        }
    }
}
