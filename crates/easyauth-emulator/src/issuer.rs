//! The issuer: discovery, keys, and tokens, as Microsoft Entra ID has them.

mod agent_exchange;
mod authorize;
mod client;
mod delegation;
mod device_code;
mod discovery;
mod error;
mod form;
mod grant;
mod managed_identity;
mod page;
mod token;
mod user_assertion;

use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use self::{device_code::DeviceCodes, grant::Grants};
use crate::Cloud;

/// Its routes.
pub(crate) fn router(cloud: Cloud) -> Router {
    Router::new()
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::v2))
        .route("/{tenant}/.well-known/openid-configuration", get(discovery::v1))
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
        .route("/{tenant}/discovery/keys", get(discovery::keys))
        .route("/common/discovery/instance", get(discovery::instance))
        .route("/{tenant}/oauth2/v2.0/token", post(token::v2))
        .route("/{tenant}/oauth2/token", post(token::v1))
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::authorize))
        .route("/{tenant}/oauth2/v2.0/logout", get(authorize::logout))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device_code::begin))
        .route("/devicelogin", get(device_code::ask).post(device_code::enter))
        .route("/msi/token", get(managed_identity::token))
        .with_state(cloud)
}

/// Whether a path names the tenant.
fn is_tenant(cloud: &Cloud, tenant: &str) -> bool {
    tenant.parse() == Ok(cloud.tenant_id())
}
