//! A change of a document that others change too: read just before it is written, and looked at again after.
//!
//! Neither Graph nor Resource Manager promises a condition on such a write. So a change is a function of what is there, and
//! is applied to what was read a moment ago; a write that has to be sent again is made anew. Where an answer has a version
//! (`ETag`), the write is for that version alone.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    AdminError, Endpoint,
    auth_settings::AuthSettings,
    call::Call,
    change_set::ChangeSet,
    registration::Registration,
    retry::{FIRST_PAUSE, Failure, LONGEST_PAUSE},
    web_app::{AppSettings, WebAppSettings, shown_settings},
};

/// How often a document is written for one change, while others write it too.
const MOST_WRITES: u32 = 8;

/// A document at a service.
#[derive(Debug, Clone)]
pub(crate) struct Document<'a> {
    pub(crate) endpoint: &'a Endpoint,
    /// The call that reads it.
    pub(crate) read: Call,
    pub(crate) content: Content,
}

/// What of a document is read and written.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// The `properties` of settings of the web app, written to a path.
    Settings { path: String },
    /// A property of an application object, by its path at Graph and the way to the property.
    Registration { path: String, way: &'static str },
}

/// A document as it was read.
pub(crate) struct Found {
    pub(crate) content: Value,
    version: Option<String>,
}

/// A write of a document: what it does, and the content before and after it.
pub(crate) struct Write {
    what: String,
    before: Value,
    after: Value,
    call: Call,
}

/// What came of one attempt to change a document.
enum Attempt {
    /// Nothing had to be changed.
    Holds(Value),
    Written(Write),
    /// Another writer was faster.
    Overtaken(Write),
}

impl<'a> Document<'a> {
    /// A property of the application object at a path of Graph.
    pub(crate) fn registration(graph: &'a Endpoint, path: String, way: &'static str) -> Self {
        let read = Call::get(&path).about_new();
        Self { endpoint: graph, read, content: Content::Registration { path, way } }
    }

    /// Reads it. What is read is merged and written back: an answer without it must not be taken for an empty document.
    pub(crate) async fn read(&self) -> Result<Found, AdminError> {
        let mut answer = self.endpoint.ask(&self.read).await?;
        let content = match self.content {
            Content::Settings { .. } => answer.body.get_mut("properties").map(Value::take),
            Content::Registration { .. } => Some(answer.body),
        };
        let is_complete = |content: &Value| match self.content {
            Content::Settings { .. } => content.is_object(),
            Content::Registration { .. } => content["appId"].is_string(),
        };
        let content = content.filter(is_complete);
        let content = content.ok_or_else(|| self.endpoint.unexpected(&self.read))?;
        Ok(Found { content, version: answer.version })
    }

    /// The call that writes it.
    fn write(&self, content: &Value) -> Call {
        match &self.content {
            Content::Settings { path } => {
                Call::new(Method::PUT, path, json!({ "properties": content }))
            }
            Content::Registration { path, way } => {
                let value = way.split('/').fold(content, |value, name| &value[name]).clone();
                let body = way.rsplit('/').fold(value, |inner, name| json!({ name: inner }));
                Call::new(Method::PATCH, path, body).about_new()
            }
        }
    }

    /// The write that a change needs; nothing where the document is right as it is.
    fn plan(&self, before: &Value, change: impl Fn(&mut Value) -> Option<String>) -> Option<Write> {
        let mut after = before.clone();
        let what = change(&mut after).filter(|_| after != *before)?;
        let call = self.write(&after);
        Some(Write { what, before: before.clone(), after, call })
    }

