//! A change of a document that others change too: read just before it is written, and looked at again after.
//!
//! Neither Graph nor Resource Manager promises a condition on such a write. So a change is a function of what is there, and
//! is applied to what was read a moment ago; a write that has to be sent again is made anew. Where an answer has a version
//! (`ETag`), the write is for that version alone.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    Admin, AdminError, Endpoint,
    auth_settings::AuthSettings,
    call::Call,
    change_set::ChangeSet,
    endpoint::{FIRST_PAUSE, LONGEST_PAUSE},
    registration::Registration,
    web_app::{AppSettings, shown_settings},
};

/// How often a document is written for one change, while others write it too.
const MOST_WRITES: u32 = 8;

/// A document.
#[derive(Debug, Clone)]
pub(crate) enum Document {
    /// The settings of the web app's authentication.
    AuthSettings,
    /// The environment variables of the web app; those of these names are secrets.
    AppSettings { secrets: &'static [&'static str] },
    /// A property of an application object, by its path at Graph and the way to the property.
    Registration { path: String, way: &'static str },
}

/// A document as it was read.
struct Found {
    content: Value,
    version: Option<String>,
}

impl Document {
    fn endpoint<'a>(&self, admin: &'a Admin) -> &'a Endpoint {
        match self {
            Self::Registration { .. } => &admin.graph,
            Self::AuthSettings | Self::AppSettings { .. } => &admin.resource_manager,
        }
    }

    async fn read(&self, admin: &Admin) -> Result<Found, AdminError> {
        let (content, version) = match self {
            Self::AuthSettings => admin.read_auth_settings().await?,
            Self::AppSettings { .. } => admin.read_app_settings().await?,
            Self::Registration { path, .. } => {
                let call = Call::get(path).about_new();
                let answer = admin.graph.ask(&call, admin.patience).await?;
                if !answer.body["appId"].is_string() {
                    return Err(admin.graph.unexpected(&call));
                }
                (answer.body, answer.version)
            }
        };
        Ok(Found { content, version })
    }

    /// The call that writes it.
    pub(crate) fn write(&self, admin: &Admin, content: &Value) -> Call {
        match self {
            Self::AuthSettings => admin.put_auth_settings(content),
            Self::AppSettings { .. } => admin.put_app_settings(content),
            Self::Registration { path, way } => {
                let value = way.split('/').fold(content, |value, name| &value[name]).clone();
                let body = way.rsplit('/').fold(value, |inner, name| json!({ name: inner }));
                Call::new(Method::PATCH, path, body).about_new()
            }
        }
    }

    /// The body of a write as people may see it.
    pub(crate) fn shown(&self, before: &Value, after: &Value, call: &Call) -> Option<Value> {
        match self {
            Self::AppSettings { secrets } => Some(shown_settings(before, after, secrets)),
            Self::AuthSettings | Self::Registration { .. } => call.body.clone(),
        }
    }
}

impl ChangeSet<'_> {
    /// Applies a change to a document until it holds, and answers the document as it then was. `change` says what it does,
    /// and nothing where the document is right as it is.
    ///
    /// # Errors
    /// When others undo the change as often as it is made, or Azure refuses.
    pub(crate) async fn update(
        &mut self,
        document: &Document,
        change: impl Fn(&mut Value) -> Option<String>,
    ) -> Result<Value, AdminError> {
        let (begun, mut pause) = (Instant::now(), FIRST_PAUSE);
        // A replica may not have a write yet, so what does not hold is looked at once more before it is written again.
        let (mut writes, mut has_looked_twice) = (0, true);
        loop {
            let Found { content: before, version } = document.read(self.admin).await?;
            let mut after = before.clone();
            let Some(what) = change(&mut after).filter(|_| after != before) else {
                return Ok(before);
            };
            let call = document.write(self.admin, &after);
            let shown = document.shown(&before, &after, &call);
            if self.admin.is_dry_run {
                self.tell(document.endpoint(self.admin), what, &call, shown);
                return Ok(after);
            }
            if !has_looked_twice {
                has_looked_twice = true;
                tokio::time::sleep(pause).await; // tidy: Azure does not report the end of replication
                pause = (pause * 2).min(LONGEST_PAUSE);
                continue;
            }
            if writes == MOST_WRITES {
                return Err(AdminError::Contended { what });
            }
            let endpoint = document.endpoint(self.admin);
            match endpoint.send_once(&call.if_match(version)).await? {
                Ok(_) => {
                    self.tell(endpoint, what, &call, shown);
                    (writes, has_looked_twice) = (writes + 1, false);
                }
                Err(refusal) if refusal.is_of_another_version() => writes += 1,
                Err(refusal) => {
                    let Some(wait) = refusal.passes_in(&call, pause) else {
                        return Err(refusal.explain());
                    };
                    if begun.elapsed().saturating_add(wait) > self.admin.patience {
                        return Err(refusal.explain_after(&call, self.admin.patience));
                    }
                    tokio::time::sleep(wait).await; // tidy: Azure says when to come again
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Changes the settings of the web app's authentication.
    pub(crate) async fn update_auth_settings(
        &mut self,
        what: &str,
        change: impl Fn(&mut AuthSettings),
    ) -> Result<(), AdminError> {
        let change = |content: &mut Value| {
            let mut settings = AuthSettings(content.take());
            change(&mut settings);
            *content = settings.0;
            Some(what.to_owned())
        };
        self.update(&Document::AuthSettings, change).await.map(drop)
    }

    /// Changes the app settings, and answers them as they then were; the web app restarts.
    pub(crate) async fn update_app_settings(
        &mut self,
        what: &str,
        secrets: &'static [&'static str],
        change: impl Fn(&mut AppSettings),
    ) -> Result<AppSettings, AdminError> {
        let change = |content: &mut Value| {
            change(content.as_object_mut()?);
            Some(what.to_owned())
        };
        let settings = self.update(&Document::AppSettings { secrets }, change).await?;
        Ok(settings.as_object().cloned().unwrap_or_default())
    }

    /// Changes a property of the registration: `wanted` says what it has to be, and in a few words what that does, or
    /// nothing where it is right. What was read is noted, so that the next step builds upon it.
    pub(crate) async fn update_registration(
        &mut self,
        it: &mut Registration,
        way: &'static str,
        wanted: impl Fn(&Registration) -> Option<(String, Value)>,
    ) -> Result<(), AdminError> {
        let Some((what, value)) = wanted(it) else { return Ok(()) };
        let document = Document::Registration { path: it.path(), way };
        if self.admin.is_dry_run {
            // The steps before this one were not taken, so what is there is not what it builds upon.
            crate::auth_settings::set(&mut it.0, way, value);
            let call = document.write(self.admin, &it.0);
            let body = call.body.clone();
            self.tell(&self.admin.graph, what, &call, body);
            return Ok(());
        }
        let change = |content: &mut Value| {
            let (what, value) = wanted(&Registration(content.clone()))?;
            crate::auth_settings::set(content, way, value);
            Some(what)
        };
        it.0 = self.update(&document, change).await?;
        Ok(())
    }
}
