//! What the platform answers in the app's place: 401, 403, and the metadata that tells clients where to get a token.

use axum::{
    Json,
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE};
use serde_json::json;

use super::{auth_settings::AzureActiveDirectory, authenticate::issuer};
use crate::{Cloud, Site};

/// Where the metadata is (RFC 9728), at the root and path-suffixed.
pub(super) const METADATA: &str = "/.well-known/oauth-protected-resource";

/// The app setting that turns the metadata on: scopes, separated by commas.
const PRM_SCOPES: &str = "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES";

/// The scopes that the site tells clients of; `None` where the metadata is off.
pub(super) fn scopes(site: &Site) -> Option<Vec<String>> {
    let scopes = site.app_settings.get(PRM_SCOPES)?.split(',').map(str::trim);
    let scopes: Vec<_> = scopes.filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    (!scopes.is_empty()).then_some(scopes)
}

/// The metadata of a resource: `path` is what its address has after the well-known one.
pub(super) fn metadata(
    cloud: &Cloud,
    entra: &AzureActiveDirectory,
    scopes: &[String],
    origin: &str,
    path: &str,
) -> Response {
    Json(json!({
        "resource": format!("{origin}{path}"),
        "authorization_servers": [issuer(cloud, entra)],
        "scopes_supported": scopes,
    }))
    .into_response()
}

/// 401 with the platform's challenge.
pub(super) fn unauthorized(
    cloud: &Cloud,
    entra: Option<&AzureActiveDirectory>,
    scopes: Option<&[String]>,
    origin: &str,
    path: &str,
) -> Response {
    let mut response = empty(StatusCode::UNAUTHORIZED);
    let Some(entra) = entra else { return response };
    let (base, tenant) = (cloud.origin(), cloud.tenant_id());
    let host = origin.rsplit('/').next().unwrap_or_default();
    let client_id = &entra.registration.client_id;
    let known = format!(
        "Bearer realm=\"{host}\" authorization_uri=\"{base}/{tenant}/oauth2/v2.0/authorize\" resource_id=\"{client_id}\""
    );
    let challenge = match scopes {
        Some(scopes) => format!(
            "{known}, scope=\"{}\", resource_metadata=\"{origin}{METADATA}{path}\"",
            scopes.join(" ")
        ),
        None => known,
    };
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
