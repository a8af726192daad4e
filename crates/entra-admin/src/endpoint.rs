//! Microsoft Graph and Azure Resource Manager: the two places that tokens are sent to.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use azure_core::credentials::{Secret, TokenCredential};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{
    Client, StatusCode, Url,
    header::{ETAG, IF_MATCH},
    redirect::Policy,
};
use serde_json::Value;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    AdminError, AzureCloud,
    call::{Answer, Call},
    refusal::Refusal,
};

/// The first pause before a request is sent again; each further one is twice as long.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// The longest answer of Azure's that is waited for.
const TIMEOUT: Duration = Duration::from_mins(1);
/// How long a token is used again. The Azure CLI takes a second each time that it is asked, and what it gives is good for
/// five minutes at least.
const TOKEN_USE: Duration = Duration::from_mins(2);

/// A service of Azure with a credential. Tokens are sent only to its origin: redirects are not followed.
#[derive(Debug, Clone)]
pub struct Endpoint {
    name: &'static str,
    origin: Url,
    scope: String,
    credential: Arc<dyn TokenCredential>,
    /// The last token, and since when it is there.
    token: Arc<Mutex<Option<(Instant, Secret)>>>,
    client: Client,
}

impl Endpoint {
    /// Microsoft Graph, in the public cloud.
    ///
    /// # Errors
    /// When no client for it can be made.
    pub fn graph(credential: Arc<dyn TokenCredential>) -> Result<Self, AdminError> {
        Self::graph_in(AzureCloud::Public, credential)
    }

    /// Microsoft Graph, in a cloud.
    ///
    /// # Errors
    /// When no client for it can be made.
    pub fn graph_in(
        cloud: AzureCloud,
        credential: Arc<dyn TokenCredential>,
    ) -> Result<Self, AdminError> {
        let scope = format!("{}/.default", cloud.graph());
        Self::new("Microsoft Graph", cloud.graph(), scope, credential)
    }

    /// Azure Resource Manager, in the public cloud.
    ///
    /// # Errors
    /// When no client for it can be made.
    pub fn resource_manager(credential: Arc<dyn TokenCredential>) -> Result<Self, AdminError> {
        Self::resource_manager_in(AzureCloud::Public, credential)
    }

    /// Azure Resource Manager, in a cloud.
    ///
    /// # Errors
    /// When no client for it can be made.
    pub fn resource_manager_in(
        cloud: AzureCloud,
        credential: Arc<dyn TokenCredential>,
    ) -> Result<Self, AdminError> {
        let scope = format!("{}/.default", cloud.resource_manager());
        Self::new("Azure Resource Manager", cloud.resource_manager(), scope, credential)
    }

    /// The same service at another origin, such as an emulator's.
    ///
    /// # Errors
    /// When the origin is neither `https` nor on this machine, or has more than scheme, host and port.
    pub fn at(self, origin: &str) -> Result<Self, AdminError> {
        Self::new(self.name, origin, self.scope, self.credential)
    }

    fn new(
        name: &'static str,
        origin: &str,
        scope: String,
        credential: Arc<dyn TokenCredential>,
    ) -> Result<Self, AdminError> {
        let origin = parse_origin(origin)?;
        let builder = Client::builder().redirect(Policy::none()).timeout(TIMEOUT);
        let builder = if is_loopback(&origin) { builder.no_proxy() } else { builder };
        let unreachable = |source| AdminError::Unreachable { service: name, source };
        let client = builder.build().map_err(unreachable)?;
        Ok(Self { name, origin, scope, credential, token: Arc::default(), client })
    }

