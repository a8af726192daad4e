//! The application: pages and the MCP endpoint, behind the request log and the host check.

#[cfg(test)]
mod contract;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    extract::{Request, State},
    http::Method,
    middleware::{self, Next},
    response::Response,
};
use easyauth::StripIdentityHeadersLayer;
use restaurant_domain::{Actor, Author, Permissions, Repository};
use restaurant_mcp::McpAdapter;
use restaurant_web::{Connection, WebConfig};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::{
    authentication::Authentication,
    caller,
    host_check::{self, AllowedHosts},
    request_log,
    settings::{Settings, WriteSettings},
    trailing_slash, transfer_coding,
};

/// The paths of the MCP endpoint: a short one, and that of the Python original.
const MCP_PATHS: [&str; 2] = ["/mcp", "/mcp/mcp"];

/// The path that says whether the process runs.
const HEALTH_PATH: &str = "/healthz";

/// The settings of the application.
pub struct AppSettings {
    authentication: Option<Authentication>,
    read_only: bool,
    writes: WriteSettings,
    public_hosts: Vec<String>,
    public_origins: Vec<String>,
    allowed_origins: Vec<String>,
    request_limit: Duration,
    call_limit: Duration,
}

impl AppSettings {
    /// The settings of a server that listens on an address.
    ///
    /// # Errors
    /// A setting of authentication is missing or invalid.
    pub fn new(settings: &Settings, listening: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self {
            authentication: Authentication::new(settings, listening, &MCP_PATHS)?,
            read_only: settings.read_only,
            writes: settings.writes.clone(),
            public_hosts: settings.public_hosts(),
            public_origins: settings.public_origins(),
            allowed_origins: settings.allowed_origins(),
            request_limit: settings.request_seconds,
            call_limit: settings.mcp_call_seconds,
        })
    }
}

/// The application.
pub struct App {
    router: Router,
    hosts: AllowedHosts,
}

impl App {
    /// Assembles the application over a repository.
    ///
    /// # Errors
    /// A setting is invalid, such as a trusted origin.
    pub fn new(
        repository: Arc<dyn Repository>,
        settings: AppSettings,
        tasks: TaskTracker,
    ) -> anyhow::Result<Self> {
        let hosts = AllowedHosts::new(&settings.public_hosts);
        Ok(Self { router: router(repository, settings, tasks)?, hosts })
    }

    /// Answers a request. The addresses of the MCP endpoint may end with a slash.
    pub async fn answer(&self, request: Request) -> Response {
        // Platforms ask it all the time, and it depends on nothing that a layer of the router adds.
        if request.method() == Method::GET && request.uri().path() == HEALTH_PATH {
            let answer = async |request, _| match refusal(&request, &self.hosts) {
                Some(refusal) => refusal,
                None => restaurant_web::alive().await,
            };
            return request_log::log(request, Some(HEALTH_PATH.into()), answer).await;
        }
        let request = trailing_slash::remove(request, &MCP_PATHS);
        let Ok(response) = self.router.clone().oneshot(request).await;
        response
    }
}

/// The routes with and without authentication.
fn router(
    repository: Arc<dyn Repository>,
    settings: AppSettings,
    tasks: TaskTracker,
) -> anyhow::Result<Router> {
    let mut config = WebConfig::default();
    config.request_timeout = settings.request_limit;
    config.tasks = tasks.clone();
    config.undo_within = settings.writes.undo_within();
    config.trusted_origins.clone_from(&settings.public_origins);
    config.read_only = settings.read_only;
    if let Some(authentication) = &settings.authentication {
        config.roles = authentication.roles();
        config.sign_in_path = authentication.sign_in_path();
        config.sign_out_path = authentication.sign_out_path();
    }
    config.connection = connection(&settings);
    let public = restaurant_web::public_router(Arc::clone(&repository), &config)?;
    let pages = restaurant_web::router(Arc::clone(&repository), config.clone());
    let pages = pages.context("ALLOWED_HOSTS")?;
    let mcp = mcp_adapter(repository, settings.read_only, &settings.writes);
    let mcp = match settings.public_origins.last() {
        Some(origin) => mcp.website_url(origin),
        None => mcp,
    };
    let mcp = mcp
        .allowed_hosts(settings.public_hosts.clone())
        .allowed_origins([settings.public_origins, settings.allowed_origins].concat())
        .settings_named("ALLOWED_HOSTS", "ALLOWED_ORIGINS")
        .body_timeout(settings.request_limit)
        .call_timeout(settings.call_limit)
        .tasks(tasks)
        .router(&MCP_PATHS);
    let (open, guarded) = match &settings.authentication {
        Some(authentication) => {
            authentication.fetch_jwks();
            let guarded = authentication.protect(pages, mcp);
            let guarded = restaurant_web::with_sign_in_page(guarded, &config)?;
            (public.merge(authentication.metadata()), guarded)
        }
        None => (public, unauthenticated(pages.merge(mcp), settings.read_only)),
    };
    let hosts = AllowedHosts::new(&settings.public_hosts);
    let open = open.layer(StripIdentityHeadersLayer);
    Ok(guarded.merge(open).layer(middleware::from_fn_with_state(hosts, admit)))
}

/// Logs a request, and refuses it if its head is wrong. One layer, since each copies the whole service below it.
async fn admit(State(hosts): State<AllowedHosts>, request: Request, next: Next) -> Response {
    let route = request.extensions().get().map(request_log::matched);
    let answer = async |mut request: Request, id| {
        if let Some(refusal) = refusal(&request, &hosts) {
            return refusal;
        }
        request.extensions_mut().insert(id);
        next.run(request).await
    };
    request_log::log(request, route, answer).await
}

fn refusal(request: &Request, hosts: &AllowedHosts) -> Option<Response> {
    transfer_coding::refusal(request).or_else(|| host_check::refusal(request, hosts))
}

/// What the page about connecting an agent says.
fn connection(settings: &AppSettings) -> Connection {
    let [path, _] = MCP_PATHS;
    let authentication = settings.authentication.as_ref();
    Connection {
        address: settings.public_origins.first().map(|origin| format!("{origin}{path}")),
        tools: restaurant_mcp::tool_summaries()
            .map(|(name, summary)| (name.to_owned(), summary.to_owned()))
            .collect(),
        role: authentication.map(|it| it.mcp_role().to_owned()),
        scope: authentication.map(|it| it.mcp_scope().to_owned()),
    }
}

/// Routes without authentication, for an anonymous actor.
fn unauthenticated(routes: Router, read_only: bool) -> Router {
    let permissions = if read_only { Permissions::READ } else { Permissions::ALL };
    let actor = Actor::new(Author::anonymous(), permissions).moderator();
    let insert_actor = middleware::from_fn_with_state(Arc::new(actor), caller::insert_anonymous);
    routes.layer((StripIdentityHeadersLayer, insert_actor))
}

/// The layers that every transport shares.
pub fn mcp_adapter(
    repository: Arc<dyn Repository>,
    read_only: bool,
    writes: &WriteSettings,
) -> McpAdapter {
    let adapter = writes.confirmed(McpAdapter::new(repository));
    if read_only { adapter.read_only() } else { adapter }
}