    /// Applies a change until it holds, and answers the document as it then was. `change` says what it does, and nothing
    /// where the document is right as it is. `written` is told each write.
    ///
    /// # Errors
    /// When others undo the change as often as it is made, or Azure refuses.
    pub(crate) async fn update(
        &self,
        change: impl Fn(&mut Value) -> Option<String>,
        mut written: impl FnMut(&Write),
    ) -> Result<Value, AdminError> {
        let retries = self.endpoint.retry.start();
        let (mut pause, mut what) = (FIRST_PAUSE, String::new());
        for _ in 0..MOST_WRITES {
            let write = match retries.run(|| self.attempt(&change)).await? {
                Attempt::Holds(content) => return Ok(content),
                Attempt::Overtaken(write) => {
                    what = write.what;
                    continue;
                }
                Attempt::Written(write) => write,
            };
            written(&write);
            what = write.what;
            // A replica may not have a write yet, so what does not hold is looked at once more before it is written again.
            let content = self.read().await?.content;
            if self.plan(&content, &change).is_none() {
                return Ok(content);
            }
            tokio::time::sleep(pause).await; // tidy: Azure does not report the end of replication
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        let content = self.read().await?.content;
        match self.plan(&content, change) {
            None => Ok(content),
            Some(_) => Err(AdminError::Contended { what }),
        }
    }

    async fn attempt(
        &self,
        change: impl Fn(&mut Value) -> Option<String>,
    ) -> Result<Attempt, Failure> {
        let Found { content, version } = self.read().await?;
        let Some(write) = self.plan(&content, change) else { return Ok(Attempt::Holds(content)) };
        match self.endpoint.attempt(&write.call.if_match(version)).await {
            Ok(_) => Ok(Attempt::Written(write)),
            Err(Failure::Refused(refusal)) if refusal.is_of_another_version() => {
                Ok(Attempt::Overtaken(write))
            }
            Err(failure) => Err(failure),
        }
    }
}

impl ChangeSet<'_> {
    /// Applies a change to a document, or only tells it; see [`Document::update`]. `secrets` are the names of app settings
    /// that are not shown; nothing where the document has no app settings.
    async fn update(
        &mut self,
        document: &Document<'_>,
        secrets: Option<&[&str]>,
        change: impl Fn(&mut Value) -> Option<String>,
    ) -> Result<Value, AdminError> {
        let is_dry_run = self.admin.is_dry_run;
        let mut tell = |write: &Write| {
            let shown = match secrets {
                Some(secrets) => Some(shown_settings(&write.before, &write.after, secrets)),
                None => write.call.body.clone(),
            };
            self.tell(document.endpoint, write.what.clone(), &write.call, shown);
        };
        if !is_dry_run {
            return document.update(change, tell).await;
        }
        let content = document.read().await?.content;
        let Some(write) = document.plan(&content, change) else { return Ok(content) };
        tell(&write);
        Ok(write.after)
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
        let document = self.admin.web_app.document(WebAppSettings::Authentication);
        self.update(&document, None, change).await.map(drop)
    }

    /// Changes the app settings, and answers them as they then were; the web app restarts.
    pub(crate) async fn update_app_settings(
        &mut self,
        what: &str,
        secrets: &[&str],
        change: impl Fn(&mut AppSettings),
    ) -> Result<AppSettings, AdminError> {
        let change = |content: &mut Value| {
            change(content.as_object_mut()?);
            Some(what.to_owned())
        };
        let document = self.admin.web_app.document(WebAppSettings::App);
        let settings = self.update(&document, Some(secrets), change).await?;
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
        let document = Document::registration(&self.admin.graph, it.path(), way);
        if self.admin.is_dry_run {
            // The steps before this one were not taken, so what is there is not what it builds upon.
            crate::auth_settings::set(&mut it.0, way, value);
            let call = document.write(&it.0);
            let body = call.body.clone();
            self.tell(&self.admin.graph, what, &call, body);
            return Ok(());
        }
        let change = |content: &mut Value| {
            let (what, value) = wanted(&Registration(content.clone()))?;
            crate::auth_settings::set(content, way, value);
            Some(what)
        };
        it.0 = self.update(&document, None, change).await?;
        Ok(())
    }
}
