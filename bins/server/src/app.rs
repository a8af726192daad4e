//! The whole application: pages and MCP endpoint behind the host check and the request log.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use axum::{Extension, Router, middleware};
use restaurant_domain::{Actor, Repository};
use restaurant_mcp::McpAdapter;
use restaurant_web::WebConfig;

use crate::{
    host_check::{self, AllowedHosts},
    request_log,
    settings::{AuthMode, Settings},
};

/// The addresses of the MCP endpoint: a short one, and the one of the Python original.
const MCP_PATHS: [&str; 2] = ["/mcp", "/mcp/mcp"];

/// What of the settings the application needs.
pub struct AppSettings {
    auth_mode: AuthMode,
    public_hosts: Vec<String>,
    public_origins: Vec<String>,
    allowed_origins: Vec<String>,
    request_limit: Duration,
    call_limit: Duration,
}

impl From<&Settings> for AppSettings {
    fn from(settings: &Settings) -> Self {
        Self {
            auth_mode: settings.auth_mode,
            public_hosts: settings.public_hosts(),
            public_origins: settings.public_origins(),
            allowed_origins: settings.allowed_origins(),
            request_limit: settings.request_seconds,
            call_limit: settings.mcp_call_seconds,
        }
    }
}

/// Puts the application together over a repository.
///
/// # Errors
/// When a setting is wrong that only its user can judge, such as an origin.
pub fn router(repository: Arc<dyn Repository>, settings: AppSettings) -> anyhow::Result<Router> {
    let actor = match settings.auth_mode {
        AuthMode::None => Actor::unauthenticated(),
    };
    let mut config = WebConfig::default();
    config.request_timeout = settings.request_limit;
    config.trusted_origins.clone_from(&settings.public_origins);
    let pages = restaurant_web::router(Arc::clone(&repository), config).context("ALLOWED_HOSTS")?;
    let mcp = McpAdapter::new(repository)
        .allowed_hosts(settings.public_hosts.clone())
        .allowed_origins([settings.public_origins, settings.allowed_origins].concat())
        .settings_named("ALLOWED_HOSTS", "ALLOWED_ORIGINS")
        .body_timeout(settings.request_limit)
        .call_timeout(settings.call_limit)
        .router(&MCP_PATHS);
    let hosts = AllowedHosts::new(&settings.public_hosts);
    Ok(pages
        .merge(mcp)
        .layer(Extension(actor))
        .layer(middleware::from_fn_with_state(hosts, host_check::check))
        .layer(middleware::from_fn(request_log::log)))
}
