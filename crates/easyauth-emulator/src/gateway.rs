//! App Service Authentication: authenticates every request by the site's settings, and forwards it.

mod auth_settings;
mod authenticate;
mod environment;
mod framing;
mod options;
mod principal;
mod proxy;
mod refusal;
mod session;
mod sign_in;
mod state;

use std::{collections::BTreeMap, io, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header::LOCATION};
use reqwest::Url;
use tokio::{net::TcpListener, task::JoinHandle};

pub(crate) use self::auth_settings::{AuthSettings, InvalidSettings};
pub use self::options::{GatewayOptions, RoleForm};
use self::{
    auth_settings::{AzureActiveDirectory, UnauthenticatedClientAction as Action},
    authenticate::Caller,
    proxy::Upstream,
    session::Sessions,
    state::GatewayState,
};
use crate::{Cloud, Site, issuer, listener::ClientAddress};

/// Under which the platform's own addresses are.
const OWN: &str = "/.auth/";

/// A running gateway; it ends when this value is dropped. HTTP/1.1 alone, without upgrades such as `WebSocket`.
#[derive(Debug)]
pub struct Gateway {
    origin: String,
    cloud: Cloud,
    site: String,
    task: JoinHandle<()>,
}

impl Gateway {
    /// Starts on a listener in front of the app at `upstream` (an origin), as the site of that name.
    ///
    /// # Errors
    /// When the listener or the app is not on loopback and other machines are not allowed, or the listener has no origin
    /// ([`ListenerOptions`](crate::ListenerOptions)).
    pub fn serve(
        listener: TcpListener,
        cloud: Cloud,
        site: &str,
        upstream: &str,
    ) -> io::Result<Self> {
        let reached = cloud.options().listener.clone();
        let origin = reached.origin(listener.local_addr()?, reached.app_origin.as_deref())?;
        let upstream = Url::parse(upstream).map_err(io::Error::other)?;
        let host = upstream.host_str().unwrap_or_default();
        let is_loopback = matches!(host, "127.0.0.1" | "[::1]" | "localhost");
        if !(is_loopback || reached.allows_other_machines) || upstream.scheme() != "http" {
            return Err(io::Error::other("the gateway and its app are on loopback alone"));
        }
        let (own_cloud, own_site) = (cloud.clone(), site.to_owned());
        let state = GatewayState {
            access: cloud.options().access.clone().with_origin(&origin),
            issuer: issuer::router(cloud.clone()),
            cloud,
            site: site.to_owned(),
            origin: origin.clone(),
            upstream: Upstream::new(upstream).map_err(io::Error::other)?,
            sessions: Sessions::default(),
        };
        let app = Router::new().fallback(handle).with_state(Arc::new(state));
        let task = reached.serve(listener, app)?;
        Ok(Self { origin, cloud: own_cloud, site: own_site, task })
    }

    /// The origin under which the app is reached.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The site, as it is now; `None` once it was removed from the cloud.
    #[must_use]
    pub fn site(&self) -> Option<Site> {
        self.cloud.sites().iter().find(|site| site.name == self.site).cloned()
    }

