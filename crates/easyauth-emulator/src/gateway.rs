//! The platform's front door: authenticates every request as the site's settings say, and passes it on.

mod auth_settings;
mod authenticate;
mod options;
mod principal;
mod proxy;
mod refusal;
mod session;

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{Method, StatusCode};
use reqwest::Url;
use serde_json::{Map, Value};
use tokio::{net::TcpListener, task::JoinHandle};

pub(crate) use self::auth_settings::AuthSettings;
pub use self::options::{GatewayOptions, RoleForm};
use self::{
    auth_settings::{AzureActiveDirectory, UnauthenticatedClientAction as Action},
    authenticate::Caller,
    proxy::Upstream,
    session::Sessions,
};
use crate::{Cloud, Site};

/// A running gateway; it ends when this value is dropped. HTTP/1.1 alone, without upgrades such as `WebSocket`.
#[derive(Debug)]
pub struct Gateway {
    origin: String,
    task: JoinHandle<()>,
}

/// What a request is answered by.
#[derive(Debug)]
struct Door {
    cloud: Cloud,
    site: String,
    origin: String,
    upstream: Upstream,
    sessions: Sessions,
}

impl Gateway {
    /// Starts on a listener in front of the app at `upstream` (an origin), as the site of that name.
    ///
    /// # Errors
    /// When the listener or the app is not on loopback.
    pub fn serve(
        listener: TcpListener,
        cloud: Cloud,
        site: &str,
        upstream: &str,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let upstream = Url::parse(upstream).map_err(io::Error::other)?;
        let host = upstream.host_str().unwrap_or_default();
        let is_near = matches!(host, "127.0.0.1" | "[::1]" | "localhost");
        if !address.ip().is_loopback() || !is_near || upstream.scheme() != "http" {
            return Err(io::Error::other("the gateway and its app are on loopback alone"));
        }
        let origin = format!("http://{address}");
        let door = Door {
            cloud,
            site: site.to_owned(),
            origin: origin.clone(),
            upstream: Upstream::new(upstream).map_err(io::Error::other)?,
            sessions: Sessions::default(),
        };
        let app = Router::new().fallback(handle).with_state(Arc::new(door));
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move {
            // Accepting never fails for good.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { origin, task })
    }

    /// The origin under which the app is reached.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The platform's order: off, then its own addresses, then what is open to all, then who calls.
async fn handle(
    State(door): State<Arc<Door>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    let site = door.cloud.sites().iter().find(|site| site.name == door.site).cloned();
    let Some(site) = site else { return StatusCode::NOT_FOUND.into_response() };
    let Ok(settings) = AuthSettings::read(&site.auth_settings) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let options = &door.cloud.options().gateway;
    let url = door.upstream.url(request.uri());
    proxy::drop_hop_by_hop(request.headers_mut());
    proxy::add_forwarded(request.headers_mut(), &client.ip().to_string());
    if !settings.platform.enabled {
        if options.strips_when_off {
            principal::strip(request.headers_mut());
        }
        return door.upstream.forward(url, request).await;
    }
    let excluded = settings.excludes(url.path());
    if !excluded || options.strips_on_excluded_paths {
        principal::strip(request.headers_mut());
    }
    if let Some(entra) = settings.entra()
        && url.path().starts_with("/.auth/")
    {
        return session::handle(&door, &settings, entra, &url, request).await;
    }
    if let Some(answer) = door.metadata(&site, settings.entra(), &url, request.method()) {
        return answer;
    }
    if excluded {
        return door.upstream.forward(url, request).await;
    }
    match door.caller(&settings, request.headers()) {
        Caller::Known(claims) => door.pass(&settings, &claims, url, request).await,
        Caller::Forbidden => refusal::empty(StatusCode::FORBIDDEN),
        Caller::Stranger => door.unauthorized(&site, settings.entra(), &url),
        Caller::Nobody => match settings.action() {
            Action::AllowAnonymous => door.upstream.forward(url, request).await,
            Action::Return401 => door.unauthorized(&site, settings.entra(), &url),
            Action::Return403 => refusal::empty(StatusCode::FORBIDDEN),
            Action::RedirectToLoginPage => Redirect::to(&session::login_path(&url)).into_response(),
        },
    }
}

impl Door {
    /// A bearer token is looked at first, then the cookie of whoever signed in.
    fn caller(&self, settings: &AuthSettings, headers: &http::HeaderMap) -> Caller {
        let Some(entra) = settings.entra() else { return Caller::Nobody };
        match authenticate::bearer(&self.cloud, entra, headers) {
            Caller::Nobody => match self.sessions.find(headers) {
                Some(session) => Caller::Known(session.claims),
                None => Caller::Nobody,
            },
            found => found,
        }
    }

    /// Tells the app who calls, and passes the request on.
    async fn pass(
        &self,
        settings: &AuthSettings,
        claims: &Map<String, Value>,
        url: Url,
        mut request: Request,
    ) -> Response {
        let session = self.sessions.find(request.headers());
        let headers = request.headers_mut();
        principal::inject(headers, claims, &self.cloud.options().gateway);
        let is_bearer = headers.contains_key(http::header::AUTHORIZATION);
        if let Some(session) = session.filter(|_| settings.login.token_store.enabled && !is_bearer)
        {
            session.inject(headers);
        }
        self.upstream.forward(url, request).await
    }

    /// The metadata, where the site has it on and the address is one of its.
    fn metadata(
        &self,
        site: &Site,
        entra: Option<&AzureActiveDirectory>,
        url: &Url,
        method: &Method,
    ) -> Option<Response> {
        let path = url.path().strip_prefix(refusal::METADATA)?;
        let scopes = refusal::scopes(site)?;
        let is_one = path.is_empty() || path.starts_with('/');
        let reads = matches!(*method, Method::GET | Method::HEAD);
        let entra = entra.filter(|_| is_one && reads)?;
        Some(refusal::metadata(&self.cloud, entra, &scopes, &self.origin, path))
    }

    fn unauthorized(
        &self,
        site: &Site,
        entra: Option<&AzureActiveDirectory>,
        url: &Url,
    ) -> Response {
        let scopes = refusal::scopes(site);
        refusal::unauthorized(&self.cloud, entra, scopes.as_deref(), &self.origin, url.path())
    }
}
