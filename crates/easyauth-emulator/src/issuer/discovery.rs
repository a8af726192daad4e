//! Where everything is (OpenID Connect Discovery 1.0), and the public keys.

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{error::TokenError, is_tenant};
use crate::Cloud;

/// The document of the version 2.0 issuer.
pub(super) async fn v2(
    State(cloud): State<Cloud>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, TokenError> {
    let issuer = cloud.v2_issuer();
    document(&cloud, &tenant, &issuer, "/oauth2/v2.0", "/discovery/v2.0/keys")
}

/// The document of the version 1.0 issuer.
pub(super) async fn v1(
    State(cloud): State<Cloud>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, TokenError> {
    let issuer = cloud.v1_issuer();
    document(&cloud, &tenant, &issuer, "/oauth2", "/discovery/keys")
}

fn document(
    cloud: &Cloud,
    tenant: &str,
    issuer: &str,
    oauth: &str,
    keys: &str,
) -> Result<Json<Value>, TokenError> {
    if !is_tenant(cloud, tenant) {
        return Err(TokenError::Tenant);
    }
    let base = format!("{}/{tenant}", cloud.origin());
    Ok(Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}{oauth}/token"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
        "jwks_uri": format!("{base}{keys}"),
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
    })))
}

/// The public keys.
pub(super) async fn keys(
    State(cloud): State<Cloud>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, TokenError> {
    if !is_tenant(&cloud, &tenant) {
        return Err(TokenError::Tenant);
    }
    cloud.count_key_request();
    let issuer = cloud.v2_issuer();
    Ok(Json(cloud.keys().jwks(&issuer)))
}

/// What Microsoft's libraries ask about an authority that they do not know by heart.
pub(super) async fn instance(State(cloud): State<Cloud>) -> Json<Value> {
    let (origin, tenant) = (cloud.origin(), cloud.tenant_id());
    let host = origin.rsplit('/').next().unwrap_or_default();
    Json(json!({
        "tenant_discovery_endpoint": format!("{origin}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }))
}
