//! The switch of App Service Authentication that `test-auth` uses: it changes as little as possible, and restores only that.

use std::path::{Path, PathBuf};

use auth_probe::{AuthSwitch, SavedSettings, SwitchError};
use entra_admin::{AdminError, WebApp, WebAppSettings};
use serde_json::{Value, json};
use tokio::{fs::OpenOptions, io::AsyncWriteExt as _};

/// App settings without which a server that guards itself does not start, or accepts no caller, while the platform's
/// authentication is off. `AUTH_MODE` is changed only where it is set.
const OPEN: [(&str, &str); 2] = [("ALLOW_INSECURE", "true"), ("AUTH_MODE", "none")];

/// Switches the authentication of a web app.
#[derive(Debug)]
pub struct AppServiceSwitch {
    web_app: WebApp,
    folder: PathBuf,
}

/// The settings are not saved, so they are not changed.
#[derive(Debug, thiserror::Error)]
enum SaveError {
    #[error("the settings cannot be saved to {}, so they are not changed", .path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "the web app {name} answers at {}, and not at {host}: its authentication is left as it is", .hosts.join(", ")
    )]
    OtherApp { name: String, hosts: Vec<String>, host: String },
}

impl AppServiceSwitch {
    /// Switches the authentication of a web app, and saves copies of its settings to a folder.
    #[must_use]
    pub fn new(web_app: WebApp, folder: impl Into<PathBuf>) -> Self {
        Self { web_app, folder: folder.into() }
    }
}

#[async_trait::async_trait]
impl AuthSwitch for AppServiceSwitch {
    async fn save(&self, host: &str, run: &str) -> Result<Box<dyn SavedSettings>, SwitchError> {
        let web_app = &self.web_app;
        let hosts = web_app.hosts().await?;
        if !hosts.iter().any(|it| it.eq_ignore_ascii_case(host)) {
            let (name, host) = (web_app.name().to_owned(), host.to_owned());
            return Err(SaveError::OtherApp { name, hosts, host }.into());
        }
        let auth_settings = web_app.read(WebAppSettings::Authentication).await?;
        let app_settings = Change::of(&web_app.read(WebAppSettings::App).await?);
        let path = self.folder.join(format!("authsettings-{}-{run}.json", web_app.name()));
        let written = write(&path, &auth_settings).await;
        written.map_err(|source| SaveError::File { path: path.clone(), source })?;
        let location = path.display().to_string();
        let restore_commands = restore_commands(web_app, &path, &auth_settings, &app_settings);
        let web_app = web_app.clone();
        Ok(Box::new(Saved { web_app, auth_settings, app_settings, location, restore_commands }))
    }
}

/// Writes the settings of authentication to a new file, in the form that a `PUT` takes.
async fn write(path: &Path, auth_settings: &Value) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).await?;
    let document = json!({ "properties": auth_settings });
    file.write_all(format!("{document:#}\n").as_bytes()).await?;
    file.sync_all().await
}

/// A change of an app setting.
#[derive(Debug)]
struct Change {
    name: &'static str,
    /// The value while authentication is off.
    open: &'static str,
    /// The value before; nothing where the setting was not there.
    before: Option<Value>,
}

impl Change {
    /// The changes that a web app with these app settings needs.
    fn of(settings: &Value) -> Vec<Self> {
        let is_needed =
            |(name, _): &&(&str, &str)| *name != "AUTH_MODE" || settings.get(*name).is_some();
        let change = |&(name, open)| Self { name, open, before: settings.get(name).cloned() };
        OPEN.iter().filter(is_needed).map(change).collect()
    }
}

/// The settings as they were.
struct Saved {
    web_app: WebApp,
    auth_settings: Value,
    app_settings: Vec<Change>,
    location: String,
    restore_commands: String,
}

#[async_trait::async_trait]
impl SavedSettings for Saved {
    fn location(&self) -> &str {
        &self.location
    }

    fn restore_commands(&self) -> &str {
        &self.restore_commands
    }

    /// The app settings come first: the app accepts callers only when it has restarted for the last time.
    async fn switch_off(&self) -> Result<(), SwitchError> {
        let open = |settings: &mut Value| {
            for Change { name, open, .. } in &self.app_settings {
                settings[*name] = json!(open);
            }
        };
        self.web_app.update(WebAppSettings::App, "let the app accept all callers", open).await?;
        let off = |settings: &mut Value| settings["platform"]["enabled"] = json!(false);
        let what = "switch authentication off";
        Ok(self.web_app.update(WebAppSettings::Authentication, what, off).await?)
    }

    /// Authentication comes first. The app settings are restored even if it fails, since they close the app too.
    async fn restore(&self) -> Result<(), SwitchError> {
        let web_app = self.web_app.clone().persistent();
        let platform = self.restore_authentication(&web_app).await;
        let own = self.restore_app_settings(&web_app).await;
        Ok(platform.and(own)?)
    }
}

impl Saved {
    async fn restore_authentication(&self, web_app: &WebApp) -> Result<(), AdminError> {
        let had_platform = self.auth_settings.get("platform").is_some();
        let change = |settings: &mut Value| {
            if settings["platform"]["enabled"] == false {
                restore(&mut settings["platform"], "enabled", enabled(&self.auth_settings));
            }
            if !had_platform && settings["platform"] == json!({}) {
                restore(settings, "platform", &Value::Null);
            }
        };
        web_app.update(WebAppSettings::Authentication, "switch authentication on", change).await
    }

    async fn restore_app_settings(&self, web_app: &WebApp) -> Result<(), AdminError> {
        let change = |settings: &mut Value| {
            for Change { name, open, before } in &self.app_settings {
                if settings.get(*name).is_some_and(|now| now == open) {
                    restore(settings, name, before.as_ref().unwrap_or(&Value::Null));
                }
            }
        };
        web_app.update(WebAppSettings::App, "restore the app settings", change).await
    }
}

/// The switch of authentication; null where there is none.
fn enabled(auth_settings: &Value) -> &Value {
    &auth_settings["platform"]["enabled"]
}

/// Restores a property; null where there was none.
fn restore(object: &mut Value, name: &str, before: &Value) {
    if before.is_null()
        && let Some(members) = object.as_object_mut()
    {
        members.remove(name);
    } else {
        object[name] = before.clone();
    }
}

/// What an operator runs when this program cannot: it restores the same, and leaves the rest as it then is.
fn restore_commands(
    web_app: &WebApp,
    saved: &Path,
    auth_settings: &Value,
    app_settings: &[Change],
) -> String {
    let uri = quoted(&web_app.address(WebAppSettings::Authentication));
    let change = match enabled(auth_settings) {
        Value::Null => "del(.platform.enabled)".to_owned(),
        enabled => format!(".platform.enabled = {enabled}"),
    };
    let change = quoted(&format!("{{properties: (.properties | {change})}}"));
    let restored = saved.with_extension("restored.json");
    let (file, body) = (restored.display().to_string(), format!("@{}", restored.display()));
    let mut commands = format!(
        "az rest --method get --uri {uri} | jq {change} > {} &&\n  az rest --method put --uri {uri} --body {}",
        quoted(&file),
        quoted(&body)
    );
    let id = quoted(web_app.resource_id());
    for Change { name, before, .. } in app_settings {
        let change = match before.as_ref().and_then(Value::as_str) {
            Some(value) => {
                format!("set --ids {id} --settings {}", quoted(&format!("{name}={value}")))
            }
            None => format!("delete --ids {id} --setting-names {name}"),
        };
        commands = format!("{commands}\naz webapp config appsettings {change}");
    }
    commands
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