    /// The service's name, for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The address of a path.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.origin.as_str().trim_end_matches('/'))
    }

    /// The path of an address below the origin; nothing where it is elsewhere.
    pub(crate) fn path_of<'a>(&self, address: &'a str) -> Option<&'a str> {
        let origin = self.origin.as_str().trim_end_matches('/');
        address.strip_prefix(origin).filter(|path| path.starts_with('/'))
    }

    /// Sends a request until it succeeds, fails for good, or `patience` is over. What has no body is null. A document that
    /// others change too is not written by this, but by [`ChangeSet::update`](crate::change_set::ChangeSet::update): what is sent again here
    /// was made before.
    pub(crate) async fn send(&self, call: &Call, patience: Duration) -> Result<Value, AdminError> {
        self.ask(call, patience).await.map(|answer| answer.body)
    }

    /// The same, with the version of what is answered.
    pub(crate) async fn ask(&self, call: &Call, patience: Duration) -> Result<Answer, AdminError> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let refusal = match self.send_once(call).await? {
                Ok(answer) => return Ok(answer),
                Err(refusal) => refusal,
            };
            let Some(wait) = refusal.passes_in(call, pause) else { return Err(refusal.explain()) };
            if begun.elapsed().saturating_add(wait) > patience {
                return Err(refusal.explain_after(call, patience));
            }
            tokio::time::sleep(wait).await; // tidy: Azure does not report the end of replication
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Sends a request once.
    pub(crate) async fn send_once(
        &self,
        call: &Call,
    ) -> Result<Result<Answer, Refusal>, AdminError> {
        let token = self.token().await?;
        let mut request = self
            .client
            .request(call.method.clone(), self.address(&call.path))
            .bearer_auth(token.secret());
        if let Some(version) = &call.version {
            request = request.header(IF_MATCH, version);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        // The address may contain details that do not belong in a log.
        let unreachable = |error: reqwest::Error| AdminError::Unreachable {
            service: self.name,
            source: error.without_url(),
        };
        let answer = request.send().await.map_err(unreachable)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(unreachable)?;
        if !status.is_success() {
            let body = serde_json::from_slice(&body).unwrap_or_default();
            return Ok(Err(Refusal::new(self.name, call, status, &headers, &body)));
        }
        if body.is_empty() || status == StatusCode::NO_CONTENT {
            return Ok(Ok(Answer::default()));
        }
        let version = headers.get(ETAG).and_then(|it| it.to_str().ok()).map(str::to_owned);
        let body = serde_json::from_slice(&body).map_err(|_| self.unexpected(call))?;
        Ok(Ok(Answer { body, version }))
    }

    /// The answer to a call is not what it should be.
    pub(crate) fn unexpected(&self, call: &Call) -> AdminError {
        AdminError::Unexpected {
            service: self.name,
            method: call.method.clone(),
            path: call.path.clone(),
        }
    }

    /// The object id of the signed-in identity, from the token; `None` if the token cannot be read.
    pub(crate) async fn caller(&self) -> Result<Option<Uuid>, AdminError> {
        let token = self.token().await?;
        let claims = token.secret().split('.').nth(1).unwrap_or_default();
        let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).unwrap_or_default();
        let claims: Value = serde_json::from_slice(&claims).unwrap_or_default();
        Ok(claims["oid"].as_str().and_then(|id| id.parse().ok()))
    }

    async fn token(&self) -> Result<Secret, AdminError> {
        if let Some((since, token)) = &*self.last_token()
            && since.elapsed() < TOKEN_USE
        {
            return Ok(token.clone());
        }
        let token = self.credential.get_token(&[&self.scope], None).await;
        // The library's error has the issuer's description, and no credential.
        let token = token.map_err(|error| AdminError::Token {
            service: self.name,
            reason: error.to_string().lines().next().unwrap_or_default().to_owned(),
        })?;
        *self.last_token() = Some((Instant::now(), token.token.clone()));
        Ok(token.token)
    }

    fn last_token(&self) -> MutexGuard<'_, Option<(Instant, Secret)>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parse_origin(text: &str) -> Result<Url, AdminError> {
    let url = Url::parse(text).map_err(|_| AdminError::Address)?;
    let is_safe = url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url);
    let is_bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if is_safe && is_bare { Ok(url) } else { Err(AdminError::Address) }
}

/// Whether it is this machine. Names that only resolve to it are not: the name server decides.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::parse_origin;

    #[test]
    fn tokens_go_to_https_or_stay_on_this_machine() {
        for origin in ["https://graph.microsoft.com", "http://127.0.0.1", "http://[::1]"] {
            assert!(parse_origin(origin).is_ok(), "{origin}");
        }
        for origin in [
            "http://graph.microsoft.com",
            "http://localhost.evil.example",
            "https://a.example/x",
            "https://a.example?x",
            "https://u:p@a.example",
            "ftp://a.example",
            "",
        ] {
            assert!(parse_origin(origin).is_err(), "{origin}");
        }
    }
}
