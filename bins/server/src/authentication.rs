//! Authentication as the settings configure it: schemes, requirement, and protected resource metadata.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use axum::{Router, middleware};
use easyauth::{
    AuthenticationLayer, Authenticator, ClientPrincipalHeader, EntraTokenValidator,
    ProtectedResource, Requirement, RequirementLayer,
};
use restaurant_web::RoleNames;

use crate::{
    caller::{self, AccessPolicy, OperationPolicy},
    settings::{AuthMode, AuthenticationSettings, Settings},
    step_up::{self, StepUp},
};

/// The authentication of all routes except health checks and protected resource metadata.
#[derive(Debug)]
pub struct Authentication {
    mode: AuthMode,
    authenticator: Authenticator,
    validator: Option<Arc<EntraTokenValidator>>,
    resource: Arc<ProtectedResource>,
    policy: Arc<AccessPolicy>,
    mcp_role: String,
    mcp_scope: String,
    roles: RoleNames,
}

impl Authentication {
    /// The authentication of a server that listens on an address, or `None` in mode `none`.
    ///
    /// # Errors
    /// When a setting is missing or invalid.
    pub fn new(
        settings: &Settings,
        listening: SocketAddr,
        paths: &[&str],
    ) -> anyhow::Result<Option<Self>> {
        let auth = &settings.authentication;
        let mode = auth.mode()?;
        if mode == AuthMode::None {
            return Ok(None);
        }
        let validator = mode.validates_tokens().then(|| token_validator(auth)).transpose()?;
        let resource = resource(settings, mode, listening, paths, validator.clone())?;
        let mcp = Requirement::role_or_scope(&*auth.mcp_role, &*auth.mcp_scope);
        let operation = |role: Option<String>, scope: Option<&str>| OperationPolicy {
            role: role.map(Requirement::role),
            scope: scope.map(|scope| Requirement::all([mcp.clone(), Requirement::scope(scope)])),
        };
        let policy = AccessPolicy {
            read_only: settings.read_only,
            read: operation(auth.read_role(), auth.read_scope()),
            write: operation(auth.write_role(), auth.write_scope()),
            mcp,
            moderate: Requirement::role(&*auth.moderate_role),
            budgets: settings.writes.budgets(),
        };
        Ok(Some(Self {
            mode,
            authenticator: authenticator(auth, mode, validator.clone()),
            validator,
            resource: Arc::new(resource),
            policy: Arc::new(policy),
            mcp_role: auth.mcp_role.clone(),
            mcp_scope: auth.mcp_scope.clone(),
            roles: RoleNames {
                read: auth.read_role(),
                write: auth.write_role(),
                moderate: Some(auth.moderate_role.clone()),
            },
        }))
    }

    /// Authenticates the callers of all routes, and requires the role or scope of those of MCP. A user who lacks the role of
    /// one MCP operation gets a challenge too.
    pub fn protect(&self, pages: Router, mcp: Router) -> Router {
        let (policy, resource) = (Arc::clone(&self.policy), Arc::clone(&self.resource));
        let requirement = RequirementLayer::new(policy.mcp.clone(), Arc::clone(&resource));
        let step_up =
            middleware::from_fn_with_state(StepUp { policy, resource }, step_up::challenge);
        let mcp = mcp.layer((requirement, step_up));
        let insert_actor =
            middleware::from_fn_with_state(Arc::clone(&self.policy), caller::insert_actor);
        AuthenticationLayer::new(self.authenticator.clone(), Arc::clone(&self.resource))
            .wrap(pages.merge(mcp).layer(insert_actor))
    }

    /// Fetches the issuer's keys in the background, so that the server starts while the issuer is not available.
    pub fn fetch_jwks(&self) {
        if let Some(validator) = self.validator.clone() {
            // The validator logs a failure, and the first token starts another fetch.
            tokio::spawn(async move { validator.fetch_jwks().await.ok() });
        }
    }

    /// The protected resource metadata. App Service Authentication serves its own.
    pub fn metadata(&self) -> Router {
        if self.mode.is_behind_platform() { Router::new() } else { self.resource.router() }
    }

    /// The path where a user signs in, up to the page that they then see, if users sign in at a browser.
    pub fn sign_in_path(&self) -> Option<String> {
        let path = "/.auth/login/aad?post_login_redirect_uri=";
        self.mode.is_behind_platform().then(|| path.to_owned())
    }

    /// The app roles of the permissions.
    pub fn roles(&self) -> RoleNames {
        self.roles.clone()
    }

    /// The app role that a program needs for MCP.
    pub fn mcp_role(&self) -> &str {
        &self.mcp_role
    }

    /// The scope that a client for a user needs for MCP.
    pub fn mcp_scope(&self) -> &str {
        &self.mcp_scope
    }

    /// The path where a user signs out, if users sign in at a browser.
    pub fn sign_out_path(&self) -> Option<String> {
        let path = "/.auth/logout?post_logout_redirect_uri=%2Fwelcome";
        self.mode.is_behind_platform().then(|| path.to_owned())
    }
}

/// The schemes of a mode, all of which must authenticate the same caller.
fn authenticator(
    settings: &AuthenticationSettings,
    mode: AuthMode,
    validator: Option<Arc<EntraTokenValidator>>,
) -> Authenticator {
    let header = mode.is_behind_platform().then(|| client_principal_header(settings));
    match (header, validator) {
        (Some(header), Some(validator)) => Authenticator::new(header).and(validator),
        (_, Some(validator)) => Authenticator::new(validator),
        (header, None) => Authenticator::new(header.unwrap_or_default()),
    }
}

fn client_principal_header(settings: &AuthenticationSettings) -> ClientPrincipalHeader {
    let header = ClientPrincipalHeader::new();
    let header = match settings.tenant() {
        Some(tenant) => header.tenant(tenant),
        None => header,
    };
    settings.apps().fold(header, ClientPrincipalHeader::app)
}

fn token_validator(settings: &AuthenticationSettings) -> anyhow::Result<Arc<EntraTokenValidator>> {
    let mut builder =
        EntraTokenValidator::builder(settings.entra_tenant()?, settings.entra_client()?)
            .authority(&settings.entra_authority);
    if let Some(issuer) = settings.v1_issuer() {
        builder = builder.v1_issuer(issuer);
    }
    for audience in settings.audiences() {
        builder = builder.audience(audience);
    }
    let clients = settings.allowed_clients()?;
    if clients.is_empty() {
        tracing::warn!("ENTRA_ALLOWED_CLIENTS is empty: every access token will be rejected");
    }
    for client in clients {
        builder = builder.allow_client(client);
    }
    Ok(Arc::new(builder.build().context("ENTRA_AUTHORITY, ENTRA_V1_ISSUER or ENTRA_AUDIENCES")?))
}

fn resource(
    settings: &Settings,
    mode: AuthMode,
    listening: SocketAddr,
    paths: &[&str],
    validator: Option<Arc<EntraTokenValidator>>,
) -> anyhow::Result<ProtectedResource> {
    let origin = settings.public_origin(listening)?;
    let mut resource = ProtectedResource::new(&origin).context("PUBLIC_URL")?;
    for path in paths {
        resource = resource.path(path)?;
    }
    for scope in settings.authentication.scopes(mode) {
        resource = resource.scope(&scope).context("WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES")?;
    }
    Ok(match validator {
        Some(validator) => resource.issuer_of(validator),
        None => resource,
    })
}
