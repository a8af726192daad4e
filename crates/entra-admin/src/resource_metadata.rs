//! The protected resource metadata of an MCP server (RFC 9728): what clients ask for, and what they name as the resource.

use reqwest::Method;
use serde_json::Value;

use crate::{AdminError, endpoint::anonymous};

const SERVICE: &str = "the app";
/// The metadata of the MCP server at `/mcp`.
const PATH: &str = "/.well-known/oauth-protected-resource/mcp";

/// The protected resource metadata that a server publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResourceMetadata {
    /// `resource`, which clients send along.
    pub resource: String,
    /// `scopes_supported`, which clients request.
    pub scopes: Vec<String>,
}

impl ResourceMetadata {
    /// Reads the metadata of the server at an origin; `None` if it publishes none.
    ///
    /// # Errors
    /// When the server cannot be reached, or its answer is not complete.
    pub async fn fetch(origin: &str) -> Result<Option<Self>, AdminError> {
        let (client, origin) = anonymous(SERVICE, origin)?;
        let unreachable = |source: reqwest::Error| AdminError::Unreachable {
            service: SERVICE,
            source: source.without_url(),
        };
        let answer = client.get(format!("{origin}{PATH}")).send().await.map_err(unreachable)?;
        if answer.status().is_client_error() {
            return Ok(None);
        }
        let answer = answer.error_for_status().map_err(unreachable)?;
        let body = answer.bytes().await.map_err(unreachable)?;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let resource = body["resource"].as_str().map(str::to_owned);
        let scopes = body["scopes_supported"].as_array().into_iter().flatten();
        let scopes = scopes.filter_map(|scope| scope.as_str().map(str::to_owned)).collect();
        let unexpected = || AdminError::Unexpected {
            service: SERVICE,
            method: Method::GET,
            path: PATH.to_owned(),
        };
        Ok(Some(Self { resource: resource.ok_or_else(unexpected)?, scopes }))
    }
}
