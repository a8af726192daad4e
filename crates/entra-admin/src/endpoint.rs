//! Microsoft Graph and Azure Resource Manager: the two places that tokens are sent to.

use std::{net::IpAddr, sync::Arc, time::Duration};

use azure_core::credentials::{Secret, TokenCredential};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{
    Client, StatusCode, Url,
    header::{ETAG, IF_MATCH},
    redirect::Policy,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    AdminError, AzureCloud,
    call::{Answer, Call},
    refusal::Refusal,
    retry::{Failure, RetryPolicy},
    token_cache::TokenCache,
};

/// The longest answer of Azure's that is waited for.
const TIMEOUT: Duration = Duration::from_secs(60);
/// A service of Azure with a credential. Tokens are sent only to its origin: redirects are not followed.
#[derive(Debug, Clone)]
pub struct Endpoint {
    name: &'static str,
    origin: Url,
    tokens: TokenCache,
    client: Client,
    pub(crate) retry: RetryPolicy,
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
        Self::new("Microsoft Graph", cloud.graph(), TokenCache::new(credential, scope))
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
        let tokens = TokenCache::new(credential, scope);
        Self::new("Azure Resource Manager", cloud.resource_manager(), tokens)
    }

    /// The same service at another origin, such as an emulator's.
    ///
    /// # Errors
    /// When the origin is neither `https` nor on this machine, or has more than scheme, host and port.
    pub fn at(self, origin: &str) -> Result<Self, AdminError> {
        Ok(Self { retry: self.retry, ..Self::new(self.name, origin, self.tokens)? })
    }

    fn new(name: &'static str, origin: &str, tokens: TokenCache) -> Result<Self, AdminError> {
        let (client, origin) = client(name, origin)?;
        Ok(Self { name, origin, tokens, client, retry: RetryPolicy::default() })
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

    /// Sends a request until it succeeds, fails for good, or the time limit is reached. What has no body is null. A document
    /// that others change too is not written by this, but by [`Document::update`](crate::update::Document::update): what is
    /// sent again here was made before.
    pub(crate) async fn send(&self, call: &Call) -> Result<Value, AdminError> {
        self.ask(call).await.map(|answer| answer.body)
    }

    /// The same, with the version of what is answered.
    pub(crate) async fn ask(&self, call: &Call) -> Result<Answer, AdminError> {
        self.retry.start().run(|| self.attempt(call)).await
    }

    /// Sends a request once.
    pub(crate) async fn attempt(&self, call: &Call) -> Result<Answer, Failure> {
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
        let no_answer = |error| {
            if call.is_repeatable { Failure::NoAnswer(error) } else { Failure::Final(error) }
        };
        // The address may contain details that do not belong in a log.
        let unreachable = |error: reqwest::Error| {
            no_answer(AdminError::Unreachable { service: self.name, source: error.without_url() })
        };
        let answer = request.send().await.map_err(unreachable)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(unreachable)?;
        if !status.is_success() {
            let body = serde_json::from_slice(&body).unwrap_or_default();
            return Err(Failure::Refused(Refusal::new(self.name, call, status, &headers, &body)));
        }
        if body.is_empty() || status == StatusCode::NO_CONTENT {
            return Ok(Answer::default());
        }
        let version = headers.get(ETAG).and_then(|it| it.to_str().ok()).map(str::to_owned);
        let body = serde_json::from_slice(&body).map_err(|_| no_answer(self.unexpected(call)))?;
        Ok(Answer { body, version })
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
        let token = self.tokens.token().await;
        token.map_err(|reason| AdminError::Token { service: self.name, reason })
    }
}

/// A client without a token for public documents, and the origin that it asks.
pub(crate) fn anonymous(name: &'static str, origin: &str) -> Result<(Client, String), AdminError> {
    let (client, origin) = client(name, origin)?;
    Ok((client, origin.as_str().trim_end_matches('/').to_owned()))
}

fn client(name: &'static str, origin: &str) -> Result<(Client, Url), AdminError> {
    let origin = parse_origin(origin)?;
    let builder = Client::builder().redirect(Policy::none()).timeout(TIMEOUT);
    let builder = if is_loopback(&origin) { builder.no_proxy() } else { builder };
    let unreachable = |source| AdminError::Unreachable { service: name, source };
    Ok((builder.build().map_err(unreachable)?, origin))
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
