//! What the settings of authentication mean: who is believed, what is asked of whom, and what callers are told.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use axum::{Router, middleware};
use easyauth::{
    AuthenticationLayer, Authenticator, ClientPrincipalHeader, EntraTokenValidator,
    ProtectedResource, Requirement, RequirementLayer,
};

use crate::{
    caller::{self, AccessPolicy},
    settings::{AuthMode, AuthenticationSettings, Settings},
};

/// What stands before everything that is not open to all.
#[derive(Debug)]
pub struct Authentication {
    mode: AuthMode,
    authenticator: Authenticator,
    token: Option<Arc<EntraTokenValidator>>,
    requirement: Requirement,
    resource: Arc<ProtectedResource>,
    callers: AccessPolicy,
}

impl Authentication {
    /// The authentication of the settings, for a server that listens on an address; `None` where nobody is asked who they are.
    ///
    /// # Errors
    /// When a setting is missing or wrong.
    pub fn new(
        settings: &Settings,
        listening: SocketAddr,
        paths: &[&str],
    ) -> anyhow::Result<Option<Self>> {
        let of = &settings.authentication;
        let mode = of.mode()?;
        if mode == AuthMode::None {
            return Ok(None);
        }
        let token = mode.reads_tokens().then(|| entra_token(of)).transpose()?;
        let resource = resource(settings, mode, listening, paths, token.clone())?;
        let requirement = Requirement::role_or_scope(&*of.mcp_role, &*of.mcp_scope);
        let callers = AccessPolicy {
            read_only: settings.read_only,
            read_role: of.read_role(),
            write_role: of.write_role(),
            requirement: requirement.clone(),
        };
        let resource = Arc::new(resource);
        let authenticator = authenticator(of, mode, token.clone());
        Ok(Some(Self { mode, authenticator, token, requirement, resource, callers }))
    }

    /// Shuts routes to all but callers who are known; those of MCP to all but who has the role or scope as well.
    pub fn protect(&self, pages: Router, mcp: Router) -> Router {
        let requirement =
            RequirementLayer::new(self.requirement.clone(), Arc::clone(&self.resource));
        let callers = Arc::new(self.callers.clone());
        let guarded = pages
            .merge(mcp.layer(requirement))
            .layer(middleware::from_fn_with_state(callers, caller::insert_actor));
        AuthenticationLayer::new(self.authenticator.clone(), Arc::clone(&self.resource))
            .around(guarded)
    }

    /// Fetches the issuer's keys aside: it may be away when the server starts.
    pub fn fetch_jwks(&self) {
        if let Some(token) = self.token.clone() {
            // What went wrong is in the log, and the first token asks again.
            tokio::spawn(async move { token.fetch_jwks().await.ok() });
        }
    }

    /// The protected resource metadata; behind the platform it is the platform's.
    pub fn metadata(&self) -> Router {
        if self.mode.is_behind_platform() { Router::new() } else { self.resource.router() }
    }

    /// Where a person signs out.
    pub fn sign_out_path(&self) -> Option<String> {
        let path = "/.auth/logout?post_logout_redirect_uri=%2F";
        self.mode.is_behind_platform().then(|| path.to_owned())
    }
}

/// The schemes of a mode; all of them have to name the same caller.
fn authenticator(
    settings: &AuthenticationSettings,
    mode: AuthMode,
    token: Option<Arc<EntraTokenValidator>>,
) -> Authenticator {
    let header = mode.is_behind_platform().then(|| client_principal_header(settings));
    match (header, token) {
        (Some(header), Some(token)) => Authenticator::new(header).and(token),
        (_, Some(token)) => Authenticator::new(token),
        (header, None) => Authenticator::new(header.unwrap_or_default()),
    }
}

/// What the platform's header has to say.
fn client_principal_header(settings: &AuthenticationSettings) -> ClientPrincipalHeader {
    let header = ClientPrincipalHeader::new();
    let header = match settings.tenant() {
        Some(tenant) => header.tenant(tenant),
        None => header,
    };
    settings.apps().fold(header, ClientPrincipalHeader::app)
}

/// What access tokens have to be.
fn entra_token(settings: &AuthenticationSettings) -> anyhow::Result<Arc<EntraTokenValidator>> {
    let mut token =
        EntraTokenValidator::builder(settings.entra_tenant()?, settings.entra_client()?)
            .authority(&settings.entra_authority);
    if let Some(issuer) = settings.v1_issuer() {
        token = token.v1_issuer(issuer);
    }
    for audience in settings.audiences() {
        token = token.audience(audience);
    }
    let clients = settings.allowed_clients()?;
    if clients.is_empty() {
        tracing::warn!("nobody comes in: ENTRA_ALLOWED_CLIENTS is empty");
    }
    for client in clients {
        token = token.allow_client(client);
    }
    Ok(Arc::new(token.build().context("ENTRA_AUTHORITY, ENTRA_V1_ISSUER or ENTRA_AUDIENCES")?))
}

fn resource(
    settings: &Settings,
    mode: AuthMode,
    listening: SocketAddr,
    paths: &[&str],
    token: Option<Arc<EntraTokenValidator>>,
) -> anyhow::Result<ProtectedResource> {
    let origin = settings.public_origin(listening)?;
    let mut resource = ProtectedResource::new(&origin).context("PUBLIC_URL")?;
    for path in paths {
        resource = resource.path(path)?;
    }
    for scope in settings.authentication.scopes(mode) {
        resource = resource.scope(&scope).context("WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES")?;
    }
    Ok(match token {
        Some(token) => resource.issuer_of(token),
        None => resource,
    })
}