    /// The environment variables that the platform gives the app, as the site is now: its settings, and the platform's own.
    #[must_use]
    pub fn environment(&self) -> BTreeMap<String, String> {
        let site = self.site();
        site.map(|site| environment::of_app(&self.cloud, site, &self.origin)).unwrap_or_default()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers a request: by the site's settings as they are now.
async fn handle(
    State(state): State<Arc<GatewayState>>,
    ConnectInfo(client): ConnectInfo<ClientAddress>,
    mut request: Request,
) -> Response {
    if let Some(status) = framing::refusal(&request) {
        return refusal::empty(status);
    }
    if let Some(refusal) = state.refuse_foreign(&request) {
        return refusal;
    }
    let site = state.cloud.sites().iter().find(|site| site.name == state.site).cloned();
    let Some(site) = site else { return StatusCode::NOT_FOUND.into_response() };
    let Ok(settings) = AuthSettings::read(&site.auth_settings) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let url = state.upstream.url(request.uri());
    let headers = request.headers_mut();
    proxy::drop_hop_by_hop(headers);
    proxy::add_forwarded(headers, &client.ip().to_string(), &state.origin);
    if settings.platform.enabled && url.path().starts_with(OWN) {
        // A sign-in that has begun runs to its end, also when its browser has gone: the issuer gives each code once.
        let own = tokio::spawn(async move { state.guard(&site, &settings, url, request).await });
        return own.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    }
    if settings.platform.enabled {
        return state.guard(&site, &settings, url, request).await;
    }
    let options = &state.cloud.options().gateway;
    if options.strips_when_off {
        principal::strip(headers, options);
    }
    state.upstream.forward(url, request).await
}

impl GatewayState {
    /// The refusal of a request that is for another host, or from a page elsewhere. The app may be told to refuse the
    /// latter itself.
    fn refuse_foreign(&self, request: &Request) -> Option<Response> {
        let options = self.cloud.options();
        let own = request.uri().path().starts_with(OWN);
        let is_passed = options.gateway.passes_foreign_origins && !own;
        let headers = request.headers();
        self.access.refuse_host(request).or_else(|| {
            Some(&self.access).filter(|_| !is_passed).and_then(|it| it.refuse_origin(headers))
        })
    }

    /// The platform's order: its own paths, then excluded paths, then authentication.
    async fn guard(
        &self,
        site: &Site,
        settings: &AuthSettings,
        url: Url,
        mut request: Request,
    ) -> Response {
        let options = &self.cloud.options().gateway;
        let excluded = settings.excludes(url.path());
        if !excluded || options.strips_on_excluded_paths {
            principal::strip(request.headers_mut(), options);
        }
        if let Some(entra) = settings.entra()
            && url.path().starts_with(OWN)
        {
            return sign_in::handle(self, settings, entra, &url, request).await;
        }
        if let Some(answer) = self.metadata(site, settings.entra(), &url, request.method()) {
            return answer;
        }
        if excluded {
            return self.upstream.forward(url, request).await;
        }
        match self.admit(site, settings, &url, request.headers_mut()) {
            Ok(()) => self.upstream.forward(url, request).await,
            Err(answer) => *answer,
        }
    }

    /// Adds the caller to the request; or the response to a caller that is not allowed.
    fn admit(
        &self,
        site: &Site,
        settings: &AuthSettings,
        url: &Url,
        headers: &mut HeaderMap,
    ) -> Result<(), Box<Response>> {
        let options = &self.cloud.options().gateway;
        let answer = match self.caller(settings, headers) {
            Caller::Known(claims) => {
                principal::inject(headers, &claims, options);
                return Ok(());
            }
            Caller::SignedIn(session) => {
                principal::inject(headers, &session.claims, options);
                if settings.login.token_store.enabled {
                    session.inject(headers);
                }
                return Ok(());
            }
            Caller::Forbidden => refusal::empty(StatusCode::FORBIDDEN),
            Caller::Stranger => self.unauthorized(site, settings.entra(), url),
            Caller::Nobody => match settings.action() {
                Action::AllowAnonymous => return Ok(()),
                Action::Return401 => self.unauthorized(site, settings.entra(), url),
                Action::Return403 => refusal::empty(StatusCode::FORBIDDEN),
                Action::RedirectToLoginPage => {
                    (StatusCode::FOUND, [(LOCATION, sign_in::login_path(url))]).into_response()
                }
            },
        };
        Err(Box::new(answer))
    }

    /// Checks a bearer token first, then the session cookie.
    fn caller(&self, settings: &AuthSettings, headers: &HeaderMap) -> Caller {
        let Some(entra) = settings.entra() else { return Caller::Nobody };
        match authenticate::bearer(&self.cloud, entra, headers) {
            Caller::Nobody => self.sessions.find(headers).map_or(Caller::Nobody, |session| {
                authenticate::signed_in(&self.cloud.options().gateway, entra, session)
            }),
            found => found,
        }
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
