//! The issuer's discovery document and key set over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, PublicKeyUse};
use reqwest::{Client, Url, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::time::timeout;

use super::{
    cloud::TENANT,
    jwks::{Jwks, JwksError, JwksProvider, SigningKey},
};

/// Invariant: the maximum length of a document, in bytes. Entra's have a few thousand.
const MAX_BYTES: usize = 256 * 1024;

/// Invariant: the maximum number of keys.
const MAX_KEYS: usize = 100;

/// The timeout for both documents together.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The name in an authority's addresses for all tenants of organizations.
pub(super) const ALL_TENANTS: &str = "organizations";

/// Provides the keys by OpenID Connect Discovery 1.0. It follows no redirects. The keys must be at the origin of the
/// authority or of the issuer that the document names: the two differ for External ID.
/// Source: <https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc>.
pub(super) struct Discovery {
    client: Client,
    document: Url,
    /// `None` discovers the keys of all tenants.
    tenant_id: Option<String>,
}

#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    /// Of any kind: an unreadable key does not affect the others (RFC 7517, section 5).
    keys: Vec<Value>,
}

impl Discovery {
    /// Discovers the keys of one tenant, or of all, at this authority, which is https or on loopback.
    pub(super) fn new(authority: &Url, tenant_id: Option<&str>) -> Result<Self, reqwest::Error> {
        let client = Client::builder().redirect(Policy::none());
        let client = match authority.scheme() {
            "https" => client.https_only(true),
            // Loopback: a proxy would resolve it to another machine.
            _ => client.no_proxy(),
        };
        let mut document = authority.clone();
        let tenant = tenant_id.unwrap_or(ALL_TENANTS);
        document.set_path(&format!("/{tenant}/v2.0/.well-known/openid-configuration"));
        Ok(Self { client: client.build()?, document, tenant_id: tenant_id.map(str::to_owned) })
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, JwksError> {
        let failed = |error| JwksError::new(format!("cannot get {url}")).with_source(error);
        let mut response = self.client.get(url.clone()).send().await.map_err(failed)?;
        if response.status() != 200 {
            return Err(JwksError::new(format!("{url} responded with {}", response.status())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(JwksError::new(format!("{url} is longer than {MAX_BYTES} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body)
            .map_err(|error| JwksError::new(format!("{url} is not valid JSON")).with_source(error))
    }

    async fn discover(&self) -> Result<Jwks, JwksError> {
        let Configuration { issuer, jwks_uri } = self.get(self.document.clone()).await?;
        let url = self.keys_url(&jwks_uri, &self.issuer(&issuer)?)?;
        let set: KeySet = self.get(url.clone()).await?;
        let mut keys = Vec::new();
        for key in set.keys.into_iter().filter_map(signing_key).take(MAX_KEYS) {
            match key {
                Ok(key) => keys.push(key),
                Err(error) => tracing::warn!(%url, %error, "ignoring a key of the issuer"),
            }
        }
        if keys.is_empty() {
            return Err(JwksError::new(format!("{url} has no key for RS256")));
        }
        Ok(Jwks { issuer, keys })
    }

    fn keys_url(&self, jwks_uri: &str, issuer: &Url) -> Result<Url, JwksError> {
        let origins = [self.document.origin(), issuer.origin()];
        let url = Url::parse(jwks_uri).ok().filter(|url| origins.contains(&url.origin()));
        let message = || format!("{} names keys at another origin", self.document);
        url.ok_or_else(|| JwksError::new(message()))
    }

    /// Invariant: the issuer is the tenant's, so that no token of another tenant is valid, or names the place of each token's
    /// tenant. Its host may differ from the authority's.
    fn issuer(&self, issuer: &str) -> Result<Url, JwksError> {
        let tenant = self.tenant_id.as_deref().unwrap_or(ALL_TENANTS);
        let issuer = match self.tenant_id {
            None if issuer.contains(TENANT) => issuer.replace(TENANT, ALL_TENANTS),
            None => String::new(),
            Some(_) => issuer.to_owned(),
        };
        let is_tenants = |url: &Url| {
            let is_safe = url.scheme() == "https" || url.origin() == self.document.origin();
            let is_bare = url.query().is_none() && url.fragment().is_none();
            is_safe && is_bare && url.path() == format!("/{tenant}/v2.0")
        };
        let message = || format!("{} names another tenant's issuer", self.document);
        let url = Url::parse(&issuer).ok().filter(is_tenants);
        url.ok_or_else(|| JwksError::new(message()))
    }
}

/// The key, if it is for RS256 signatures and has an id.
fn signing_key(value: Value) -> Option<Result<SigningKey, JwksError>> {
    let issuer = value.get("issuer").and_then(Value::as_str).map(str::to_owned);
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let AlgorithmParameters::RSA(key) = &jwk.algorithm else { return None };
    let common = &jwk.common;
    let is_for_signatures =
        common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let is_rs256 = common.key_algorithm.is_none_or(|algorithm| algorithm == KeyAlgorithm::RS256);
    let kid = common.key_id.as_deref().filter(|kid| !kid.is_empty())?;
    let key = (is_for_signatures && is_rs256).then(|| SigningKey::new(kid, &key.n, &key.e))?;
    Some(key.map(|key| match issuer {
        Some(issuer) => key.for_issuer(&issuer),
        None => key,
    }))
}

#[async_trait]
impl JwksProvider for Discovery {
    async fn fetch(&self) -> Result<Jwks, JwksError> {
        let slow = |error| {
            JwksError::new(format!("{} did not respond in time", self.document)).with_source(error)
        };
        timeout(TIMEOUT, self.discover()).await.map_err(slow)?
    }
}
