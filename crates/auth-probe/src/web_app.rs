//! The web app in Azure Resource Manager: its authentication is switched off for group A, and on again whatever happens.

mod saved;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::{
    Client, Method, StatusCode, Url,
    header::{ETAG, IF_MATCH},
    redirect::Policy,
};
use serde_json::{Value, json};

pub(crate) use self::saved::Saved;
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
/// The pause where Azure says nothing.
const SOON: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long a token may take to come: the Azure CLI may wait for something.
const TOKEN_TIMEOUT: Duration = Duration::from_mins(1);

/// The settings of authentication, below the web app.
const AUTH_SETTINGS: &str = "config/authsettingsV2";

/// A document that is changed.
#[derive(Debug, Clone, Copy)]
enum Document {
    AuthSettings,
    AppSettings,
}

/// What is written.
#[derive(Debug)]
struct Write<'a> {
    properties: &'a Value,
    /// The version that was read, where there is one.
    version: Option<&'a str>,
}

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
        let properties = self.ask(Method::GET, "").await?.0;
        let names = properties["hostNames"].as_array().into_iter().flatten();
        let hosts: Vec<_> = names.filter_map(|name| name.as_str().map(str::to_owned)).collect();
        if hosts.iter().any(|it| it.eq_ignore_ascii_case(host)) {
            return Ok(());
        }
        let (name, host) = (self.name().to_owned(), host.to_owned());
        Err(WebAppError::OtherApp { name, hosts, host })
    }

    /// Reads a document of the web app.
    async fn read(&self, document: Document) -> Result<(Value, Option<String>), WebAppError> {
        match document {
            Document::AuthSettings => self.ask(Method::GET, AUTH_SETTINGS).await,
            Document::AppSettings => self.ask(Method::POST, "config/appsettings/list").await,
        }
    }

    /// Applies a change to a document until it holds. It is read just before each write, so that what others write
    /// meanwhile stays; the write is for that version alone where Resource Manager tells one; and it is read again after.
    async fn update(
        &self,
        document: Document,
        change: impl Fn(&mut Value),
    ) -> Result<(), WebAppError> {
        let what = match document {
            Document::AuthSettings => AUTH_SETTINGS,
            Document::AppSettings => "config/appsettings",
        };
        let (mut attempt, mut last) = (0, WebAppError::Differs);
        let mut is_fresh = false;
        loop {
            let (before, version) = self.read(document).await?;
            let mut after = before.clone();
            change(&mut after);
            if after == before {
                return Ok(());
            }
            if is_fresh {
                // What was just written may not be everywhere yet.
                is_fresh = false;
                tokio::time::sleep(SOON).await; // tidy: Azure does not report the end of replication
                continue;
            }
            if attempt == ATTEMPTS {
                return Err(last);
            }
            attempt += 1;
            let write = Write { properties: &after, version: version.as_deref() };
            let pause = match self.try_once(Method::PUT, what, Some(write)).await {
                Ok(_) => {
                    is_fresh = true;
                    continue;
                }
                Err((error, None)) => return Err(error),
                Err((error, Some(pause))) => {
                    last = error;
                    pause
                }
            };
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await; // tidy: Azure says when to come again
        }
    }

    /// Sends a request that changes nothing until it is answered with success, or with a fault that does not pass.
    async fn ask(
        &self,
        method: Method,
        what: &'static str,
    ) -> Result<(Value, Option<String>), WebAppError> {
        let mut attempt = 1;
        loop {
            let error = match self.try_once(method.clone(), what, None).await {
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
        write: Option<Write<'_>>,
    ) -> Result<(Value, Option<String>), (WebAppError, Option<Duration>)> {
        let token = self.token().await.map_err(|error| (error.into(), None))?;
        let mut url = self.endpoint.clone();
        url.set_path(format!("{}/{what}", self.resource_id).trim_end_matches('/'));
        url.set_query(Some(&format!("api-version={API_VERSION}")));
        let mut request = self.client.request(method.clone(), url).bearer_auth(token.expose());
        if let Some(version) = write.as_ref().and_then(|write| write.version) {
            request = request.header(IF_MATCH, version);
        }
        request = match write {
            Some(write) => request.json(&json!({ "properties": write.properties })),
            None if method == Method::POST => request.json(&json!({})),
            None => request,
        };
        let unreachable =
            |error: reqwest::Error| (WebAppError::Unreachable(error.without_url()), Some(SOON));
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let version = answer.headers().get(ETAG).and_then(|it| it.to_str().ok()).map(str::to_owned);
        let pause =
            answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let body: Value = answer.json().await.unwrap_or_default();
        if status.is_success() {
            let properties = body.get("properties").filter(|it| it.is_object()).cloned();
            // What is read is written back: half of it, or nothing, would wipe the rest.
            return match properties {
                None if method != Method::PUT => {
                    Err((WebAppError::NotWhole { method, what }, Some(SOON)))
                }
                properties => Ok((properties.unwrap_or_default(), version)),
            };
        }
        let message = body["error"]["message"].as_str().unwrap_or("it does not say why").to_owned();
        let error = WebAppError::Refused { status: status.as_u16(), method, what, message };
        let passes = status == StatusCode::TOO_MANY_REQUESTS
            || status == StatusCode::CONFLICT
            || status == StatusCode::PRECONDITION_FAILED
            || status.is_server_error();
        Err((error, passes.then(|| pause.map_or(SOON, Duration::from_secs))))
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
