//! Tokens for a program of this machine, without a secret of its own: App Service's managed identity endpoint.

use axum::{
    Json,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{agent_exchange::TOKEN_EXCHANGE, token::resource};
use crate::{
    Cloud, Directory, ServicePrincipal, directory::AGENT_IDENTITY, token::LIFETIME_SECONDS,
};

/// What a program asks for. Source: <https://learn.microsoft.com/azure/app-service/overview-managed-identity>.
#[derive(Debug, Deserialize)]
pub(super) struct IdentityQuery {
    resource: Option<String>,
    client_id: Option<Uuid>,
    #[serde(rename = "api-version")]
    api_version: Option<String>,
}

/// A token of the machine's identity, or of another that it may be.
pub(super) async fn token(
    State(cloud): State<Cloud>,
    headers: HeaderMap,
    Query(query): Query<IdentityQuery>,
) -> Response {
    let secret = headers.get("x-identity-header").and_then(|value| value.to_str().ok());
    if secret != Some(cloud.identity_header()) {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "the secret in X-IDENTITY-HEADER is missing or wrong",
        );
    }
    if query.api_version.as_deref() != Some("2019-08-01") {
        return refuse(StatusCode::BAD_REQUEST, "api-version must be 2019-08-01");
    }
    let Some(audience) = &query.resource else {
        return refuse(StatusCode::BAD_REQUEST, "resource is missing");
    };
    let directory = cloud.directory();
    let Some(identity) = identity(&directory, query.client_id) else {
        return refuse(StatusCode::BAD_REQUEST, "there is no such identity");
    };
    let Some(claims) = claims(&cloud, &directory, identity, audience) else {
        return refuse(StatusCode::BAD_REQUEST, "there is no such resource");
    };
    let expires = cloud.now().timestamp() + LIFETIME_SECONDS;
    let body = json!({
        "access_token": cloud.sign(&cloud.token_header(), &claims),
        "expires_on": expires.to_string(),
        "resource": audience,
        "token_type": "Bearer",
        "client_id": identity.app_id,
    });
    Json(body).into_response()
}

/// Managed identities, and those of agents, which have no credentials of their own.
fn identity(directory: &Directory, app_id: Option<Uuid>) -> Option<&ServicePrincipal> {
    let mut identities = directory.service_principals.iter().filter(|principal| {
        let kind = principal.service_principal_type.as_str();
        matches!(kind, "ManagedIdentity" | AGENT_IDENTITY) && !principal.is_disabled()
    });
    match app_id {
        Some(app_id) => identities.find(|identity| identity.app_id == app_id),
        None => identities.find(|identity| identity.service_principal_type == "ManagedIdentity"),
    }
}

fn claims(
    cloud: &Cloud,
    directory: &Directory,
    identity: &ServicePrincipal,
    audience: &str,
) -> Option<Value> {
    let is_exchange = audience == TOKEN_EXCHANGE;
    let exchange = crate::Application::default();
    let resource =
        if is_exchange { &exchange } else { resource(cloud, directory, audience).ok()? };
    let mut claims = cloud.claims(directory, resource).of_client(identity);
    if is_exchange {
        claims["aud"] = json!(audience);
        claims["iss"] = json!(cloud.v2_issuer());
        claims["ver"] = json!("2.0");
    }
    Some(claims)
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"statusCode": status.as_u16(), "message": message}))).into_response()
}
