//! What is changed of a web app while its authentication is off, and the way back: only that is put back.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio::{fs::OpenOptions, io::AsyncWriteExt as _};

use super::{API_VERSION, AUTH_SETTINGS, Document, WebApp, WebAppError};

/// App settings without which a server that guards itself does not start, or lets nobody in, while the platform's
/// authentication is off. `AUTH_MODE` is changed only where it is set.
const OPEN: [(&str, &str); 2] = [("ALLOW_INSECURE", "true"), ("AUTH_MODE", "none")];

/// The settings as they were.
#[derive(Debug)]
pub(crate) struct Saved<'a> {
    app: &'a WebApp,
    auth_settings: Value,
    /// The app settings that are changed, with their new and their old values; nothing where there was none.
    app_settings: Vec<(&'static str, &'static str, Option<Value>)>,
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
        let (auth_settings, _) = app.read(Document::AuthSettings).await?;
        let (settings, _) = app.read(Document::AppSettings).await?;
        let is_changed =
            |(name, _): &&(&str, &str)| *name != "AUTH_MODE" || settings.get(*name).is_some();
        let changed = OPEN.iter().filter(is_changed);
        let app_settings =
            changed.map(|(name, open)| (*name, *open, settings.get(*name).cloned())).collect();
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

    /// The switch as it was; null where there was none.
    fn switch(&self) -> &Value {
        &self.auth_settings["platform"]["enabled"]
    }

    /// What a person runs when this program cannot: it puts back the same, and leaves the rest as it then is.
    pub(crate) fn restore_command(&self) -> String {
        let id = quoted(&self.app.resource_id);
        let endpoint = self.app.endpoint.as_str().trim_end_matches('/');
        let resource = &self.app.resource_id;
        let uri =
            quoted(&format!("{endpoint}{resource}/{AUTH_SETTINGS}?api-version={API_VERSION}"));
        let change = match self.switch() {
            Value::Null => "del(.platform.enabled)".to_owned(),
            switch => format!(".platform.enabled = {switch}"),
        };
        let change = quoted(&format!("{{properties: (.properties | {change})}}"));
        let restored = self.path.with_extension("restored.json");
        let (file, body) = (restored.display().to_string(), format!("@{}", restored.display()));
        let mut command = format!(
            "az rest --method get --uri {uri} | jq {change} > {} &&\n  az rest --method put --uri {uri} --body {}",
            quoted(&file),
            quoted(&body)
        );
        for (name, _, value) in &self.app_settings {
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
        self.app
            .update(Document::AppSettings, |settings| {
                for (name, open, _) in &self.app_settings {
                    settings[*name] = json!(open);
                }
            })
            .await?;
        let off = |settings: &mut Value| settings["platform"]["enabled"] = json!(false);
        self.app.update(Document::AuthSettings, off).await
    }

    /// Puts back what was changed, and looks whether it is there; what others wrote meanwhile stays. Authentication comes
    /// first; what fails of it keeps nothing else from being put back, since the app's own settings shut it too.
    pub(crate) async fn restore(&self) -> Result<(), WebAppError> {
        let had_platform = self.auth_settings.get("platform").is_some();
        let on = |settings: &mut Value| {
            if settings["platform"]["enabled"] == false {
                restore(&mut settings["platform"], "enabled", self.switch());
            }
            if !had_platform && settings["platform"] == json!({}) {
                restore(settings, "platform", &Value::Null);
            }
        };
        let guarded = self.app.update(Document::AuthSettings, on).await;
        let own = |settings: &mut Value| {
            for (name, open, before) in &self.app_settings {
                if settings.get(*name).is_some_and(|now| now == open) {
                    restore(settings, name, before.as_ref().unwrap_or(&Value::Null));
                }
            }
        };
        let own = self.app.update(Document::AppSettings, own).await;
        guarded.and(own)
    }
}

/// Puts a property back; null where there was none.
fn restore(object: &mut Value, name: &str, before: &Value) {
    if before.is_null()
        && let Some(members) = object.as_object_mut()
    {
        members.remove(name);
    } else {
        object[name] = before.clone();
    }
}

/// A word for a shell, whatever is in it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
