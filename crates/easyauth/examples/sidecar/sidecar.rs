//! The scheme: the sidecar validates the caller's `Authorization`, and responds with the claims.

use std::time::Duration;

use async_trait::async_trait;
use easyauth::{AuthnError, Outcome, Principal, Scheme};
use http::{HeaderMap, HeaderValue, StatusCode, header::AUTHORIZATION};
use reqwest::{Client, Response, redirect::Policy};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Invariant: a longer header, in bytes, is rejected without asking the sidecar.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Invariant: a longer response, in bytes, is not read. It contains the token, and its claims once more.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// The time for the sidecar's whole response. It may have to fetch the issuer's keys.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The value of `Retry-After` while the sidecar does not respond as documented.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Validates access tokens by asking a sidecar. It is configured with the tenant and the audience; which client
/// applications may call is decided here.
pub struct Sidecar {
    http: Client,
    validate: String,
    allowed_client: String,
}

/// The documented response. It also has `protocol` and `token`.
#[derive(Deserialize)]
struct Validated<'a> {
    #[serde(borrow)]
    claims: &'a RawValue,
}

impl Sidecar {
    /// Asks the sidecar at this address, and allows this client application.
    ///
    /// # Errors
    /// When the HTTP client cannot be created.
    pub fn new(url: &str, allowed_client: &str) -> reqwest::Result<Self> {
        // A redirect would send the token to another address, and so would a proxy.
        let http =
            Client::builder().redirect(Policy::none()).no_proxy().timeout(TIMEOUT).build()?;
        let validate = format!("{}/Validate", url.trim_end_matches('/'));
        Ok(Self { http, validate, allowed_client: allowed_client.to_owned() })
    }

    async fn validate(&self, authorization: HeaderValue) -> Result<Principal, AuthnError> {
        let request = self.http.get(&self.validate).header(AUTHORIZATION, authorization);
        let response = request.send().await.map_err(|error| unavailable(error.without_url()))?;
        match response.status() {
            StatusCode::OK => self.caller(&read(response).await?),
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(AuthnError::rejected("the sidecar rejects the token"))
            }
            status => Err(unavailable(format!("it responded with {status}"))),
        }
    }

    fn caller(&self, response: &[u8]) -> Result<Principal, AuthnError> {
        // The error of serde_json could quote the response, which contains the token.
        let validated: Validated<'_> = serde_json::from_slice(response)
            .map_err(|_| unavailable("its response is not the documented JSON"))?;
        let caller = Principal::from_token_claims(validated.claims.get()).map_err(unavailable)?;
        let is_allowed = caller.client_id().is_some_and(|it| it == self.allowed_client);
        is_allowed.then_some(caller).ok_or_else(|| {
            AuthnError::rejected("the client application of the token is not allowed")
        })
    }
}

/// Reads the body of a response, up to its limit.
async fn read(mut response: Response) -> Result<Vec<u8>, AuthnError> {
    let mut body = Vec::new();
    while let Some(chunk) =
        response.chunk().await.map_err(|error| unavailable(error.without_url()))?
    {
        if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
            return Err(unavailable("its response is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The token was not checked: the response to the caller is 503.
fn unavailable(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AuthnError {
    AuthnError::transient("the sidecar is not available", RETRY_AFTER).with_source(reason)
}

#[async_trait]
impl Scheme for Sidecar {
    fn name(&self) -> &'static str {
        "access token, validated by the sidecar"
    }

    async fn authenticate(&self, headers: &HeaderMap) -> Outcome {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        match (values.next(), values.next()) {
            (None, _) => Outcome::NotRequested,
            (Some(value), None) if value.len() <= MAX_HEADER_BYTES => {
                self.validate(value.clone()).await.into()
            }
            _ => Outcome::Failed(AuthnError::rejected("the header is too long or occurs twice")),
        }
    }
}
